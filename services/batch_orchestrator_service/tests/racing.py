"""Two facts about one batch at the same moment, in two replicas on PostgreSQL, and what has come of it there."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from enum import Enum

import msgspec

from batch_orchestrator_service.config import SERVICE_NAME
from batch_orchestrator_service.domain.batch import Batch
from batch_orchestrator_service.domain.decide import decide
from batch_orchestrator_service.domain.facts import Fact
from batch_orchestrator_service.implementations.batch_repository_postgres_impl import PostgreSQLBatchRepositoryImpl
from batch_orchestrator_service.implementations.batch_table import BatchChanged, BatchTable
from batch_orchestrator_service.implementations.decisions import BatchDecisions
from batch_orchestrator_service.implementations.event_publisher_impl import DefaultBatchEventPublisherImpl
from batch_orchestrator_service.tests.said import AT
from common_core.message import Message
from huleedu_service_libs.runtime import log
from huleedu_service_libs.runtime.database import Database
from huleedu_service_libs.runtime.effects import Effect, Later, Never
from huleedu_service_libs.runtime.unit_of_work import Cause, UnitOfWork, current_unit
from huleedu_service_libs.testing import until_waiting_or_done

AUDITOR = "auditor"
EVERYTHING = 100_000  # messages, more than any test says
_LISTEN = "insert into runtime.cursor(grp, owner) values ($1, $1) on conflict do nothing"
_TIMERS = "select name, fire_at from runtime.timer where starts_with(name, $1)"


class Stop(Enum):
    """Where a unit of work is held while another one goes as far as it can."""

    READ = "it has read its batch"
    DECIDED = "it has decided"
    WRITTEN = "all is written, and not committed"


Hold = Callable[[Stop], Awaitable[None]]


async def _go_on(_: Stop) -> None:
    """Hold nowhere."""


class Replica:
    """BOS as far as one fact goes: read, decide, write, each fact in a transaction of its own."""

    def __init__(self, database: Database, table: BatchTable) -> None:
        self._database, self._table = database, table
        batches, publisher = PostgreSQLBatchRepositoryImpl(database, table), DefaultBatchEventPublisherImpl()
        self._decisions = BatchDecisions(batches, publisher, lambda: current_unit().now)

    async def happens(self, *facts: Fact) -> None:
        """One after the other."""
        for fact in facts:
            await self.meets(fact, _go_on)

    async def meets(self, fact: Fact, hold: Hold) -> None:
        """Once more if somebody else has changed the batch meanwhile: as polls do, and clients."""
        while True:
            try:
                return await self._transact(fact, hold)
            except BatchChanged:
                hold = _go_on

    async def _transact(self, fact: Fact, hold: Hold) -> None:
        async with self._database.transaction() as con:
            unit = UnitOfWork(con, SERVICE_NAME, SERVICE_NAME, self._database.clock())
            unit.begin(Cause(""))
            with unit.ambient():
                await unit.states(self._table).prefetch([fact.batch_id])
                await hold(Stop.READ)
                await self._decisions.on(fact.batch_id, fact)
            await hold(Stop.DECIDED)
            await unit.flush()
            await hold(Stop.WRITTEN)


async def overlapping(database: Database, table: BatchTable, first: Fact, second: Fact, stop: Stop) -> None:
    """`second` begins when `first` has come to this place; `first` goes on once `second` waits for it, or is done."""
    late: list[asyncio.Task[None]] = []

    async def hold(place: Stop) -> None:
        if place is stop:
            late.append(asyncio.create_task(Replica(database, table).happens(second)))
            await until_waiting_or_done(database, late[0])

    await Replica(database, table).meets(first, hold)
    await late[0]


class Story(msgspec.Struct, frozen=True):
    """What has come of a batch: its state, all that was said of it, in order, and the timers that run."""

    batch: Batch
    said: tuple[tuple[str, bytes], ...]
    timers: Mapping[str, datetime]

    def times(self, *kinds: type[Message]) -> int:
        """How often any of these was said."""
        return len(self.places(*kinds))

    def places(self, *kinds: type[Message]) -> list[int]:
        """Where among all that was said these stand."""
        topics = {kind.topic for kind in kinds}
        return [place for place, (topic, _) in enumerate(self.said) if topic in topics]


def told(*history: Fact) -> Story:
    """The story of a batch to which all this happens, one after the other."""
    batch: Batch | None = None
    said: list[Message] = []
    timers: dict[str, datetime] = {}
    for fact in history:
        batch, effects = decide(batch, fact, AT)
        said += [effect for effect in effects if isinstance(effect, Message)]
        _wind(timers, effects)
    assert batch is not None
    return Story(batch, tuple((message.topic, msgspec.json.encode(message)) for message in said), timers)


def _wind(timers: dict[str, datetime], effects: Sequence[Effect]) -> None:
    for effect in effects:
        if isinstance(effect, Later):
            timers[effect.name] = effect.at
        elif isinstance(effect, Never):
            timers.pop(effect.name, None)


class _Said(msgspec.Struct):
    event_type: str
    data: msgspec.Raw


_said = msgspec.json.Decoder(_Said).decode


async def kept(database: Database, batch_id: str) -> Story:
    """The story that the database tells of a batch."""
    batch = await PostgreSQLBatchRepositoryImpl(database, BatchTable()).get(batch_id)
    assert batch is not None
    timers = {row["name"]: row["fire_at"] for row in await database.pool.fetch(_TIMERS, batch_id)}
    return Story(batch, await said_of(database, batch_id), timers)


async def said_of(database: Database, key: str) -> tuple[tuple[str, bytes], ...]:
    """Topic and data of all that stands in the log under this key."""
    await database.pool.execute(_LISTEN, AUDITOR)
    _, records = await log.read(database.pool, AUDITOR, AUDITOR, None, EVERYTHING)
    said = [_said(record.raw) for record in records if record.key == key]
    return tuple((each.event_type, bytes(each.data)) for each in said)
