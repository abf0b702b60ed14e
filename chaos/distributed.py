"""Every service in processes of its own, on Kafka, PostgreSQL and Redis, each behind a line that can be disturbed."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from chaos import bookkeeper, kafka_side
from chaos.bookkeeper import KafkaContents
from chaos.parts import COMMAND, Parts, environment
from chaos.proxy import Line
from chaos.world import Killable
from huleedu.services import SERVICES
from infra.cluster import Cluster, Servers
from infra.kafka import KafkaBroker
from infra.ports import quiet_port
from infra.postgres import PostgresServer
from infra.redis import RedisServer

PARTITIONS = "4"  # of each topic: enough to share, and quickly made


class DistributedWorld(Parts):
    """See `World`."""

    def __init__(self, folder: Path, replicas: int, broken: str = "", engines: str = "none") -> None:
        super().__init__(lambda replica: self._cluster.spawn(replica))
        self._folder, self._wanted = folder, dict.fromkeys(SERVICES, replicas)
        self._environment = environment(folder, broken, engines) | {"KAFKA_TOPIC_PARTITIONS": PARTITIONS}
        way_in = quiet_port()
        self._postgres, self._redis = PostgresServer(folder / "postgres"), RedisServer(folder / "redis")
        self.lines: Mapping[str, Line] = {
            "kafka": Line(way_in),
            "postgres": Line(self._postgres.port),
            "redis": Line(self._redis.port),
        }
        self._way_in = way_in
        self.servers: Mapping[str, Killable] = {}
        self.dsns: Mapping[str, str] = {}
        self.bootstrap: str | None = None

    async def start(self) -> None:
        """Servers, lines, then all services, until each can do its work."""
        ports = {name: await line.start() for name, line in self.lines.items()}
        kafka = KafkaBroker(self._folder / "kafka", proxied=(self._way_in, ports["kafka"]))
        self.servers = {"kafka": kafka, "postgres": self._postgres, "redis": self._redis}
        await asyncio.gather(*(asyncio.to_thread(server.start) for server in self.servers.values()))
        self.bootstrap = kafka.address
        self._cluster = Cluster(
            Servers(
                postgres_dsn=_at_port(self._postgres.dsn, ports["postgres"]),
                kafka_bootstrap=f"127.0.0.1:{ports['kafka']}",
                redis_url=f"redis://127.0.0.1:{ports['redis']}",
            ),
            self._folder / "services",
            replicas=self._wanted,
            environment=self._environment,
            command=(*COMMAND, "serve"),
        )
        self.dsns = {name: _at_port(dsn, self._postgres.port) for name, dsn in self._cluster.databases.items()}
        await self._cluster.start()
        self.know(self._cluster.all)

    async def stop(self) -> None:
        """Everything, at once."""
        if self.bootstrap is not None:
            self._cluster.kill()
        for line in self.lines.values():
            await line.close()
        await asyncio.gather(*(asyncio.to_thread(server.kill) for server in self.servers.values()))

    def addresses(self) -> Mapping[str, Sequence[str]]:
        """See `World`: all replicas, also those that are down."""
        return {service: [one.url for one in replicas] for service, replicas in self._cluster.replicas.items()}

    async def contents(self) -> KafkaContents | None:
        """See `World`."""
        assert self.bootstrap is not None
        return await kafka_side.contents(self.bootstrap, list(self.dsns))

    async def behind(self) -> Mapping[str, int]:
        """See `World`."""
        assert self.bootstrap is not None
        return {**await bookkeeper.behind(self.dsns), **await kafka_side.behind(self.bootstrap, list(self.dsns))}


def _at_port(dsn: str, port: int) -> str:
    url = urlsplit(dsn)
    where, _, _ = url.netloc.rpartition(":")
    return url._replace(netloc=f"{where}:{port}").geturl()
