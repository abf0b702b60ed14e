"""A teacher's class: made in class management, and asked there who wrote which essay."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Literal, get_args

import aiohttp

from chaos.client import BOS, CLASSES, Client, Refused
from chaos.pupils import pupils, roster
from common_core.enums import CourseCode

COURSE = CourseCode.ENG5
LOOK = (0.1, 0.4)  # seconds between two looks for suggestions
THINK = (0.0, 2.0)  # seconds from the suggestions to the decision, and from it to a correction
IMPATIENT, CORRECTS = 0.3, 0.4  # how often a teacher asks for a pipeline first of all, and has something to correct
SURE = 0.8  # the least that some teachers take matching's word for

Way = Literal["all", "named", "sure", "nothing"]
"""How a teacher decides: all at once as suggested, each by name, only what matching is sure of, or not at all."""

WAYS: tuple[Way, ...] = get_args(Way)


See = Callable[[str], Awaitable[dict[str, Any]]]
"""Looks where a batch stands, and does what is called for there."""


class Classroom:
    """One class; `teacher` is who asks."""

    def __init__(self, teacher: Client, see: See, class_id: str, students: Mapping[str, str]) -> None:
        """`students` are ids by name."""
        self._teacher, self._see, self._students = teacher, see, students
        self.class_id = class_id

    @property
    def pupils(self) -> Sequence[str]:
        """Their names."""
        return list(self._students)

    async def decide(self, batch_id: str, way: Way, authors: Mapping[str, str]) -> None:
        """Say who wrote what, `authors` being the pupils by file; whether anybody waits for it is not asked."""
        found = await self._suggested(batch_id)
        if found is None:
            return
        chance = self._teacher.chance
        if chance.random() < IMPATIENT:
            await self._try_without(batch_id)
        await asyncio.sleep(chance.uniform(*THINK))
        if way != "nothing":
            await self._say(batch_id, self._decision(way, found, authors))
        if chance.random() < CORRECTS:
            await asyncio.sleep(chance.uniform(*THINK))
            essay = chance.choice(found["associations"])
            await self._say(batch_id, {"associations": [{"essay_id": essay["essay_id"], "student_id": None}]})

    async def _suggested(self, batch_id: str) -> dict[str, Any] | None:
        """What matching suggests; None if there is nothing to wait for."""
        path = f"/v1/batches/{batch_id}/student-associations"
        while True:
            found = await self._teacher.glance(CLASSES, path, batch_id)
            if found is not None:
                return found
            if (await self._see(batch_id))["client_status"] in ("cancelled", "failed"):
                return None
            await asyncio.sleep(self._teacher.chance.uniform(*LOOK))

    async def _try_without(self, batch_id: str) -> None:
        """Ask for work on essays of which nobody has said who wrote them."""
        with suppress(Refused):
            body = {"requested_pipeline": "spellcheck"}
            await self._teacher.post("request", BOS, f"/v1/batches/{batch_id}/pipelines", body, batch_id)

    def _decision(self, way: Way, found: Mapping[str, Any], authors: Mapping[str, str]) -> dict[str, Any]:
        if way == "all":
            return {"accept_suggestions": True, "finish": True}
        if way == "sure":
            return {"accept_suggestions": True, "at_least": SURE}
        choices = [
            {"essay_id": each["essay_id"], "student_id": self._students[authors[each["filename"]]]}
            for each in found["associations"]
        ]
        return {"associations": choices, "version": found["version"]}

    async def _say(self, batch_id: str, decision: dict[str, Any]) -> None:
        """Somebody, or the clock, may have been quicker."""
        with suppress(Refused):
            path = f"/v1/batches/{batch_id}/student-associations"
            await self._teacher.post("confirm", CLASSES, path, decision, batch_id)


async def open_classroom(teacher: Client, see: See) -> Classroom:
    """A new class of this teacher's, with its pupils."""
    body = {"name": f"class of {teacher.name}", "course_codes": [COURSE]}
    class_id = str((await teacher.post("class", CLASSES, "/v1/classes/", body))["class_id"])
    names = pupils(teacher.chance)
    path = f"/v1/classes/{class_id}/roster"
    content = {"pupils": list(names)}
    await teacher.post("roster", CLASSES, f"{path}/import", content, content=lambda: {"data": _form(names)})
    listed = (await teacher.look(CLASSES, path, ""))["students"]
    return Classroom(teacher, see, class_id, {each["full_legal_name"]: each["student_id"] for each in listed})


def _form(names: Sequence[str]) -> aiohttp.FormData:
    form = aiohttp.FormData(quote_fields=False)
    form.add_field("file", roster(names), filename="class.csv", content_type="application/octet-stream")
    return form
