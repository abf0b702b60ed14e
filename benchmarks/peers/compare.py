"""`peers`: DBOS Transact and Celery beside HuleEdu, each doing the same job on the same servers, in one run."""

import asyncio
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path

import asyncpg
import msgspec
import redis

from benchmarks.carriers import OverKafka
from benchmarks.flow import Flow, flow
from benchmarks.measure import percentile, tree_cpu
from benchmarks.peers import celery_job, dbos_job
from benchmarks.peers.job import ALONE, ESSAYS, PHASES, transitions
from benchmarks.peers.peer import Peer, celery, dbos
from benchmarks.peers.servers import Servers, servers
from benchmarks.rounds import at_once, one_by_one
from benchmarks.stage import broker

WARM, SETTLE_S = 10, 2.0


class Size(msgspec.Struct, frozen=True):
    """Batches at once, of HuleEdu and of a peer, and batches one after the other."""

    huleedu: int
    peer: int
    alone: int


FULL, SHORT = Size(huleedu=300, peer=40, alone=20), Size(huleedu=30, peer=4, alone=3)


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """What one system showed. A transition: from the last essay of a phase at work to the first of the next one."""

    system: str
    setup: str
    batches: int
    essay_phases_per_s: float
    cpu_s_per_1000: float
    transition_p50_ms: float
    transition_p99_ms: float


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """All systems, and how many times as fast as each peer's best HuleEdu on its Postgres bus is."""

    servers: str
    celery: str
    dbos: str
    systems: Sequence[Row]
    times_celery: float
    times_dbos: float


async def compare(size: Size) -> Comparison:
    """One after the other on the same servers, each peer with every set-up."""
    async with servers() as on:
        described = await _described(on)
        ours = await _huleedu("Postgres bus", flow(on.postgres, "huleedu"), size)
        async with broker() as kafka:
            carried = flow(on.postgres, "huleedu over kafka", carrier=partial(OverKafka, kafka))
            over_kafka = await _huleedu("Kafka", carried, size)
        celeries = [await _peer("Celery", setup, partial(celery, on, setup), size) for setup in celery_job.SETUPS]
        dboses = [await _peer("DBOS", setup, partial(dbos, on, setup), size) for setup in dbos_job.SETUPS]
    return Comparison(
        servers=described,
        celery=celery_job.described(),
        dbos=dbos_job.described(),
        systems=[ours, over_kafka, *celeries, *dboses],
        times_celery=ours.essay_phases_per_s / max(row.essay_phases_per_s for row in celeries),
        times_dbos=ours.essay_phases_per_s / max(row.essay_phases_per_s for row in dboses),
    )


async def _huleedu(bus: str, services: AbstractAsyncContextManager[Flow], size: Size) -> Row:
    async with services as running:
        await at_once(running, WARM, ESSAYS)
        rate, cost = await at_once(running, size.huleedu, ESSAYS)
        waits = await running.waits(await one_by_one(running, size.alone, ESSAYS))
    return Row(
        system="HuleEdu",
        setup=f"one process, {bus}",
        batches=size.huleedu,
        essay_phases_per_s=rate,
        cpu_s_per_1000=cost.cpu / (size.huleedu * ESSAYS * PHASES) * 1000,
        transition_p50_ms=percentile(waits, 0.5),
        transition_p99_ms=percentile(waits, 0.99),
    )


async def _peer(
    system: str, setup: object, start: Callable[[Path], AbstractAsyncContextManager[Peer]], size: Size
) -> Row:
    with tempfile.TemporaryDirectory(prefix="huleedu-bench-") as folder:
        trace = Path(folder) / "trace"
        async with start(trace) as peer:
            seconds, cpu = await _at_once(peer, size.peer)
            await _one_by_one(peer, size.alone, size.peer)
        waits = transitions(trace)
    essay_phases = size.peer * ESSAYS * PHASES
    return Row(
        system=system,
        setup=str(setup),
        batches=size.peer,
        essay_phases_per_s=essay_phases / seconds,
        cpu_s_per_1000=cpu / essay_phases * 1000,
        transition_p50_ms=percentile(waits, 0.5),
        transition_p99_ms=percentile(waits, 0.99),
    )


async def _at_once(peer: Peer, batches: int) -> tuple[float, float]:
    """Seconds and seconds of CPU. The clock starts when all are handed in, though some are under way by then."""
    await peer.hand_in([f"warm{number}" for number in range(WARM)])
    await peer.ended(WARM)
    await asyncio.sleep(SETTLE_S)
    await peer.hand_in([f"batch{number}" for number in range(batches)])
    began, before = time.perf_counter(), _cpu(peer)
    await peer.ended(WARM + batches)
    return time.perf_counter() - began, _cpu(peer) - before


async def _one_by_one(peer: Peer, batches: int, before: int) -> None:
    for number in range(batches):
        await peer.hand_in([f"{ALONE}{number}"])
        await peer.ended(WARM + before + number + 1)


def _cpu(peer: Peer) -> float:
    return sum(map(tree_cpu, peer.pids))


async def _described(on: Servers) -> str:
    con = await asyncpg.connect(on.postgres.dsn)
    postgres = await con.fetchval("select split_part(version(), ' ', 2)")
    await con.close()
    about = redis.Redis.from_url(on.redis_url).info("server")
    assert isinstance(about, dict)
    return f"PostgreSQL {postgres}, fsync on; Redis {about['redis_version']}, appendonly, fsynced each second"


def run(size: Size) -> Comparison:
    """HuleEdu on the fast event loop, as the platform runs; peers in processes of their own."""
    import uvloop

    return uvloop.run(compare(size))
