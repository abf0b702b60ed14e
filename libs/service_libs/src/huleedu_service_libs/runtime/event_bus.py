"""The port between a service's handlers and whatever carries its events."""

import asyncio
from collections.abc import Iterable
from typing import Protocol

from huleedu_service_libs.runtime.database import Database
from huleedu_service_libs.runtime.routing import Group
from huleedu_service_libs.runtime.telemetry import Silent, Telemetry

SILENT = Silent()


class EventBus(Protocol):
    """Delivers what is said to the groups that handle it; every effect takes place exactly once."""

    def subscribe(self, database: Database, groups: Iterable[Group], telemetry: Telemetry = SILENT) -> None:
        """Have these groups read, with their effects in that database. Before `run`."""

    def said(self, topics: Iterable[str]) -> None:
        """Something has been committed on these topics: look soon."""

    def watch(self, topics: Iterable[str], wake: asyncio.Event) -> None:
        """Set this whenever something may have come to stand in the log on these topics, said here or elsewhere."""

    def trouble(self, group: str) -> str | None:
        """What keeps this group from going on, if anything."""

    async def run(self) -> None:
        """Until cancelled; then hand over so that others go on at once."""
