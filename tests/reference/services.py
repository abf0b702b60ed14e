"""Services as they start, on a bus that only remembers who wants to read what."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from huleedu.platform import migrate
from huleedu_service_libs.app_factory import ServiceApp
from huleedu_service_libs.asyncapi import EventPart, event_part
from huleedu_service_libs.runtime import Database, Group
from huleedu_service_libs.service import Platform, ServiceDefinition
from huleedu_service_libs.testing import NoPool

T = TypeVar("T")


class Recorder:
    """An event bus that only remembers who wants to read what."""

    def __init__(self) -> None:
        self.groups: list[Group] = []

    def subscribe(self, database: Database, groups: Iterable[Group], telemetry: object = None) -> None:
        self.groups.extend(groups)

    def said(self, topics: Iterable[str]) -> None:
        """Nobody is told."""

    def watch(self, topics: Iterable[str], wake: asyncio.Event) -> None:
        """Nothing comes."""

    def trouble(self, group: str) -> str | None:
        return None

    async def run(self) -> None:
        """Nothing runs."""


@dataclass(frozen=True)
class Started:
    """A service that has started, and what it says and reads."""

    name: str
    app: ServiceApp
    events: EventPart


@asynccontextmanager
async def started(services: Iterable[ServiceDefinition], dsn: str, folder: Path) -> AsyncIterator[list[Started]]:
    """These services, started with their schemas in that database; closed at the end."""
    wanted, running = list(services), []
    await migrate(dsn, wanted)
    try:
        for service in wanted:
            bus = Recorder()
            platform = Platform(bus=bus, pool=NoPool(), dsn=dsn, data_dir=folder)
            running.append((bus, await service.start(service.settings.load(), platform)))
        yield [Started(made.name, made.app, event_part(made.name, bus.groups)) for bus, made in running]
    finally:
        for _, made in running:
            await made.close()
