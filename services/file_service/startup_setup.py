"""Puts File Service together and starts it."""

from pathlib import Path

from dishka import AsyncContainer, Provider, make_async_container

from file_service.app import file_app
from file_service.config import SERVICE_NAME, FileSettings
from file_service.di import SurroundingsProvider, UploadProvider
from file_service.kafka_consumer import FileKafkaConsumer
from file_service.metrics import FileServiceMetrics
from huleedu_service_libs.content_client import ContentClientProtocol
from huleedu_service_libs.health import Health
from huleedu_service_libs.runtime import Database
from huleedu_service_libs.runtime.telemetry import ServiceTelemetry
from huleedu_service_libs.service import Platform, Service, ServiceDefinition, keep_watch


def container(settings: FileSettings, platform: Platform, *replacements: Provider) -> AsyncContainer:
    """All parts of the service, some of them replaced; closing it closes them."""
    context = {FileSettings: settings, Platform: platform}
    return make_async_container(SurroundingsProvider(), UploadProvider(), *replacements, context=context)


async def start(settings: FileSettings, platform: Platform) -> Service:
    """Start the service as it is."""
    return await started(settings, platform, container(settings, platform))


async def started(settings: FileSettings, platform: Platform, parts: AsyncContainer) -> Service:
    """Have its work done, and make the app."""
    database, metrics = await parts.get(Database), await parts.get(FileServiceMetrics)
    groups = (await parts.get(FileKafkaConsumer)).groups()
    platform.bus.subscribe(database, groups, ServiceTelemetry(metrics))
    health = Health(check_timeout=settings.http_ready_check_timeout)
    keep_watch(health, platform.bus, database, groups)
    health.needs("content_service", (await parts.get(ContentClientProtocol)).check)
    app = file_app(settings, metrics, health, database, parts)
    return Service(name=SERVICE_NAME, app=app, close=parts.close)


DEFINITION = ServiceDefinition(
    name=SERVICE_NAME, settings=FileSettings, start=start, scripts=Path(__file__).parent / "alembic"
)
