"""HuleEdu as it runs on servers: every service on its own, in as many replicas as are wanted."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from huleedu.addresses import setting_names
from huleedu.services import SERVICES
from huleedu_service_libs.embedded_postgres import with_database
from infra.replica import Replica, Stopped

SERVE = (sys.executable, "-m", "huleedu", "serve")
WITHOUT_DATABASE = frozenset({"content_service", "batch_conductor_service"})
NO_ENGINES = {"SPELLCHECKER_SERVICE_ENGINE": "none", "NLP_SERVICE_ENGINE": "none"}
"""For tests of the flow alone: texts are not read."""


@dataclass(frozen=True)
class Servers:
    """Where the servers are. Without Kafka, events go over PostgreSQL, and all services share one database."""

    postgres_dsn: str
    kafka_bootstrap: str | None = None
    redis_url: str | None = None


class InTurn(Mapping[str, str]):
    """A service's address: each look is answered with the next of its replicas that are up, as a balancer would."""

    def __init__(self, replicas: Mapping[str, Sequence[Replica]]) -> None:
        self._replicas = replicas
        self._turns = dict.fromkeys(replicas, 0)

    def __getitem__(self, service: str) -> str:
        here = [replica for replica in self._replicas[service] if replica.in_turn] or self._replicas[service]
        self._turns[service] += 1
        return here[self._turns[service] % len(here)].url

    def __iter__(self) -> Iterator[str]:
        return iter(self._replicas)

    def __len__(self) -> int:
        return len(self._replicas)


class Cluster:
    """All services, each replica in a process of its own, on servers that are up.

    As a context it starts them, and ends whatever is left of them. `replicas` (per service, one if not named) may be
    changed by `scale`; a replica keeps its address and its number over all its starts.

    Args:
        servers: where they keep and exchange what they have.
        folder: for their logs, and for what they keep on disk; made if missing.
        replicas: how many there are of each service.
        name: what their databases' names begin with.
        shared_database: one database for all services instead of one for each.
        environment: settings besides.
        command: what runs a service, its name not included.
    """

    def __init__(
        self,
        servers: Servers,
        folder: Path,
        *,
        replicas: Mapping[str, int] | None = None,
        name: str = "huleedu",
        shared_database: bool = False,
        environment: Mapping[str, str] | None = None,
        command: Sequence[str] = SERVE,
    ) -> None:
        self.folder, self._command = folder, command
        shared = shared_database or servers.kafka_bootstrap is None
        keeping = [service for service in SERVICES if service not in WITHOUT_DATABASE]
        self.databases = {
            service: with_database(servers.postgres_dsn, name if shared else f"{name}_{service}") for service in keeping
        }
        self._settings = {**_inherited(), **_of(servers), **self._places(), **(environment or {})}
        self._wanted = {service: (replicas or {}).get(service, 1) for service in SERVICES}
        self.replicas: dict[str, list[Replica]] = {service: [] for service in SERVICES}
        self.addresses = InTurn(self.replicas)

    async def __aenter__(self) -> Self:
        try:
            await self.start()
        except BaseException:
            self.kill()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    @property
    def all(self) -> list[Replica]:
        """Every replica, whether or not it runs."""
        return [replica for replicas in self.replicas.values() for replica in replicas]

    async def start(self) -> None:
        """Start whatever does not run, all at once, and wait until each can do its work. Raises DidNotStart."""
        (self.folder / "data").mkdir(parents=True, exist_ok=True)
        for service, wanted in self._wanted.items():
            for number in range(len(self.replicas[service]), wanted):
                self.replicas[service].append(Replica(service, number, self.folder / f"{service}-{number}.log"))
        for replica in self.all:
            self.spawn(replica)
        await asyncio.gather(*(replica.ready() for replica in self.all))

    def spawn(self, replica: Replica) -> None:
        """Start this one, if it does not run; `Replica.ready` waits for it."""
        replica.start([*self._command, replica.service], self._settings | self._peers(replica))

    async def stop(self) -> dict[str, Stopped]:
        """SIGTERM to all at once; how each ended, by its name."""
        ends = await asyncio.gather(*(replica.stop() for replica in self.all))
        return {replica.name: end for replica, end in zip(self.all, ends, strict=True)}

    def kill(self) -> None:
        """kill -9 to all."""
        for replica in self.all:
            replica.kill()

    async def scale(self, replicas: Mapping[str, int]) -> None:
        """Have so many of these services."""
        self._wanted |= replicas
        for service, wanted in replicas.items():
            surplus, self.replicas[service][wanted:] = self.replicas[service][wanted:], []
            await asyncio.gather(*(replica.stop() for replica in surplus))
        await self.start()

    async def restart(self, *replicas: Replica) -> list[Stopped]:
        """Stop these, start them again and wait until they can do their work; how each ended."""
        ends = await asyncio.gather(*(replica.stop() for replica in replicas))
        for replica in replicas:
            self.spawn(replica)
        await asyncio.gather(*(replica.ready() for replica in replicas))
        return ends

    async def roll(self) -> list[Stopped]:
        """Restart everything: the first replica of each service, then the second, and so on; how each ended."""
        ends = []
        for number in range(max(self._wanted.values())):
            ends += await self.restart(*(replica for replica in self.all if replica.number == number))
        return ends

    def _places(self) -> dict[str, str]:
        databases = {f"{service.upper()}_DATABASE_URL": dsn for service, dsn in self.databases.items()}
        return {**databases, "HULEEDU_DATA_DIR": str(self.folder / "data")}

    def _peers(self, replica: Replica) -> dict[str, str]:
        """Where this one finds the others: replicas share the load of their peers' questions."""
        return {
            setting_names(service)[0]: others[replica.number % len(others)].url
            for service, others in self.replicas.items()
        }


def _inherited() -> dict[str, str]:
    """Our own environment, but for what would have each process compile all of its code anew."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def _of(servers: Servers) -> dict[str, str]:
    redis = {"REDIS_URL": servers.redis_url} if servers.redis_url else {}
    if servers.kafka_bootstrap is None:
        return {"EVENT_BUS": "postgres", **redis}
    return {"EVENT_BUS": "kafka", "KAFKA_BOOTSTRAP_SERVERS": servers.kafka_bootstrap, **redis}
