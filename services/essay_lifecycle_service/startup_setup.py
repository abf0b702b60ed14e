"""Starts this service: container, groups, app."""

from pathlib import Path

from dishka import make_async_container

from essay_lifecycle_service.app import make_app
from essay_lifecycle_service.config import Settings
from essay_lifecycle_service.di import HandlerProvider, StoreProvider
from essay_lifecycle_service.kafka_consumer import EssayKafkaConsumer
from essay_lifecycle_service.metrics import EssayLifecycleMetrics
from huleedu_service_libs.health import Health
from huleedu_service_libs.runtime import Database
from huleedu_service_libs.service import Platform, Service, ServiceDefinition, keep_watch
from huleedu_service_libs.tracing import configure_tracing


async def start(settings: Settings, platform: Platform) -> Service:
    """Connect, subscribe, make the app."""
    database = await Database.connect(platform.dsn, settings.service_name, clock=platform.clock)
    container = make_async_container(
        StoreProvider(), HandlerProvider(), context={Settings: settings, Database: database}
    )
    groups = (await container.get(EssayKafkaConsumer)).groups()
    platform.bus.subscribe(database, groups)
    health = Health(check_timeout=settings.http_ready_check_timeout)
    keep_watch(health, platform.bus, database, groups)
    tracing = configure_tracing(settings.service_name, settings)

    async def close() -> None:
        await container.close()
        await database.close()
        tracing.close()

    app = make_app(settings, container, await container.get(EssayLifecycleMetrics), health, tracing)
    return Service(name=settings.service_name, app=app, close=close)


DEFINITION = ServiceDefinition(
    name=Settings.service_name, settings=Settings, start=start, scripts=Path(__file__).parent / "alembic"
)
