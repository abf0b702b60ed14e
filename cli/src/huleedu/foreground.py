"""Keeping services running in a terminal or under a supervisor, until they are told to stop."""

import asyncio
import signal
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, suppress
from pathlib import Path

from rich.console import Console

from huleedu.platform import Up
from huleedu.servers import place
from huleedu_service_libs.runtime.database_event_bus import WrongBus


class BusFailed(Exception):
    """The event bus has ended; see the log above."""


async def until_stopped(platform: AbstractAsyncContextManager[Up], console: Console, data_dir: Path) -> None:
    """A start that still waits for something is broken off; what is up is taken down in good order."""
    stop, own_task = asyncio.Event(), asyncio.current_task()
    assert own_task is not None
    _on_signal(own_task.cancel)
    with suppress(asyncio.CancelledError):
        async with platform as up:
            _on_signal(stop.set)
            _announce(console, up, data_dir)
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


def _announce(console: Console, up: Up, data_dir: Path) -> None:
    """Say where everything is."""
    for name in up.services:
        address = up.addresses[name]
        taken = f"  (port {up.moved[name]} was taken)" if name in up.moved else ""
        console.print(f"  {name:<28} {address}  docs at {address}/docs{taken}")
    for dsn in dict.fromkeys(up.databases.values()):
        console.print(f"  database {place(dsn)}")
    console.print(f"Data is in {data_dir}. Stop with Ctrl-C.")
