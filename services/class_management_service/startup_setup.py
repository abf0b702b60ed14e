"""Puts class management together and starts it."""

from pathlib import Path

from dishka import AsyncContainer, make_async_container

from class_management_service.app import create_app
from class_management_service.config import SERVICE_NAME, ClassManagementSettings
from class_management_service.di import ClassProvider, StorageProvider
from class_management_service.kafka_consumer import ClassKafkaConsumer
from huleedu_service_libs.metrics import ServiceMetrics
from huleedu_service_libs.runtime.database import Database
from huleedu_service_libs.service import Platform, Service, ServiceDefinition
from huleedu_service_libs.settings import ServiceSettings
from huleedu_service_libs.surroundings import SurroundingsProvider, take_part
from huleedu_service_libs.tracing import Tracing

SCRIPTS = Path(__file__).parent / "alembic"


def make_container(settings: ClassManagementSettings, platform: Platform) -> AsyncContainer:
    """All parts of the service; closing it closes them."""
    context = {ClassManagementSettings: settings, ServiceSettings: settings, Platform: platform}
    return make_async_container(SurroundingsProvider(), StorageProvider(), ClassProvider(), context=context)


async def start(settings: ClassManagementSettings, platform: Platform) -> Service:
    """Have its group read, and make the app."""
    parts = make_container(settings, platform)
    database, groups = await parts.get(Database), (await parts.get(ClassKafkaConsumer)).groups()
    metrics, tracing = await parts.get(ServiceMetrics), await parts.get(Tracing)
    health = take_part(platform, settings, database, groups, metrics, tracing)
    app = create_app(parts, settings, metrics, health, tracing)
    app.extensions["huleedu_database"] = database
    return Service(name=SERVICE_NAME, app=app, close=parts.close)


DEFINITION = ServiceDefinition(name=SERVICE_NAME, settings=ClassManagementSettings, start=start, scripts=SCRIPTS)
