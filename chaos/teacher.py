"""A client that hands classes in, has them worked on, and now and then stops, pauses, resumes or retries that."""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import aiohttp
import msgspec

from chaos.assignments import Assignment, assignments, portions
from chaos.classroom import COURSE, Classroom, open_classroom
from chaos.client import BOS, FILES, RESULTS, Client, Platform, Refused
from chaos.diary import Diary
from chaos.pupils import Handed, authors, signed
from common_core.enums import CourseCode

RUN_DONE = frozenset({"completed_successfully", "completed_with_failures", "failed", "cancelled"})
RESTS = RUN_DONE | {"ready"}
LOOK = (0.1, 0.3)  # seconds between two looks
HALT = (0.0, 1.0)  # seconds from the beginning of a run to the wish to halt it: what is left of it may be anything
WAIT = (0.2, 2.0)  # seconds for which a teacher lets a paused batch wait, whoever has paused it
PEEK, WAKE = 0.2, 0.5  # how often somebody looks at another's batch; how often a cancelled batch is to go on after all
CHOSEN = 0.5  # how often a retry names the essays
STANDS_IN_THE_WAY = frozenset({"BATCH_PAUSED", "BATCH_CANCELLED", "BATCH_NOT_READY"})  # for a while


Watch = Callable[[str, str], None]
"""Keeps a stream of a user's batch open from now on."""


