"""`huleedu up`: the whole platform in this process."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from rich.console import Console

from huleedu import run_file
from huleedu.composition import compose
from huleedu.foreground import until_stopped
from huleedu.kept_database import database_if_needed
from huleedu.logs import logging_to_stdout
from huleedu.platform import Up, running
from huleedu.prepare import prepare
from huleedu.run_file import RunningPlatform
from huleedu.services import definitions


class AlreadyUp(Exception):
    """The platform is up already."""


@asynccontextmanager
async def platform_up(console: Console, data_dir: Path) -> AsyncIterator[Up]:
    """All services, up in this process, with the note for commands left behind while they are."""
    if (other := run_file.read(data_dir)) is not None:
        raise AlreadyUp(f"HuleEdu is up already: process {other.pid}, data in {data_dir}.")
    composition = compose(definitions())
    await prepare(console, data_dir)
    async with database_if_needed(composition, data_dir) as embedded, running(composition, data_dir, embedded) as up:
        run_file.write(data_dir, RunningPlatform(os.getpid(), next(iter(up.databases.values())), up.addresses))
        try:
            yield up
        finally:
            run_file.remove(data_dir)


async def keep_up(console: Console, data_dir: Path) -> None:
    """`huleedu up`: until SIGINT or SIGTERM."""
    data_dir.mkdir(parents=True, exist_ok=True)
    with logging_to_stdout():
        await until_stopped(platform_up(console, data_dir), console, data_dir)
