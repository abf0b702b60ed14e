"""The main job: a folder of essays goes in, is processed, and its results are waited for."""

import asyncio
import os
from collections.abc import Callable, Sequence
from contextlib import aclosing, suppress
from pathlib import Path

import aiohttp
import msgspec
from file_service.domain.file_names import is_kept_by_the_computer

from common_core.enums import CourseCode
from huleedu.api import Api, Json, Refused, sent_as
from huleedu.streams import watched
from huleedu_service_libs.event_streams.reading import StreamedEvent

LOOK_SECONDS = 0.2  # between two looks at what no stream tells
UPLOAD_FILES = 25  # in one request

DONE = frozenset({"completed_successfully", "completed_with_failures", "failed", "cancelled"})
RESTS = DONE | {"ready"}  # waits for its client alone


class JobFailed(Exception):
    """The batch ended without results."""


class Step(msgspec.Struct, frozen=True):
    """How far one part of the job is, in essays."""

    name: str
    done: int
    failed: int
    total: int


Watch = Callable[[Sequence[Step]], None]


def essays_in(folder: Path) -> list[Path]:
    """The files to hand in, by name; folders and what a computer keeps for itself are not. Raises JobFailed."""
    files = [path for path in folder.iterdir() if path.is_file() and not is_kept_by_the_computer(sent_as(path))]
    if not files:
        raise JobFailed(f"There are no files in {folder}.{_but(left_alone(folder))}")
    unreadable = [path.name for path in files if not os.access(path, os.R_OK)]
    if unreadable:
        raise JobFailed(f"You may not read {', '.join(unreadable)} in {folder}.")
    return sorted(files)


def left_alone(folder: Path) -> list[str]:
    """What a teacher may take for handed in, though it is not: folders, and links to files that are gone."""
    others = (path.name for path in folder.iterdir() if not path.is_file())
    return sorted(name for name in others if not is_kept_by_the_computer(name))


def _but(others: Sequence[str]) -> str:
    return f" What is there is not a file: {', '.join(others)}." if others else ""


async def do_job(
    api: Api,
    folder: Path,
    course: CourseCode,
    pipeline: str,
    watch: Watch,
    registered: Callable[[str], object] = lambda _: None,
) -> str:
    """Take the folder through the pipeline; the batch's id, told to `registered` as soon as there is one.

    Raises JobFailed when no essay could be used.
    """
    batch_id = await hand_in(api, folder, course, pipeline, watch, registered)
    await process(api, batch_id, pipeline, watch)
    return batch_id


async def hand_in(
    api: Api,
    folder: Path,
    course: CourseCode,
    pipeline: str,
    watch: Watch,
    registered: Callable[[str], object] = lambda _: None,
    class_id: str | None = None,
) -> str:
    """The batch's id, once all texts are there. Raises JobFailed, at once if there is no such pipeline."""
    files = essays_in(folder)
    if pipeline not in (known := await api.pipelines()):
        raise JobFailed(f"There is no pipeline {pipeline}; there are {', '.join(known)}.")
    batch_id = await api.register(len(files), course, class_id)
    registered(batch_id)
    for start in range(0, len(files), UPLOAD_FILES):
        await api.upload(batch_id, files[start : start + UPLOAD_FILES])
    await _content_in(api, batch_id, len(files), watch)
    return batch_id


async def process(api: Api, batch_id: str, pipeline: str, watch: Watch) -> None:
    """Have it taken through the pipeline, and wait for that."""
    await api.request_pipeline(batch_id, pipeline)
    await follow(api, batch_id, watch)


async def waits_for(api: Api, batch_id: str, *wanted: str) -> str:
    """What the batch waits for, once that is one of these. Raises JobFailed if it has ended."""
    async with aclosing(watched(api, batch_id)) as seen:
        async for each in seen:
            for wait in each.status["waiting_for"]:
                if wait["what"] in wanted:
                    return str(wait["what"])
            if each.status["client_status"] in DONE:
                raise JobFailed(f"The batch has ended: it is {each.status['status']}.")
    raise AssertionError("a stream has no end")


async def _content_in(api: Api, batch_id: str, files: int, watch: Watch) -> None:
    looking = asyncio.create_task(_look_at_content(api, batch_id, files, watch))
    try:
        status = await _closed(api, batch_id)
    finally:
        looking.cancel()
    if status["client_status"] == "failed":
        raise JobFailed(f"No file could be used.{_reasons(status)}")
    watch([_content_step(status)])


async def _closed(api: Api, batch_id: str) -> Json:
    """The status once no more content is waited for."""
    async with aclosing(watched(api, batch_id)) as seen:
        async for each in seen:
            if each.status["client_status"] != "pending_content":
                return each.status
    raise AssertionError("a stream has no end")


async def _look_at_content(api: Api, batch_id: str, files: int, watch: Watch) -> None:
    """How many texts ELS has, which BOS is only told once all are there; for the bar alone."""
    with suppress(Refused, aiohttp.ClientError):
        while True:
            watch([Step("content", await api.essays_received(batch_id), 0, files)])
            await asyncio.sleep(LOOK_SECONDS)


async def follow(api: Api, batch_id: str, watch: Watch, heard: Callable[[StreamedEvent], object] | None = None) -> Json:
    """Watch the batch until nothing runs any more; its last status. `heard` is told every event."""
    async with aclosing(watched(api, batch_id)) as seen:
        async for each in seen:
            watch(steps(each.status))
            if heard is not None:
                heard(each.event)
            if each.status["client_status"] in RESTS:
                return each.status
    raise AssertionError("a stream has no end")


async def whole_results(api: Api, batch_id: str) -> Json:
    """The results, once the aggregator has heard of the end."""
    while True:
        results = await api.results(batch_id)
        if results["client_status"] in DONE:
            return results
        await asyncio.sleep(LOOK_SECONDS)


def steps(status: Json) -> list[Step]:
    """The parts of the job as a status tells them."""
    phases = status["progress"]["phases"]
    return [
        _content_step(status),
        *(Step(phase["phase"], phase["succeeded"], phase["failed"], phase["total"]) for phase in phases),
    ]


def _content_step(status: Json) -> Step:
    content = status["progress"]["content"]
    return Step("content", content["provisioned"], content["failed"], content["expected"])


def _reasons(status: Json) -> str:
    return "".join(f"\n{failure['file_name']}: {failure['message']}" for failure in status["failures"])
