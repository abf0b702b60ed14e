"""For tests of a service on a real log: the rest of the platform, as a test plays it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from common_core.message import Envelope, M, Message
from common_core.messages.control import BatchRunCancelledV1
from huleedu_service_libs.runtime import Cause, Database, Group, GroupCommit, current_unit, on_run
from huleedu_service_libs.runtime.postgres_event_bus import PostgresEventBus

T = TypeVar("T")

CAUSE = Cause("00000000-0000-4000-8000-000000000001", {"user_id": "teacher"})
LISTENER = "listener"
_WAITING = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
_HAS_READ = """select not exists (select from runtime.log where first + n > at and topic = any($2::text[]))
  from runtime.cursor where grp = $1"""


class NoPool:
    """For a service that computes nothing elsewhere."""

    async def run(self, function: Callable[..., T], *args: Any) -> T:
        """Must not be called."""
        raise AssertionError(f"{function} was to be computed in another process")


class Others:
    """Everybody but the service under test: they say things on its log, and hear what it says.

    `database` connects as whoever they speak as; `hears` are the kinds of messages they keep.
    """

    def __init__(self, database: Database, *hears: type[Message]) -> None:
        self.database, self._hears = database, hears
        self.heard: list[Envelope[Any]] = []
        self._wake: Callable[[set[str]], None] = lambda _: None

    def of(self, kind: type[M]) -> list[M]:
        """What of this kind has been heard, in order."""
        return [envelope.data for envelope in self.heard if isinstance(envelope.data, kind)]

    async def say(self, *messages: Message, cause: Cause = CAUSE) -> None:
        """Say these, in one transaction."""

        async def action() -> None:
            current_unit().say(*messages)

        await GroupCommit(self.database, LISTENER, self._wake).run(action, cause)

    @asynccontextmanager
    async def listening(self, bus: PostgresEventBus, *, seconds: float = 30) -> AsyncIterator[None]:
        """Within: the bus runs, for so long at most; at the end it is cut off, whatever it is doing."""
        routes = tuple(on_run(kind, self._hear) for kind in self._hears)
        bus.subscribe(self.database, [Group(name=LISTENER, routes=routes)])
        self._wake = bus.said
        running = asyncio.create_task(bus.run())
        try:
            async with asyncio.timeout(seconds):
                yield
        finally:
            running.cancel()
            await asyncio.wait([running])

    async def _hear(self, envelopes: Sequence[Envelope[Any]]) -> None:
        self.heard.extend(envelopes)

    async def at_rest(self, group: str, *reads: type[Message]) -> None:
        """Wait until the group has read all there is of these, all its work is done, and all it said is heard."""
        await until(lambda: self._has_read(group, *reads))
        await until(self._has_worked)
        await until(lambda: self._has_read(LISTENER, *self._hears))

    async def _has_read(self, group: str, *messages: type[Message]) -> bool:
        topics = [message.topic for message in messages]
        return bool(await self.database.pool.fetchval(_HAS_READ, group, topics))

    async def _has_worked(self) -> bool:
        return not await self.work_left()

    async def work_left(self) -> int:
        """Work items that nobody has finished."""
        return int(await self.database.pool.fetchval("select count(*) from runtime.work"))

    async def dead_letters(self) -> list[str]:
        """Why messages and work were set aside."""
        rows = await self.database.pool.fetch("select reason from runtime.dead_letter order by id")
        return [row["reason"] for row in rows]


async def cancel_run(dsn: str, service_name: str, batch_id: str, run_id: str) -> None:
    """BOS cancels a run, and the service comes to know of it: its bus must be running."""
    bos = await Database.connect(dsn, BatchRunCancelledV1.producer)
    others = Others(bos)
    await others.say(
        BatchRunCancelledV1(
            batch_id=batch_id, run_id=run_id, version=1, correlation_id=CAUSE.correlation_id, timestamp=bos.clock()
        )
    )
    await others.at_rest(f"{service_name}.cancelled_runs", BatchRunCancelledV1)
    await bos.close()


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Look again until it holds; the test's own time limit ends it otherwise."""
    while not await condition():  # noqa: ASYNC110 (another process's commit sets no event)
        await asyncio.sleep(0.01)


async def until_waiting_or_done(database: Database, task: asyncio.Task[Any]) -> None:
    """Come back once the task has ended, or somebody in this database waits for a lock."""
    while not task.done() and not await database.pool.fetchval(_WAITING):  # noqa: ASYNC110 (nor does a lock)
        await asyncio.sleep(0)
