"""What a service is to the process that runs it, and what the process gives to the service."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol, TypeVar

from huleedu_service_libs.app_factory import ServiceApp
from huleedu_service_libs.health import Health
from huleedu_service_libs.runtime.database import Database, now
from huleedu_service_libs.runtime.event_bus import EventBus
from huleedu_service_libs.runtime.recall import NO_RECALL, Recall
from huleedu_service_libs.runtime.routing import Group
from huleedu_service_libs.settings import ServiceSettings

T = TypeVar("T")


class Pool(Protocol):
    """Runs heavy functions outside the event loop, in other processes."""

    async def run(self, function: Callable[..., T], *args: Any) -> T:
        """The function's result. Raises WorkerDied if its process did not survive it."""


@dataclass(frozen=True, kw_only=True)
class Platform:
    """The process around a service.

    `dsn` is the database that services of this process share, as `postgresql://...`. `addresses` are the base URLs of
    services that this process knows better than settings do, by service name. `recall` only makes the bus quicker.
    """

    bus: EventBus
    pool: Pool
    dsn: str
    data_dir: Path
    addresses: Mapping[str, str] = field(default_factory=dict)
    recall: Recall = NO_RECALL
    clock: Callable[[], datetime] = now

    def address(self, service: str, configured: str) -> str:
        """Where that service answers: here if it runs here, else as configured. No trailing slash."""
        return self.addresses.get(service, configured).rstrip("/")


def keep_watch(health: Health, bus: EventBus, database: Database, groups: Iterable[Group]) -> None:
    """The service is ready while its database answers and each of its groups goes on."""
    health.groups += tuple(groups)

    async def answers() -> None:
        await database.pool.fetchval("select 1")

    async def goes_on() -> None:
        troubles = [f"{group.name}: {trouble}" for group in health.groups if (trouble := bus.trouble(group.name))]
        if troubles:
            raise RuntimeError("; ".join(troubles))

    health.needs("database", answers)
    health.needs("events", goes_on)


async def _nothing() -> None:
    """Nothing to close."""


@dataclass(frozen=True, kw_only=True)
class Service:
    """A started service: its app, and how to close what it opened."""

    name: str
    app: ServiceApp
    close: Callable[[], Awaitable[None]] = _nothing


@dataclass(frozen=True, kw_only=True)
class ServiceDefinition:
    """What a service's `startup_setup` module offers as `DEFINITION`.

    `scripts` is its Alembic folder, None without a database. `start` subscribes its groups and makes its app.
    """

    name: str
    settings: type[ServiceSettings]
    start: Callable[[Any, Platform], Awaitable[Service]]
    scripts: Path | None = None
