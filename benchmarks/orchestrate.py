"""`orchestrate`: essay-phases a second through the real services and what each costs, beside the raw limit."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from statistics import median
from typing import Literal

import asyncpg
import msgspec

from benchmarks.carriers import OverKafka, OverPostgres
from benchmarks.cluster import cluster_flow
from benchmarks.flow import PHASES, Flow, flow
from benchmarks.measure import Cost, percentile
from benchmarks.raw_limit import raw_limit
from benchmarks.raw_limit_kafka import raw_limit_kafka
from benchmarks.rounds import at_once, one_by_one
from benchmarks.stage import Server, broker, counting, server
from huleedu_service_libs.embedded_postgres import create_database
from infra.kafka import KafkaBroker

Bus = Literal["postgres", "kafka"]

ESSAYS = 30


class Size(msgspec.Struct, frozen=True):
    """How much is run: batches at once and how often, after how many such rounds that do not count; and one by one."""

    batches: int
    warm: int
    rounds: int
    alone: int


# Kafka's broker compiles itself for as long: in its first rounds it takes three times the CPU that it takes for good.
FULL = Size(batches=300, warm=4, rounds=4, alone=60)
SHORT = Size(batches=40, warm=1, rounds=1, alone=10)


class Round(msgspec.Struct, frozen=True):
    """Essay-phases a second of the hand-written loop and, right after it, of the services, with what those cost."""

    limit: float
    rate: float
    cost: Cost


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """What one run showed. Rates are per second, times in the unit that their name says, costs per essay-phase.

    Of what is told of rounds this is each figure's median; `slowest` and `fastest` are of single rounds.
    """

    bus: str
    processes: str
    batches: int
    essays_per_batch: int
    phases: int
    rounds: int
    essay_phases_per_s: float
    slowest_per_s: float
    fastest_per_s: float
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
    async with server() as on, _kafka(bus) as kafka, _flow(on, kafka, replicas) as running:
        raw = await create_database(on.dsn, "raw_limit")
        for _ in range(size.warm):
            await at_once(running, size.batches, ESSAYS)
        rounds = [await _round(running, raw, kafka, size.batches) for _ in range(size.rounds)]
        alone = await running.transitions(await one_by_one(running, size.alone, ESSAYS))
        statements = await _statements(running, on, size)
        async with _foreign_transaction(on):
            beside_rate, _ = await at_once(running, size.batches, ESSAYS)
            beside = await running.transitions(await one_by_one(running, size.alone, ESSAYS))
    units = size.batches * ESSAYS * len(PHASES)
    rates = [each.rate for each in rounds]
    return Figures(
        bus=bus,
        processes=f"{replicas} for each service" if replicas else "one",
        batches=size.batches,
        essays_per_batch=ESSAYS,
        phases=len(PHASES),
        rounds=size.rounds,
        essay_phases_per_s=median(rates),
        slowest_per_s=min(rates),
        fastest_per_s=max(rates),
        raw_limit_per_s=median(each.limit for each in rounds),
        share_of_raw_limit=median(each.rate / each.limit for each in rounds),
        transition_p50_ms=percentile(alone, 0.5),
        transition_p99_ms=percentile(alone, 0.99),
        cpu_s_per_1000=median(each.cost.cpu for each in rounds) / units * 1000,
        own_cpu_s_per_1000=median(each.cost.own_cpu for each in rounds) / units * 1000,
        statements_per_essay_phase=statements,
        commits_per_essay_phase=median(each.cost.commits for each in rounds) / units,
        wal_bytes_per_essay_phase=median(each.cost.wal for each in rounds) / units,
        essay_phases_per_s_beside_foreign_transaction=beside_rate,
        transition_p50_ms_beside_foreign_transaction=percentile(beside, 0.5),
    )


async def _round(running: Flow, raw: str, kafka: KafkaBroker | None, batches: int) -> Round:
    limit = await _raw_limit(raw, kafka, batches)
    return Round(limit, *await at_once(running, batches, ESSAYS))


@asynccontextmanager
async def _kafka(bus: Bus) -> AsyncIterator[KafkaBroker | None]:
    if bus == "postgres":
        yield None
        return
    async with broker() as kafka:
        yield kafka


def _flow(on: Server, kafka: KafkaBroker | None, replicas: int) -> AbstractAsyncContextManager[Flow]:
    if replicas:
        return cluster_flow(on, kafka, "orchestrate", replicas)
    return flow(on, "orchestrate", carrier=partial(OverKafka, kafka) if kafka else OverPostgres)


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
