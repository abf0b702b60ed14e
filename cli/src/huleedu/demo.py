"""`huleedu demo` and `huleedu run`: essays from files to a table of results."""

import json
import shlex
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from rich.console import Console

from common_core.enums import CourseCode
from huleedu.addresses import known_addresses
from huleedu.api import Api, Json, running_api
from huleedu.job import JobFailed, do_job, essays_in, left_alone, whole_results
from huleedu.logs import logging_to_file
from huleedu.places import checkout_dir, own_command
from huleedu.show import LANGUAGES, bars, other_language, show_results
from huleedu.up import platform_up

SAMPLES = (("english-class", CourseCode.ENG5), ("swedish-class", CourseCode.SV1))
COURSE_OF_LANGUAGE = {"en": CourseCode.ENG5, "sv": CourseCode.SV1}


async def run_demo(
    console: Console, data_dir: Path, folder: Path | None, course: CourseCode | None, pipeline: str
) -> None:
    """On the platform that is up, or on one of its own while it lasts."""
    jobs = _sample_jobs() if folder is None else [(folder, _course(console, course))]
    for path, _ in jobs:
        essays_in(path)
    async with _some_platform(console, data_dir) as (api, addresses):
        for path, code in jobs:
            await _one(console, api, path, code, pipeline)
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


async def _one(console: Console, api: Api, folder: Path, course: CourseCode, pipeline: str) -> Json:
    console.print(f"\n{folder} as {course}:")
    if others := left_alone(folder):
        console.print(f"Left alone, as they are not files: {', '.join(others)}.", style="yellow")
    with bars(console) as watch:
        batch_id = await do_job(api, folder, course, pipeline, watch, lambda made: console.print(f"Batch {made}"))
    results = await whole_results(api, batch_id)
    show_results(console, results)
    language = other_language(results)
    if language is not None:
        again = f"{own_command()} demo {shlex.quote(str(folder))} --course {COURSE_OF_LANGUAGE[language]}"
        console.print(f"These essays look {LANGUAGES[language]}. To have them read as such: {again}", style="yellow")
    return results


async def run_folder(
    console: Console, data_dir: Path, folder: Path, course: CourseCode | None, pipeline: str, as_json: bool
) -> None:
    """`huleedu run`: on the platform that is up."""
    async with running_api(data_dir) as api:
        if not as_json:
            await _one(console, api, folder, _course(console, course), pipeline)
            return
        batch_id = await do_job(api, folder, course or CourseCode.ENG5, pipeline, lambda _: None)
        console.print_json(json.dumps(await whole_results(api, batch_id)))
