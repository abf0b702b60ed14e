"""Kafka's clients on their way out: one whose end is cut short leaves its connections and tasks behind."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress


class Farewells:
    """Lets clients end in their own time, which may be until the brokers are back."""

    def __init__(self) -> None:
        self._under_way: set[asyncio.Task[None]] = set()

    def begin(self, end: Callable[[], Awaitable[None]]) -> None:
        """Have a client end; nobody waits for it."""
        task = asyncio.create_task(_quietly(end))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def finish(self, seconds: float) -> None:
        """Wait for those under way, for so long at most; the process ends then, and they with it."""
        tasks = set(self._under_way)
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=seconds)
            for task in late:
                task.cancel()


async def _quietly(end: Callable[[], Awaitable[None]]) -> None:
    with suppress(Exception):  # who is leaving has no use for an error any more
        await end()
