"""The job with every service in processes of its own: over Kafka, each with its own database, or on one log."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
import msgspec

from benchmarks.carriers import HOLD_GROUPS, HOLD_RELAY, JOIN_S, execute, going, held
from benchmarks.flow import BOS, PHASES, SERVICES, Flow, played
from benchmarks.stage import Server, fetch, wait_until
from huleedu.platform import migrate, spare_the_collector
from huleedu_service_libs.embedded_postgres import create_database
from huleedu_service_libs.runtime import PostgresEventBus
from huleedu_service_libs.runtime.database_event_bus import CHANNEL, DatabaseEventBus
from huleedu_service_libs.runtime.kafka import KafkaEventBus, KafkaOptions
from infra.cluster import NO_ENGINES, Cluster, Servers
from infra.kafka import KafkaBroker

SETTINGS = {
    **NO_ENGINES,
    "LOG_LEVEL": "WARNING",
    "BATCH_ORCHESTRATOR_SERVICE_AVAILABLE_PHASES": msgspec.json.encode(PHASES).decode(),
}
# Whoever reads for a group, or is the first of those who may send, gets its cursor.
_FREE = f"""with free as (update runtime.cursor set owner = null, epoch = epoch + 1 where owner = 'nobody')
  select pg_notify('{CHANNEL}', 'nobody member')"""


@dataclass(frozen=True)
class ClusterScene:
    """A cluster over Kafka whose events flow all the time, but for BOS's, which leave it only `while_reading`.

    Without Kafka all flow only then.
    """

    server: Server
    kafka: KafkaBroker | None
    cluster: Cluster
    feedback: str
    http: aiohttp.ClientSession

    @property
    def dsn(self) -> str:
        """Any database of the server."""
        return self.feedback

    @property
    def server_pids(self) -> Sequence[int]:
        """PostgreSQL's and Kafka's."""
        kafka = self.kafka.pid if self.kafka else None
        return (self.server.pid,) if kafka is None else (self.server.pid, kafka)

    @property
    def hold(self) -> str:
        """What keeps them from flowing."""
        return HOLD_RELAY if self.kafka else HOLD_GROUPS

    @property
    def service_pids(self) -> Sequence[int]:
        """Those of all replicas."""
        return [replica.pid for replica in self.cluster.all if replica.pid is not None]

    @asynccontextmanager
    async def while_reading(self) -> AsyncIterator[None]:
        """Within: what BOS says is heard."""
        await execute(self.cluster.databases[BOS], _FREE)
        try:
            yield
        finally:
            await execute(self.cluster.databases[BOS], self.hold)

    async def post(self, path: str, body: Mapping[str, object]) -> Any:
        """What one of BOS's replicas answers; it must accept."""
        async with self.http.post(f"{self.cluster.addresses[BOS]}{path}", json=body) as response:
            assert response.status == 202, await response.text()
            return await response.json()

    async def until(self, service: str, question: str, *arguments: object) -> None:
        """Wait until the service's database answers yes."""
        await wait_until(self.cluster.databases[service], question, *arguments)

    async def fetch(self, query: str, *arguments: object) -> Sequence[asyncpg.Record]:
        """What the databases of all services answer."""
        dsns = {*self.cluster.databases.values(), self.feedback}
        return [row for dsn in dsns for row in await fetch(dsn, query, *arguments)]


@asynccontextmanager
async def cluster_flow(on: Server, kafka: KafkaBroker | None, name: str, replicas: int) -> AsyncIterator[Flow]:
    """So many processes of each service of the job; the stand-ins are here."""
    with tempfile.TemporaryDirectory(prefix="huleedu-bench-") as folder:
        cluster = Cluster(
            Servers(on.dsn, kafka.address if kafka else None),
            Path(folder),
            replicas=dict.fromkeys(SERVICES, replicas),
            name=name,
            environment=SETTINGS,
        )
        async with cluster, aiohttp.ClientSession() as http:
            files = cluster.databases["file_service"]
            feedback, bus = await _stand_in(on, kafka, files, name)
            scene = ClusterScene(on, kafka, cluster, feedback, http)
            spare_the_collector()
            async with played(scene, bus, files, feedback, _prepared(scene, bus)) as running:
                yield running


async def _stand_in(on: Server, kafka: KafkaBroker | None, shared: str, name: str) -> tuple[str, DatabaseEventBus]:
    """The database of the third phase's stand-in, and its bus: all services' own, or one by itself over Kafka."""
    if kafka is None:
        return shared, PostgresEventBus(shared)
    dsn = await create_database(on.dsn, f"{name}_feedback")
    await migrate(dsn, [])
    return dsn, KafkaEventBus(dsn, KafkaOptions(bootstrap_servers=kafka.address))


@asynccontextmanager
async def _prepared(scene: ClusterScene, bus: DatabaseEventBus) -> AsyncIterator[None]:
    """The third phase's stand-in reads; what BOS says is held."""
    async with held(scene.cluster.databases[BOS], scene.hold), going(bus):
        await asyncio.sleep(JOIN_S)
        yield
