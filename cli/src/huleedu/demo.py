"""`huleedu demo` and `huleedu run`: essays from files to a table of results."""

import json
import shlex
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
from rich.console import Console

from common_core.enums import CourseCode
from huleedu.addresses import known_addresses
from huleedu.api import Api, Json, running_api
from huleedu.classes import class_of
from huleedu.confirm import confirm_students
from huleedu.job import JobFailed, do_job, essays_in, hand_in, left_alone, process, waits_for, whole_results
from huleedu.logs import logging_to_file
from huleedu.places import checkout_dir, own_command
from huleedu.screen import screen
from huleedu.show import LANGUAGES, bars, other_language, show_results
from huleedu.up import platform_up

SAMPLES = (("english-class", CourseCode.ENG5), ("swedish-class", CourseCode.SV1))
COURSE_OF_LANGUAGE = {"en": CourseCode.ENG5, "sv": CourseCode.SV1}


class OfClass(msgspec.Struct, frozen=True):
    """The essays are a class's: who is in it, and whether suggestions of who wrote what are taken without asking."""

    roster: Path
    yes: bool


async def run_demo(
    console: Console,
    data_dir: Path,
    folder: Path | None,
    course: CourseCode | None,
    pipeline: str,
    of_class: OfClass | None = None,
) -> None:
    """On the platform that is up, or on one of its own while it lasts."""
    samples = _sample_jobs()[: 1 if of_class else None] if folder is None else ()
    jobs = samples if folder is None else [(folder, _course(console, course))]
    for path, _ in jobs:
        essays_in(path)
    async with _some_platform(console, data_dir) as (api, addresses):
        for path, code in jobs:
            await _one(console, api, path, code, pipeline, of_class)
        console.print(f"\nThe data is in {data_dir}.")
    if not known_addresses(data_dir):
        console.print(f"The platform has stopped again; `{own_command()} up` keeps it running. Its APIs are then at:")
    for name, address in addresses.items():
        console.print(f"  {name:<28} {address}/docs")
    console.print(f"and `{own_command()} results BATCH --export class.xlsx` writes the results to a file.")


def _sample_jobs() -> Sequence[tuple[Path, CourseCode]]:
    checkout = checkout_dir()
    if checkout is None:
        raise JobFailed(
            "The sample classes come with the source code only. Name a folder of essays: huleedu demo FOLDER"
        )
    return [(checkout / "examples" / name, code) for name, code in SAMPLES]


def _course(console: Console, course: CourseCode | None) -> CourseCode:
    if course is None:
        console.print("No --course given: taking it for ENG5, English.")
    return course or CourseCode.ENG5


@asynccontextmanager
async def _some_platform(console: Console, data_dir: Path) -> AsyncIterator[tuple[Api, dict[str, str]]]:
    if known := known_addresses(data_dir):
        console.print("Using the platform that is up.")
        async with Api(known) as api:
            yield api, known
        return
    console.print("Starting the platform: a database and nine services in this process.")
    data_dir.mkdir(parents=True, exist_ok=True)
    with logging_to_file(data_dir) as log:
        console.print(f"Its log is {log}.")
        async with platform_up(console, data_dir) as up, Api(up.addresses) as api:
            yield api, up.addresses


async def _one(
    console: Console, api: Api, folder: Path, course: CourseCode, pipeline: str, of_class: OfClass | None
) -> Json:
    console.print(f"\n{folder} as {course}:")
    if others := left_alone(folder):
        console.print(f"Left alone, as they are not files: {', '.join(others)}.", style="yellow")
    if of_class is None:
        with bars(console) as watch:
            batch_id = await do_job(api, folder, course, pipeline, watch, lambda made: console.print(f"Batch {made}"))
    else:
        batch_id = await _class_job(console, api, folder, course, pipeline, of_class)
    results = await whole_results(api, batch_id)
    show_results(console, results)
    language = other_language(results)
    if language is not None:
        again = f"{own_command()} demo {shlex.quote(str(folder))} --course {COURSE_OF_LANGUAGE[language]}"
        console.print(f"These essays look {LANGUAGES[language]}. To have them read as such: {again}", style="yellow")
    return results


async def _class_job(
    console: Console, api: Api, folder: Path, course: CourseCode, pipeline: str, of_class: OfClass
) -> str:
    """The folder through the pipeline, with the class made before and its students confirmed in between."""
    class_id = await class_of(api, of_class.roster, course)
    with bars(console) as watch:
        batch_id = await hand_in(
            api, folder, course, pipeline, watch, lambda made: console.print(f"Batch {made}"), class_id
        )
    if await waits_for(api, batch_id, "teacher_confirmation", "pipeline_request") == "teacher_confirmation":
        await confirm_students(console, api, batch_id, yes=of_class.yes)
        await waits_for(api, batch_id, "pipeline_request")
    with bars(console) as watch:
        await process(api, batch_id, pipeline, watch)
    return batch_id


async def run_folder(
    console: Console,
    data_dir: Path,
    folder: Path,
    course: CourseCode | None,
    pipeline: str,
    as_json: bool,
    of_class: OfClass | None = None,
) -> None:
    """`huleedu run`: on the platform that is up."""
    async with running_api(data_dir) as api:
        if not as_json:
            await _one(console, api, folder, _course(console, course), pipeline, of_class)
            return
        code = course or CourseCode.ENG5
        if of_class is None:
            batch_id = await do_job(api, folder, code, pipeline, lambda _: None)
        else:
            batch_id = await _class_job(screen(stderr=True), api, folder, code, pipeline, of_class)
        console.print_json(json.dumps(await whole_results(api, batch_id)))
