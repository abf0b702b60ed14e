"""Keeping the platform, or one service of it, running until it is told to stop."""

import asyncio
import itertools
import os
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from rich.console import Console

from huleedu import run_file
from huleedu.logs import logging_to_stdout
from huleedu.platform import Up, embedded_database, migrate, running
from huleedu.prepare import prepare
from huleedu.run_file import RunningPlatform
from huleedu.services import definition, definitions
from huleedu_service_libs.embedded_postgres import EmbeddedPostgres, EmbeddedPostgresError
from huleedu_service_libs.logging_utils import create_service_logger
from huleedu_service_libs.runtime.blame import pause

_logger = create_service_logger("huleedu", "database")


class AlreadyUp(Exception):
    """The platform is up already."""


class BusFailed(Exception):
    """The event bus has ended; see the log above."""


@asynccontextmanager
async def platform_up(console: Console, data_dir: Path) -> AsyncIterator[Up]:
    """All services, up in this process, with the note for commands left behind while they are."""
    if (other := run_file.read(data_dir)) is not None:
        raise AlreadyUp(f"HuleEdu is up already: process {other.pid}, data in {data_dir}.")
    services = definitions()
    await prepare(console, data_dir)
    async with embedded_database(data_dir) as (postgres, dsn), kept_alive(postgres):
        await migrate(dsn, services)
        async with running(services, data_dir, dsn) as up:
            run_file.write(data_dir, RunningPlatform(os.getpid(), dsn, up.addresses))
            try:
                yield up
            finally:
                run_file.remove(data_dir)


async def keep_up(console: Console, data_dir: Path) -> None:
    """`huleedu up`: until SIGINT or SIGTERM."""
    data_dir.mkdir(parents=True, exist_ok=True)
    with logging_to_stdout():
        await _keep_up(console, data_dir)


async def _keep_up(console: Console, data_dir: Path) -> None:
    async with platform_up(console, data_dir) as up:
        announce(console, up, data_dir)
        await _until_stopped(up)
        console.print("Stopping: open requests are answered, running work is put back.")


async def serve_one(console: Console, data_dir: Path, name: str) -> None:
    """`huleedu serve NAME`: one service beside whatever runs already; it takes its groups over at once."""
    service = definition(name)
    data_dir.mkdir(parents=True, exist_ok=True)
    with logging_to_stdout():
        async with embedded_database(data_dir) as (postgres, dsn), kept_alive(postgres):
            await migrate(dsn, [service])
            async with running([service], data_dir, dsn, take_over=True) as up:
                announce(console, up, data_dir, [service.name])
                await _until_stopped(up)


def announce(console: Console, up: Up, data_dir: Path, names: Sequence[str] | None = None) -> None:
    """Say where everything is."""
    for name in names or up.addresses:
        taken = f"  (port {up.moved[name]} was taken)" if name in up.moved else ""
        console.print(f"  {name:<28} {up.addresses[name]}  docs at {up.addresses[name]}/docs{taken}")
    console.print(f"Data is in {data_dir}. Stop with Ctrl-C.")


async def _until_stopped(up: Up) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(sign, stop.set)
    stopped = asyncio.create_task(stop.wait())
    await asyncio.wait({stopped, up.reading}, return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    if up.reading.done():
        raise BusFailed from up.reading.exception()


@asynccontextmanager
async def kept_alive(postgres: EmbeddedPostgres) -> AsyncIterator[None]:
    """Start the database again should the process that ran it die: the first survivor to notice does it."""
    keeping = asyncio.create_task(_keep(postgres), name="database")
    try:
        yield
    finally:
        keeping.cancel()


async def _keep(postgres: EmbeddedPostgres) -> None:
    while True:
        await postgres.watch()
        await _start_again(postgres)


async def _start_again(postgres: EmbeddedPostgres) -> None:
    """As often as it takes: there may be no room on the disk just now."""
    for tries in itertools.count(1):
        try:
            await asyncio.to_thread(postgres.start)
        except (EmbeddedPostgresError, OSError) as error:
            _logger.error("the database is gone and does not start", reason=str(error), tries=tries)
            await asyncio.sleep(pause(tries))
        else:
            _logger.warning("the database was gone and runs again", tries=tries)
            return
