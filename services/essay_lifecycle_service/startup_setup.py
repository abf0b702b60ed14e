"""Starts this service: container, groups, app."""

from pathlib import Path

from dishka import make_async_container

from essay_lifecycle_service.app import make_app
from essay_lifecycle_service.config import Settings
from essay_lifecycle_service.di import HandlerProvider, StoreProvider
from essay_lifecycle_service.kafka_consumer import EssayKafkaConsumer
from essay_lifecycle_service.metrics import EssayLifecycleMetrics
from huleedu_service_libs.runtime import Database
from huleedu_service_libs.service import Platform, Service, ServiceDefinition
from huleedu_service_libs.settings import ServiceSettings
from huleedu_service_libs.surroundings import SurroundingsProvider, take_part
from huleedu_service_libs.tracing import Tracing


async def start(settings: Settings, platform: Platform) -> Service:
    """Connect, subscribe, make the app."""
    context = {Settings: settings, ServiceSettings: settings, Platform: platform}
    container = make_async_container(SurroundingsProvider(), StoreProvider(), HandlerProvider(), context=context)
    groups = (await container.get(EssayKafkaConsumer)).groups()
    database, tracing = await container.get(Database), await container.get(Tracing)
    metrics = await container.get(EssayLifecycleMetrics)
    health = take_part(platform, settings, database, groups, metrics, tracing)
    app = make_app(settings, container, metrics, health, tracing)
    return Service(name=settings.service_name, app=app, close=container.close)


DEFINITION = ServiceDefinition(
    name=Settings.service_name, settings=Settings, start=start, scripts=Path(__file__).parent / "alembic"
)
