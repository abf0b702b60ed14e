"""What a peer is to the measurement: workers that are up, that take batches and say when these have ended."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from subprocess import DEVNULL, Popen
from typing import Protocol

import asyncpg
import redis
from dbos import DBOS, DBOSClient

from benchmarks.peers import celery_job, dbos_job
from benchmarks.peers.job import ESSAYS, PHASES
from benchmarks.peers.servers import Servers
from huleedu_service_libs.embedded_postgres import create_database

PATIENCE_S = 120
ROOT = Path(__file__).parents[2]


class Peer(Protocol):
    """A system that is up; `pids` are its processes, servers included."""

    pids: Sequence[int]

    async def hand_in(self, batches: Sequence[str]) -> None:
        """Have these batches done."""

    async def ended(self, count: int) -> None:
        """Wait until so many batches have ended since the start; each essay must have its result."""


class CeleryPeer:
    """Celery's workers on Redis."""

    def __init__(self, redis_url: str, pids: Sequence[int]) -> None:
        self.pids = pids
        self._app = celery_job.celery_app(redis_url)
        self._redis = redis.Redis.from_url(f"{redis_url}/1")

    async def hand_in(self, batches: Sequence[str]) -> None:
        """A message for each; what it starts is done by the workers."""
        for batch in batches:
            self._app.tasks["start_phase"].apply_async((batch, 0))

    async def ended(self, count: int) -> None:
        """The last callback of each says so; each essay's result is a key."""
        await _until(lambda: asyncio.to_thread(self._have_ended, count))
        results = sum(1 for _ in self._redis.scan_iter("celery-task-meta-*", count=10_000))
        assert results >= count * ESSAYS * PHASES, f"{results} results"

    def _have_ended(self, count: int) -> bool:
        return bool(self._redis.llen(celery_job.ENDED) >= count)


@asynccontextmanager
async def celery(on: Servers, setup: celery_job.Setup, trace: Path) -> AsyncIterator[Peer]:
    """Celery with this set-up, on an empty Redis."""
    redis.Redis.from_url(on.redis_url).flushall()
    arguments = [on.redis_url, trace, setup.pool, setup.at_once]
    with _workers("celery_job", [[*arguments, f"worker{number}"] for number in range(setup.workers)]) as pids:
        yield CeleryPeer(on.redis_url, [*pids, on.redis_pid])


_RESULTS = """select (select count(*) from dbos.operation_outputs where function_name = 'essay_step')
  + (select count(*) from dbos.workflow_status where name = 'essay_workflow' and status = 'SUCCESS')"""
_ENDED = "select count(*) from dbos.workflow_status where name = $1 and status = 'SUCCESS'"


class DbosPeer:
    """DBOS's workers on PostgreSQL."""

    def __init__(
        self, client: DBOSClient, con: "asyncpg.Connection[asyncpg.Record]", workflow: str, pids: Sequence[int]
    ):
        self.pids = pids
        self._client, self._con, self._workflow = client, con, workflow

    async def hand_in(self, batches: Sequence[str]) -> None:
        """A queued workflow for each."""
        for batch in batches:
            options = {"workflow_name": self._workflow, "queue_name": dbos_job.BATCHES, "workflow_id": batch}
            await self._client.enqueue_async(options, batch)

    async def ended(self, count: int) -> None:
        """Its workflow has succeeded; each essay's result is a row."""
        await _until(lambda: self._have_ended(count))
        results = await self._con.fetchval(_RESULTS)
        assert results == count * ESSAYS * PHASES, f"{results} results"

    async def _have_ended(self, count: int) -> bool:
        return bool(await self._con.fetchval(_ENDED, self._workflow) >= count)


@asynccontextmanager
async def dbos(on: Servers, setup: dbos_job.Setup, trace: Path) -> AsyncIterator[Peer]:
    """DBOS with this set-up, on a database of its own."""
    dsn = await create_database(on.postgres.dsn, f"dbos {setup}")
    url = dbos_job.url_of(dsn)
    await asyncio.to_thread(DBOS.migrate, url)
    client = DBOSClient(system_database_url=url)
    con = await asyncpg.connect(dsn)
    try:
        await dbos_job.register_queues(client, setup)
        with _workers("dbos_job", [[url, trace, setup.connections]] * setup.processes) as pids:
            yield DbosPeer(client, con, setup.workflow, [*pids, on.postgres.pid])
    finally:
        await con.close()
        client.destroy()


@contextmanager
def _workers(job: str, arguments: Sequence[Sequence[object]]) -> Iterator[list[int]]:
    """Processes of that job within; what they have to say goes to standard error."""
    environment = {**os.environ, "C_FORCE_ROOT": "1"}  # containers and test machines run as root; Celery warns
    command = [sys.executable, "-m", f"benchmarks.peers.{job}"]
    started = [
        Popen([*command, *map(str, each)], cwd=ROOT, env=environment, stdin=DEVNULL, stdout=DEVNULL)
        for each in arguments
    ]
    try:
        yield [each.pid for each in started]
    finally:
        for each in started:
            each.terminate()
        for each in started:
            each.wait()


async def _until(question: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not await question():
            await asyncio.sleep(0.025)
