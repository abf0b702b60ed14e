"""What every service reaches outside its own code, as Dishka providers: database, tracer, other services."""

from collections.abc import AsyncIterator, Iterable, Iterator

from dishka import Provider, Scope, from_context, provide

from huleedu_service_libs.content_client import ContentClientProtocol, HttpContentClient
from huleedu_service_libs.health import Health
from huleedu_service_libs.http_client import PeerClient
from huleedu_service_libs.metrics import ServiceMetrics
from huleedu_service_libs.runtime.database import Database
from huleedu_service_libs.runtime.recall import NO_RECALL
from huleedu_service_libs.runtime.routing import Group
from huleedu_service_libs.runtime.telemetry import ServiceTelemetry
from huleedu_service_libs.service import Platform, keep_watch
from huleedu_service_libs.settings import ServiceSettings
from huleedu_service_libs.tracing import Tracing, configure_tracing


class SurroundingsProvider(Provider):
    """The service's own database and tracer. Its context holds `ServiceSettings` and `Platform`."""

    scope = Scope.APP
    settings = from_context(ServiceSettings)
    platform = from_context(Platform)

    @provide
    def tracing(self, settings: ServiceSettings) -> Iterator[Tracing]:
        """Closed, what it holds is sent."""
        tracing = configure_tracing(settings.service_name, settings)
        yield tracing
        tracing.close()

    @provide
    async def database(self, settings: ServiceSettings, platform: Platform) -> AsyncIterator[Database]:
        """Connections to the schema that is named as the service."""
        database = await Database.connect(
            platform.dsn, settings.service_name, size=settings.db_pool_size, clock=platform.clock
        )
        yield database
        await database.close()


class ReadsContent(ServiceSettings):
    """Settings of a service that asks Content Service for texts."""

    content_service_url: str = "http://content_service:8000"


class ContentProvider(Provider):
    """Content Service, over HTTP. The service provides its `ReadsContent` and `ServiceMetrics`."""

    scope = Scope.APP

    @provide
    async def content(
        self, settings: ReadsContent, platform: Platform, metrics: ServiceMetrics, tracing: Tracing
    ) -> AsyncIterator[ContentClientProtocol]:
        """A client with its own connections."""
        address = platform.address("content_service", settings.content_service_url)
        async with PeerClient("content_service", address, settings, metrics, tracing) as peer:
            yield HttpContentClient(peer)


def take_part(
    platform: Platform,
    settings: ServiceSettings,
    database: Database,
    groups: Iterable[Group],
    metrics: ServiceMetrics,
    tracing: Tracing,
) -> Health:
    """Have these groups read, told of and watched; the service is ready while its database answers and they go on."""
    groups = tuple(groups)
    platform.bus.subscribe(database, groups, ServiceTelemetry(metrics, tracing))
    health = Health(check_timeout=settings.http_ready_check_timeout)
    keep_watch(health, platform.bus, database, groups)
    if platform.recall is not NO_RECALL:
        health.wants("redis", platform.recall.check)
    return health
