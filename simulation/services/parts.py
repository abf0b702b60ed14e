"""What all services here are made with: names, and providers that take the place of real ones."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, cast

from batch_conductor_service.config import SERVICE_NAME as BCS
from batch_orchestrator_service.config import SERVICE_NAME as BOS
from dishka import AsyncContainer, Provider, Scope, make_async_container
from essay_lifecycle_service.config import Settings as EssayLifecycleSettings
from file_service.config import SERVICE_NAME as FILES
from nlp_service.config import SERVICE_NAME as NLP
from result_aggregator_service.config import SERVICE_NAME as RAS
from spellchecker_service.config import SERVICE_NAME as SPELLCHECKER

from huleedu_service_libs.content_client import InMemoryContentClient
from huleedu_service_libs.errors import Unavailable
from huleedu_service_libs.runtime.database import Database
from huleedu_service_libs.runtime.event_bus import EventBus
from huleedu_service_libs.service import Platform, Pool
from huleedu_service_libs.tracing import Tracing
from simulation.bus import Bus, InMemoryUnit
from simulation.still import VirtualClock
from simulation.stores import InMemoryTransactions

ELS = EssayLifecycleSettings.service_name
CONTENT = "content_service"
SERVICES = (BOS, ELS, FILES, SPELLCHECKER, NLP, RAS, BCS, CONTENT)

IsAway = Callable[[str], bool]


class Committer(Protocol):
    """Opens units of work, and commits them."""

    def begin(self, group: str, service: str) -> InMemoryUnit:
        """A unit of work of this group."""

    def commit(self, unit: InMemoryUnit) -> None:
        """What it says is said."""


@dataclass(frozen=True)
class Surroundings:
    """What every service finds around it."""

    bus: Bus
    clock: VirtualClock
    is_away: IsAway
    contents: InMemoryContentClient
    pool: Pool
    new_id: Callable[[], str]
    committer: Committer

    def transactions(self, service: str) -> InMemoryTransactions:
        """Commands of this service."""
        return InMemoryTransactions(lambda: self.committer.begin(service, service), self.committer.commit)

    def process(self) -> Mapping[Any, Any]:
        """What a service would find in its process. There is no database: whatever would ask it is replaced."""
        bus = cast(EventBus, self.bus)
        return {
            Platform: Platform(bus=bus, pool=self.pool, dsn="", data_dir=Path(), clock=self.clock),
            Database: None,
            Tracing: Tracing(),
        }


class Contents(InMemoryContentClient):
    """Content Service; it may be away."""

    def __init__(self, is_away: IsAway) -> None:
        super().__init__()
        self._is_away = is_away

    async def check(self) -> None:
        """See `ContentClientProtocol.check`."""
        if self._is_away(CONTENT):
            raise Unavailable("content_service is away")


def container(*providers: Provider, given: Mapping[Any, Any], context: Mapping[Any, Any]) -> AsyncContainer:
    """These parts, with what is `given` in place of what they would make themselves."""
    replacements = Provider(scope=Scope.APP)
    for kind, part in given.items():
        replacements.provide(_giving(part), provides=kind)
    return make_async_container(*providers, replacements, context=dict(context))


def _giving(part: Any) -> Callable[[], Any]:
    def give() -> Any:
        return part

    return give


__all__ = ["BCS", "BOS", "CONTENT", "ELS", "FILES", "NLP", "RAS", "SERVICES", "SPELLCHECKER", "Contents", "container"]
