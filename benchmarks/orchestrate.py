"""`orchestrate`: essay-phases a second through the real services and what each costs, beside the raw limit."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from typing import Literal

import asyncpg
import msgspec

from benchmarks.carriers import OverKafka
from benchmarks.cluster import cluster_flow
from benchmarks.flow import PHASES, Flow, flow
from benchmarks.measure import percentile
from benchmarks.raw_limit import raw_limit
from benchmarks.raw_limit_kafka import raw_limit_kafka
from benchmarks.rounds import at_once, one_by_one
from benchmarks.stage import Server, broker, counting, server
from huleedu_service_libs.embedded_postgres import create_database
from infra.kafka import KafkaBroker

Bus = Literal["postgres", "kafka"]

ESSAYS = 30


class Size(msgspec.Struct, frozen=True):
    """How much is run: batches at once, batches one after the other."""

    batches: int
    alone: int


FULL, SHORT = Size(batches=300, alone=60), Size(batches=40, alone=10)


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """What one run showed. Rates are per second, times in the unit that their name says, costs per essay-phase."""

    bus: str
    processes: str
    batches: int
    essays_per_batch: int
    phases: int
    essay_phases_per_s: float
    raw_limit_per_s: float
    share_of_raw_limit: float
    transition_p50_ms: float
    transition_p99_ms: float
    cpu_s_per_1000: float
    own_cpu_s_per_1000: float
    statements_per_essay_phase: float
    commits_per_essay_phase: float
    wal_bytes_per_essay_phase: float
    essay_phases_per_s_beside_foreign_transaction: float
    transition_p50_ms_beside_foreign_transaction: float


async def orchestrate(bus: Bus, replicas: int, size: Size) -> Figures:
    """Run it all, one after the other on the same servers, and put the figures together."""
    async with server() as on, _kafka(bus) as kafka:
        limit = await _raw_limit(await create_database(on.dsn, "raw_limit"), kafka, size.batches)
        async with _flow(on, kafka, replicas) as running:
            await at_once(running, 20, ESSAYS)  # warm
            rate, cost = await at_once(running, size.batches, ESSAYS)
            alone = await running.transitions(await one_by_one(running, size.alone, ESSAYS))
            statements = await _statements(running, on, size)
            async with _foreign_transaction(on):
                beside_rate, _ = await at_once(running, size.batches, ESSAYS)
                beside = await running.transitions(await one_by_one(running, size.alone, ESSAYS))
    units = size.batches * ESSAYS * len(PHASES)
    return Figures(
        bus=bus,
        processes=f"{replicas} for each service" if replicas else "one",
        batches=size.batches,
        essays_per_batch=ESSAYS,
        phases=len(PHASES),
        essay_phases_per_s=rate,
        raw_limit_per_s=limit,
        share_of_raw_limit=rate / limit,
        transition_p50_ms=percentile(alone, 0.5),
        transition_p99_ms=percentile(alone, 0.99),
        cpu_s_per_1000=cost.cpu / units * 1000,
        own_cpu_s_per_1000=cost.own_cpu / units * 1000,
        statements_per_essay_phase=statements,
        commits_per_essay_phase=cost.commits / units,
        wal_bytes_per_essay_phase=cost.wal / units,
        essay_phases_per_s_beside_foreign_transaction=beside_rate,
        transition_p50_ms_beside_foreign_transaction=percentile(beside, 0.5),
    )


@asynccontextmanager
async def _kafka(bus: Bus) -> AsyncIterator[KafkaBroker | None]:
    if bus == "postgres":
        yield None
        return
    async with broker() as kafka:
        yield kafka


def _flow(on: Server, kafka: KafkaBroker | None, replicas: int) -> AbstractAsyncContextManager[Flow]:
    if kafka is None:
        return flow(on, "orchestrate")
    if not replicas:
        return flow(on, "orchestrate", carrier=partial(OverKafka, kafka))
    return cluster_flow(on, kafka, "orchestrate", replicas)


async def _raw_limit(dsn: str, kafka: KafkaBroker | None, batches: int) -> float:
    if kafka is None:
        return await raw_limit(dsn, batches, ESSAYS, len(PHASES))
    return await raw_limit_kafka(dsn, kafka.address, batches, ESSAYS, len(PHASES))


async def _statements(running: Flow, on: Server, size: Size) -> float:
    """Statements per essay-phase, in a run of its own: counting costs time."""
    batches = min(size.batches, 50)
    batch_ids = await running.registered(batches, ESSAYS)
    await running.requested(batch_ids)
    async with counting(on) as count, running.stage.while_reading():
        await running.ended(batch_ids, ESSAYS)
        return await count() / (batches * ESSAYS * len(PHASES))


@asynccontextmanager
async def _foreign_transaction(on: Server) -> AsyncIterator[None]:
    """A stranger's write transaction in another database of the server, open all the while."""
    con = await asyncpg.connect(await create_database(on.dsn, "foreign"))
    await con.execute("create table written(x int); begin; insert into written values (1)")
    try:
        yield
    finally:
        await con.execute("rollback")
        await con.close()


def run(bus: Bus, replicas: int, size: Size) -> Figures:
    """On the fast event loop, as the platform runs; without replicas all services in this process."""
    import uvloop

    return uvloop.run(orchestrate(bus, replicas, size))
