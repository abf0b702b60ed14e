"""Keeping the platform, or some services of it, running until it is told to stop."""

import asyncio
import itertools
import os
import signal
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from pathlib import Path

from rich.console import Console

from huleedu import run_file
from huleedu.composition import Composition, compose
from huleedu.logs import logging_to_stdout
from huleedu.platform import Up, embedded_database, running
from huleedu.prepare import prepare
from huleedu.run_file import RunningPlatform
from huleedu.servers import place
from huleedu.services import definitions
from huleedu_service_libs.embedded_postgres import EmbeddedPostgres, EmbeddedPostgresError
from huleedu_service_libs.logging_utils import create_service_logger
from huleedu_service_libs.runtime.blame import pause
from huleedu_service_libs.runtime.database_event_bus import WrongBus

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
    composition = compose(definitions())
    await prepare(console, data_dir)
    async with _database_if_needed(composition, data_dir) as embedded, running(composition, data_dir, embedded) as up:
        run_file.write(data_dir, RunningPlatform(os.getpid(), next(iter(up.databases.values())), up.addresses))
        try:
            yield up
        finally:
            run_file.remove(data_dir)


@asynccontextmanager
async def _services_up(names: Sequence[str], data_dir: Path) -> AsyncIterator[Up]:
    """Some services, beside whatever runs already; they take their groups over at once."""
    composition = compose(list(dict.fromkeys(definitions(names))))
    async with (
        _database_if_needed(composition, data_dir) as embedded,
        running(composition, data_dir, embedded, take_over=True) as up,
    ):
        yield up


@asynccontextmanager
async def _database_if_needed(composition: Composition, data_dir: Path) -> AsyncIterator[str | None]:
    """The embedded database, kept alive; None where servers hold all data."""
    if not composition.needs_embedded:
        yield None
        return
    async with embedded_database(data_dir) as (postgres, dsn), kept_alive(postgres):
        yield dsn


async def keep_up(console: Console, data_dir: Path) -> None:
    """`huleedu up`: until SIGINT or SIGTERM."""
    data_dir.mkdir(parents=True, exist_ok=True)
    with logging_to_stdout():
        await _until_stopped(platform_up(console, data_dir), console, data_dir)


async def keep_serving(console: Console, data_dir: Path, names: Sequence[str]) -> None:
    """`huleedu serve NAME...`: these services alone, until SIGINT or SIGTERM."""
    data_dir.mkdir(parents=True, exist_ok=True)
    with logging_to_stdout():
        await _until_stopped(_services_up(names, data_dir), console, data_dir)


async def _until_stopped(platform: AbstractAsyncContextManager[Up], console: Console, data_dir: Path) -> None:
    """A start that still waits for something is broken off; what is up is taken down in good order."""
    stop, own_task = asyncio.Event(), asyncio.current_task()
    assert own_task is not None
    _on_signal(own_task.cancel)
    with suppress(asyncio.CancelledError):
        async with platform as up:
            _on_signal(stop.set)
            announce(console, up, data_dir)
            await _first_of(stop, up)
            console.print("Stopping: open requests are answered, running work is put back.")


def _on_signal(act: Callable[[], object]) -> None:
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(sign, act)


async def _first_of(stop: asyncio.Event, up: Up) -> None:
    stopped = asyncio.create_task(stop.wait())
    await asyncio.wait({stopped, up.reading}, return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    if up.reading.done():
        error = up.reading.exception()
        raise _wrong_bus(error) or BusFailed from error


def _wrong_bus(error: BaseException | None) -> BaseException | None:
    """It says what to do; whatever else ends a bus is a fault of ours."""
    if isinstance(error, BaseExceptionGroup):
        return next(filter(None, map(_wrong_bus, error.exceptions)), None)
    return error if isinstance(error, WrongBus) else None


def announce(console: Console, up: Up, data_dir: Path) -> None:
    """Say where everything is."""
    for name in up.services:
        address = up.addresses[name]
        taken = f"  (port {up.moved[name]} was taken)" if name in up.moved else ""
        console.print(f"  {name:<28} {address}  docs at {address}/docs{taken}")
    for dsn in dict.fromkeys(up.databases.values()):
        console.print(f"  database {place(dsn)}")
    console.print(f"Data is in {data_dir}. Stop with Ctrl-C.")


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
