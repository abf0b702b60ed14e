"""The job with every service in processes of its own, over Kafka, each with its own database."""

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

from benchmarks.carriers import HOLD_RELAY, JOIN_S, execute, going, relay_held
from benchmarks.flow import BOS, PHASES, SERVICES, Flow, played
from benchmarks.stage import Server, fetch, wait_until
from huleedu.platform import migrate, spare_the_collector
from huleedu_service_libs.embedded_postgres import create_database
from huleedu_service_libs.runtime.database_event_bus import CHANNEL
from huleedu_service_libs.runtime.kafka import KafkaEventBus, KafkaOptions
from infra.cluster import NO_ENGINES, Cluster, Servers
from infra.kafka import KafkaBroker

SETTINGS = {
    **NO_ENGINES,
    "LOG_LEVEL": "WARNING",
    "BATCH_ORCHESTRATOR_SERVICE_AVAILABLE_PHASES": msgspec.json.encode(PHASES).decode(),
}
# Whoever of the replicas is first gets the relay.
_FREE_RELAY = f"""with free as (update runtime.cursor set owner = null, epoch = epoch + 1 where grp = 'relay')
  select pg_notify('{CHANNEL}', 'nobody member')"""


@dataclass(frozen=True)
class ClusterScene:
    """A cluster whose events flow all the time, but for BOS's, which leave it only `while_reading`."""

    server: Server
    broker_pid: int
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
        return (self.server.pid, self.broker_pid)

    @property
    def service_pids(self) -> Sequence[int]:
        """Those of all replicas."""
        return [replica.pid for replica in self.cluster.all if replica.pid is not None]

    @asynccontextmanager
    async def while_reading(self) -> AsyncIterator[None]:
        """Within: what BOS says is sent."""
        await execute(self.cluster.databases[BOS], _FREE_RELAY)
        try:
            yield
        finally:
            await execute(self.cluster.databases[BOS], HOLD_RELAY)

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
        dsns = [*self.cluster.databases.values(), self.feedback]
        return [row for dsn in dsns for row in await fetch(dsn, query, *arguments)]


@asynccontextmanager
async def cluster_flow(on: Server, kafka: KafkaBroker, name: str, replicas: int) -> AsyncIterator[Flow]:
    """So many processes of each service of the job; the stand-ins are here."""
    feedback = await create_database(on.dsn, f"{name}_feedback")
    await migrate(feedback, [])
    bus = KafkaEventBus(feedback, KafkaOptions(bootstrap_servers=kafka.address))
    assert kafka.pid is not None
    with tempfile.TemporaryDirectory(prefix="huleedu-bench-") as folder:
        cluster = Cluster(
            Servers(on.dsn, kafka.address),
            Path(folder),
            replicas=dict.fromkeys(SERVICES, replicas),
            name=name,
            environment=SETTINGS,
        )
        async with cluster, aiohttp.ClientSession() as http:
            scene = ClusterScene(on, kafka.pid, cluster, feedback, http)
            files = cluster.databases["file_service"]
            spare_the_collector()
            async with played(scene, bus, files, feedback, _prepared(scene, bus)) as running:
                yield running


@asynccontextmanager
async def _prepared(scene: ClusterScene, bus: KafkaEventBus) -> AsyncIterator[None]:
    """The third phase's stand-in reads; what BOS says is held."""
    async with relay_held(scene.cluster.databases[BOS]), going(bus):
        await asyncio.sleep(JOIN_S)
        yield