class Teacher(Client):
    """One client with a name of its own."""

    def __init__(self, name: str, seed: int, platform: Platform, diary: Diary, watch: Watch) -> None:
        super().__init__(name, seed, platform, diary)
        self.asks_as, self._watch = name, watch
        self._seen: tuple[str, str, int] | None = None
        self._paused_since: float | None = None
        self._classroom: Classroom | None = None

    async def teach(self, enough: asyncio.Event, others: list[str], pause: float) -> None:
        """Hand in class after class until it is `enough`; `others` collects every client's batches."""
        for assignment in assignments(self.chance):
            if enough.is_set():
                return
            with suppress(Refused):  # which stands in the diary
                others.append(await self.hand_in(assignment))
            if others and self.chance.random() < PEEK:
                await self.peek(self.chance.choice(others))
            await asyncio.sleep(self.chance.uniform(0, 2 * pause))

    async def hand_in(self, assignment: Assignment) -> str:
        """One batch, from registration to results; or to where it is left to wait."""
        classroom = await self._my_class() if assignment.decide else None
        batch_id = await self._register(assignment, classroom)
        if self.chance.random() < assignment.watched:
            self._watch(self.name, batch_id)
        essays = self._written(batch_id, assignment, classroom)
        with suppress(Refused):  # somebody may have cancelled it meanwhile
            for files in portions(assignment.files(essays, self.chance), self.chance):
                await self._upload(batch_id, files)
        if not assignment.is_whole:
            self.note("left", batch_id, msgspec.to_builtins(assignment))
            return batch_id
        if classroom and assignment.decide:
            await self._halt_early(batch_id, assignment)
            await classroom.decide(batch_id, assignment.decide, authors(essays))
        if await self._may_work(batch_id):
            for pipeline in assignment.pipelines:
                await self._work(batch_id, pipeline, assignment)
        self.note("finished", batch_id, msgspec.to_builtins(assignment))
        return batch_id

    async def _my_class(self) -> Classroom:
        self._classroom = self._classroom or await open_classroom(self, self._see)
        return self._classroom

    async def _register(self, assignment: Assignment, classroom: Classroom | None) -> str:
        course = COURSE if classroom else self.chance.choice((CourseCode.ENG5, CourseCode.SV1))
        body = {"expected_essay_count": assignment.essays, "course_code": course, "user_id": self.name}
        if classroom:
            body["class_id"] = classroom.class_id
        return str((await self.post("register", BOS, "/v1/batches/register", body))["batch_id"])

    def _written(self, batch_id: str, assignment: Assignment, classroom: Classroom | None) -> Sequence[Handed]:
        """The readable essays; whose they are is put down before anybody can know it."""
        blank = assignment.readable(self.chance)
        if classroom is None:
            return blank
        essays = signed(blank, classroom.pupils, self.chance)
        self.note("wrote", batch_id, dict(authors(essays)))
        return essays

    async def _upload(self, batch_id: str, files: Sequence[tuple[str, bytes]]) -> None:
        sent = {"files": [name for name, _ in files]}
        path = "/v1/files/batch"
        await self.post("upload", FILES, path, sent, batch_id, lambda: {"data": _form(batch_id, files)})

    async def _halt_early(self, batch_id: str, assignment: Assignment) -> None:
        """While students are looked for, or a little before or after."""
        if assignment.halt and assignment.early:
            await asyncio.sleep(self.chance.uniform(*HALT))
            await self._wish(assignment.halt, batch_id)

    async def _may_work(self, batch_id: str) -> bool:
        """Whether a pipeline may be asked for, once all is known that there is to know of the batch.

        A cancelled batch of a class is left alone while nobody has said who wrote it.
        """
        status = await self._status_in(batch_id, RESTS)
        matching = status["student_matching"]
        can_wake = matching is None or matching["confirmed_at"] is not None
        is_woken = status["client_status"] == "cancelled" and can_wake and self.chance.random() < WAKE
        return status["client_status"] == "ready" or is_woken

    async def _work(self, batch_id: str, pipeline: str, assignment: Assignment) -> None:
        """One pipeline, with all that is wished for on the way; nothing if the batch takes none."""
        run_id = await self._request(batch_id, pipeline)
        if run_id is None:
            return
        if assignment.halt and not assignment.early:
            await asyncio.sleep(self.chance.uniform(*HALT))
            await self._wish(assignment.halt, batch_id)
        run = await self._run_ended(batch_id, run_id)
        if run and assignment.retries and (failed := _failed(run, "spellcheck")):
            await self._retry(batch_id, failed)

    async def _request(self, batch_id: str, pipeline: str) -> str | None:
        """Start this; again where something is in the way that passes. None if it never will."""
        body = {"requested_pipeline": pipeline}
        while True:
            try:
                answer = await self.post("request", BOS, f"/v1/batches/{batch_id}/pipelines", body, batch_id)
                return str(answer["run_id"])
            except Refused as refused:
                if refused.code not in STANDS_IN_THE_WAY:
                    return None
                await self._see(batch_id)
                await asyncio.sleep(self.chance.uniform(*LOOK))

    async def _retry(self, batch_id: str, failed: list[str]) -> None:
        """Have them tried again: all that failed, or those that are named."""
        chosen = self.chance.random() < CHOSEN
        body = {"essay_ids": failed[: (len(failed) + 1) // 2]} if chosen else {}
        run_id = (await self._wish("retry", batch_id, "phases/spellcheck/retry", body)).get("run_id")
        if run_id is not None:
            await self._run_ended(batch_id, str(run_id))

    async def _wish(
        self, what: str, batch_id: str, path: str = "", body: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """Ask for this; the batch may have come to where it takes it no longer, and then the answer is empty."""
        body = {"reason": f"{self.name} has changed their mind"} | (body or {})
        with suppress(Refused):
            return await self.post(what, BOS, f"/v1/batches/{batch_id}/{path or what}", body, batch_id)
        return {}

    async def _run_ended(self, batch_id: str, run_id: str) -> dict[str, Any] | None:
        """The run, once it has ended and its results are there; None if the batch was cancelled before it began."""
        while not (run := _run(status := await self._see(batch_id), run_id)) or not run["ended_at"]:
            if run is None and (status["next_run"] or {}).get("run_id") != run_id:
                return None
            await asyncio.sleep(self.chance.uniform(*LOOK))
        while (await self.look(RESULTS, f"/v1/batches/{batch_id}/results", batch_id))["client_status"] not in RUN_DONE:
            await asyncio.sleep(self.chance.uniform(*LOOK))
        return run

    async def _status_in(self, batch_id: str, wanted: frozenset[str]) -> dict[str, Any]:
        while True:
            status = await self._see(batch_id)
            if status["client_status"] in wanted and status["paused"] is None:
                return status
            await asyncio.sleep(self.chance.uniform(*LOOK))

    async def _see(self, batch_id: str) -> dict[str, Any]:
        """Where the batch stands; put down whenever that is news."""
        status = await self.look(BOS, f"/v1/batches/{batch_id}/status", batch_id)
        seen = (batch_id, status["status"], len(status["runs"]))
        if seen != self._seen:
            self._seen = seen
            self.note("saw", batch_id, {"status": seen[1], "runs": seen[2]})
        await self._resume_after_a_while(batch_id, is_paused=status["paused"] is not None)
        return status

    async def _resume_after_a_while(self, batch_id: str, *, is_paused: bool) -> None:
        """Whoever has paused it."""
        now = time.time()
        if not is_paused:
            self._paused_since = None
        elif self._paused_since is None:
            self._paused_since = now
        elif now - self._paused_since > self.chance.uniform(*WAIT):
            await self._wish("resume", batch_id)


def _run(status: dict[str, Any], run_id: str) -> dict[str, Any] | None:
    """None if it has not begun: it may wait until it is known who wrote the essays."""
    return next((each for each in status["runs"] if each["run_id"] == run_id), None)


def _failed(run: dict[str, Any], phase: str) -> list[str]:
    """The essays that the run ended without in this phase."""
    return [each["essay_id"] for found in run["phases"] if found["name"] == phase for each in found["failed_essays"]]


def _form(batch_id: str, files: Sequence[tuple[str, bytes]]) -> aiohttp.FormData:
    form = aiohttp.FormData(quote_fields=False)
    form.add_field("batch_id", batch_id)
    for name, content in files:
        form.add_field("files", content, filename=name, content_type="application/octet-stream")
    return form
