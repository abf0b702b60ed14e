"""What carries the events of a measurement, and how it is kept still until the clock starts."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol

import asyncpg

from huleedu_service_libs.runtime import PostgresEventBus
from huleedu_service_libs.runtime.database import MEMBER_SECONDS
from huleedu_service_libs.runtime.database_event_bus import DatabaseEventBus
from huleedu_service_libs.runtime.kafka import KafkaEventBus, KafkaOptions
from infra.kafka import KafkaBroker

JOIN_S = 5.0  # in which consumers find their group and their partitions


class Carrier(Protocol):
    """An event bus over one database; `pids` are those of its servers besides PostgreSQL."""

    name: str
    pids: Sequence[int]
    bus: DatabaseEventBus

    def prepared(self) -> AbstractAsyncContextManager[None]:
        """Within, once all have subscribed, `reading` can be entered as often as wanted."""

    def reading(self) -> AbstractAsyncContextManager[None]:
        """Within: what has been said reaches its groups."""


class OverPostgres:
    """The log itself: the bus runs only while it is to be read."""

    name = "postgres"
    pids: Sequence[int] = ()

    def __init__(self, dsn: str) -> None:
        self.bus: DatabaseEventBus = PostgresEventBus(dsn)

    @asynccontextmanager
    async def prepared(self) -> AsyncIterator[None]:
        """Nothing to prepare."""
        yield

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[None]:
        """See `Carrier.reading`."""
        async with going(self.bus):
            yield


# The owner of a cursor reads for its group; here it is nobody, who is alive all the same. The relay sends what is said.
HOLD_GROUPS = "update runtime.cursor set owner = 'nobody', epoch = epoch + 1"
HOLD_RELAY = """insert into runtime.cursor(grp, at, owner) values ('relay', 0, 'nobody')
  on conflict (grp) do update set owner = excluded.owner, epoch = runtime.cursor.epoch + 1"""
_LET_GO = "update runtime.cursor set owner = $1, epoch = epoch + 1 where grp = 'relay'"
_BEAT = f"""insert into runtime.member(owner, expires_at) values ('nobody', now() + interval '{MEMBER_SECONDS} seconds')
  on conflict (owner) do update set expires_at = excluded.expires_at"""


class OverKafka:
    """Consumers take seconds to join, so the bus runs all the time; while nothing is to flow, its relay is held."""

    name = "kafka"

    def __init__(self, broker: KafkaBroker, dsn: str) -> None:
        assert broker.pid is not None
        self.pids: Sequence[int] = (broker.pid,)
        self._dsn = dsn
        self.bus: DatabaseEventBus = KafkaEventBus(dsn, KafkaOptions(bootstrap_servers=broker.address))

    @asynccontextmanager
    async def prepared(self) -> AsyncIterator[None]:
        """The bus runs; its relay does not."""
        async with held(self._dsn, HOLD_RELAY), going(self.bus):
            await asyncio.sleep(JOIN_S)
            yield

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[None]:
        """The relay runs too."""
        await self._execute(_LET_GO, self.bus.owner)
        self.bus.said(["anything"])
        try:
            yield
        finally:
            await self._execute(HOLD_RELAY)

    async def _execute(self, statement: str, *arguments: object) -> None:
        await execute(self._dsn, statement, *arguments)


@asynccontextmanager
async def held(dsn: str, hold: str) -> AsyncIterator[None]:
    """Within, nobody can be an owner without being taken for gone; what `hold` says is so now."""
    beating = asyncio.create_task(_beat(dsn))
    try:
        await execute(dsn, hold)
        yield
    finally:
        beating.cancel()
        await asyncio.wait([beating])


async def _beat(dsn: str) -> None:
    while True:
        await execute(dsn, _BEAT)
        await asyncio.sleep(MEMBER_SECONDS / 3)


async def execute(dsn: str, statement: str, *arguments: object) -> None:
    """Have that database do this."""
    con = await asyncpg.connect(dsn)
    try:
        await con.execute(statement, *arguments)
    finally:
        await con.close()


@asynccontextmanager
async def going(bus: DatabaseEventBus) -> AsyncIterator[None]:
    """Within: the bus runs."""
    running = asyncio.create_task(bus.run())
    try:
        yield
    finally:
        running.cancel()
        await asyncio.wait([running])
