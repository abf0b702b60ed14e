"""Class management, as the command line uses it: a class out of a roster, and who wrote what."""

import asyncio
from http import HTTPStatus
from pathlib import Path

import aiohttp

from common_core.enums import CourseCode
from huleedu.api import Api, Json, Refused, sent_as
from huleedu.job import LOOK_SECONDS, JobFailed

SERVICE = "class_management_service"


async def class_of(api: Api, roster: Path, course: CourseCode) -> str:
    """A new class, named after the file, with its students; its id. Raises JobFailed that names every faulty row."""
    made = await api.post(SERVICE, "/v1/classes/", {"name": roster.stem, "course_codes": [course]})
    class_id = str(made["class_id"])
    try:
        await _import(api, class_id, roster)
    except Refused as refused:
        await api.delete(SERVICE, f"/v1/classes/{class_id}")
        rows = "".join(f"\n{each['detail']}" for each in refused.errors)
        raise JobFailed(f"{roster} is no roster to go by: {refused}{rows}") from refused
    return class_id


async def _import(api: Api, class_id: str, roster: Path) -> None:
    def form() -> aiohttp.FormData:
        made = aiohttp.FormData(quote_fields=False)
        made.add_field("file", roster.read_bytes(), filename=sent_as(roster), content_type="application/octet-stream")
        return made

    await api.post_form(SERVICE, f"/v1/classes/{class_id}/roster/import", form)


async def students_of(api: Api, class_id: str) -> list[Json]:
    """Who is in the class."""
    roster = await api.get(SERVICE, f"/v1/classes/{class_id}/roster")
    students: list[Json] = roster["students"]
    return students


async def associations_of(api: Api, batch_id: str) -> Json:
    """What is suggested and decided; waits until class management has heard of it."""
    while True:
        try:
            return await api.get(SERVICE, f"/v1/batches/{batch_id}/student-associations")
        except Refused as refused:
            if refused.status != HTTPStatus.NOT_FOUND:
                raise
        await asyncio.sleep(LOOK_SECONDS)


async def decide(api: Api, batch_id: str, wanted: Json) -> Json:
    """Say who wrote what. Raises Refused."""
    return await api.post(SERVICE, f"/v1/batches/{batch_id}/student-associations", wanted)
