"""Puts File Service together and starts it."""

from pathlib import Path

from dishka import AsyncContainer, Provider, make_async_container

from file_service.app import file_app
from file_service.config import SERVICE_NAME, FileSettings
from file_service.di import PeerProvider, UploadProvider
from file_service.kafka_consumer import FileKafkaConsumer
from file_service.metrics import FileServiceMetrics
from huleedu_service_libs.content_client import ContentClientProtocol
from huleedu_service_libs.runtime import Database
from huleedu_service_libs.service import Platform, Service, ServiceDefinition
from huleedu_service_libs.settings import ServiceSettings
from huleedu_service_libs.surroundings import ContentProvider, SurroundingsProvider, take_part
from huleedu_service_libs.tracing import Tracing


def container(settings: FileSettings, platform: Platform, *replacements: Provider) -> AsyncContainer:
    """All parts of the service, some of them replaced; closing it closes them."""
    context = {FileSettings: settings, ServiceSettings: settings, Platform: platform}
    ours = (SurroundingsProvider(), ContentProvider(), PeerProvider(), UploadProvider())
    return make_async_container(*ours, *replacements, context=context)


async def start(settings: FileSettings, platform: Platform) -> Service:
    """Start the service as it is."""
    return await started(settings, platform, container(settings, platform))


async def started(settings: FileSettings, platform: Platform, parts: AsyncContainer) -> Service:
    """Have its work done, and make the app."""
    database, groups = await parts.get(Database), (await parts.get(FileKafkaConsumer)).groups()
    metrics, tracing = await parts.get(FileServiceMetrics), await parts.get(Tracing)
    health = take_part(platform, settings, database, groups, metrics, tracing)
    health.needs("content_service", (await parts.get(ContentClientProtocol)).check)
    return Service(name=SERVICE_NAME, app=await file_app(settings, health, parts), close=parts.close)


DEFINITION = ServiceDefinition(
    name=SERVICE_NAME, settings=FileSettings, start=start, scripts=Path(__file__).parent / "alembic"
)
