"""A timer that several replicas have read at the same moment fires once."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from uuid import UUID

import pytest
from msgspec.structs import replace

from batch_orchestrator_service.config import SERVICE_NAME
from batch_orchestrator_service.domain.facts import PhaseDeadlinePassed
from batch_orchestrator_service.domain.pipeline import PHASES
from batch_orchestrator_service.implementations.batch_table import BatchTable
from batch_orchestrator_service.tests.others import Watch
from batch_orchestrator_service.tests.racing import Replica, said_of
from batch_orchestrator_service.tests.said import (
    CORRELATION,
    SPELLCHECK,
    SPELLING_THEN_ANALYSIS,
    provisioned,
    registered,
)
from common_core.messages.control import BatchPhaseDeadlinePassedV1
from huleedu_service_libs.runtime.blame import Fenced
from huleedu_service_libs.runtime.connection import Connection
from huleedu_service_libs.runtime.database import Database
from huleedu_service_libs.runtime.delivery import Decoders, Delivery
from huleedu_service_libs.runtime.event_bus import SILENT
from huleedu_service_libs.runtime.reader import Reader
from huleedu_service_libs.runtime.routing import Group, on
from huleedu_service_libs.runtime.settler import Settler
from huleedu_service_libs.runtime.sources import TimerSource
from huleedu_service_libs.runtime.unit_of_work import current_unit

BATCHES = [str(UUID(int=number)) for number in range(5)]
REPLICAS = 4
OWNER = "taken for dead, and its successor: both believe that they read for the group"


class Together(TimerSource):
    """Hands its timers over once every replica has read them."""

    barrier: asyncio.Barrier

    async def take(self, limit: int) -> list[Delivery]:
        """Due timers, the same as all others'."""
        found = await super().take(limit)
        await self.barrier.wait()
        return found


class Careless(Together):
    """Whose timers stay where they are: it fires what somebody else has fired."""

    async def acknowledge(self, con: Connection, deliveries: Sequence[Delivery]) -> None:
        """Delete them, if they are still there."""
        names = [delivery.receipt[0] for delivery in deliveries]
        await con.execute("delete from runtime.timer where name = any($1::text[])", names)


@pytest.fixture
async def database(service_dsn: str) -> AsyncIterator[Database]:
    """With a deadline for each batch that is due."""
    watch = Watch()
    patient = {"idle_in_transaction_session_timeout": "0"}
    database = await Database.connect(service_dsn, SERVICE_NAME, size=2 * REPLICAS, clock=watch, **patient)
    await database.pool.execute("insert into runtime.cursor(grp, owner) values ($1, $2)", SERVICE_NAME, OWNER)
    for batch_id in BATCHES:
        facts = (registered("ab"), provisioned("ab"), SPELLING_THEN_ANALYSIS)
        await Replica(database, BatchTable()).happens(*(replace(fact, batch_id=batch_id) for fact in facts))
    watch.forward(seconds=PHASES[SPELLCHECK].time_limit(2).total_seconds())
    yield database
    await database.close()


async def alarm(deadline: PhaseDeadlinePassed) -> None:
    """Say so, whatever has become of the batch."""
    closing = BatchPhaseDeadlinePassedV1(
        batch_id=deadline.batch_id,
        run_id=deadline.run_id,
        phase_name=deadline.phase_name,
        attempt=deadline.attempt,
        correlation_id=CORRELATION,
        timestamp=current_unit().now,
    )
    current_unit().say(closing)


async def fired(database: Database, source: type[Together]) -> list[int]:
    """How often the deadline of each batch fired when all replicas had read all of them."""
    group = Group(name=SERVICE_NAME, routes=(on(PhaseDeadlinePassed, alarm),))
    source.barrier = asyncio.Barrier(REPLICAS)

    def replica() -> Reader:
        timers = source(database, SERVICE_NAME, OWNER)
        settler = Settler(database, group, timers, lambda _: None, SILENT)
        return Reader(group, timers, settler, Decoders(group.routes), SILENT)

    polls = await asyncio.gather(*(replica().poll() for _ in range(REPLICAS)), return_exceptions=True)
    assert all(poll is None or isinstance(poll, Fenced) for poll in polls)
    topic = BatchPhaseDeadlinePassedV1.topic
    return [[said for said, _ in await said_of(database, batch_id)].count(topic) for batch_id in BATCHES]


async def test_it_fires_once_whoever_has_read_it(database: Database) -> None:
    assert await fired(database, Together) == [1] * len(BATCHES)


async def test_it_fires_in_each_if_nobody_looks_whether_it_is_still_there(database: Database) -> None:
    assert await fired(database, Careless) == [REPLICAS] * len(BATCHES)
