"""Puts BOS together and starts it."""

from pathlib import Path

from dishka import AsyncContainer, make_async_container

from batch_orchestrator_service.app import create_app
from batch_orchestrator_service.config import SERVICE_NAME, BatchOrchestratorSettings
from batch_orchestrator_service.di import BatchProvider, ConsumerProvider, OutsideProvider
from batch_orchestrator_service.implementations.stream_events import BatchStreamEvent
from batch_orchestrator_service.kafka_consumer import BatchKafkaConsumer
from huleedu_service_libs.event_streams import Hub
from huleedu_service_libs.metrics import ServiceMetrics
from huleedu_service_libs.runtime.database import Database
from huleedu_service_libs.service import Platform, Service, ServiceDefinition
from huleedu_service_libs.settings import ServiceSettings
from huleedu_service_libs.surroundings import ContentProvider, SurroundingsProvider, take_part
from huleedu_service_libs.tracing import Tracing

SCRIPTS = Path(__file__).parent / "alembic"


def make_container(settings: BatchOrchestratorSettings, platform: Platform) -> AsyncContainer:
    """All parts of BOS; closing it closes them."""
    context = {BatchOrchestratorSettings: settings, ServiceSettings: settings, Platform: platform}
    outside = (SurroundingsProvider(), ContentProvider(), OutsideProvider())
    return make_async_container(*outside, BatchProvider(), ConsumerProvider(), context=context)


async def start(settings: BatchOrchestratorSettings, platform: Platform) -> Service:
    """Have its groups read, and make the app."""
    parts = make_container(settings, platform)
    database, groups = await parts.get(Database), (await parts.get(BatchKafkaConsumer)).groups()
    metrics, tracing = await parts.get(ServiceMetrics), await parts.get(Tracing)
    health = take_part(platform, settings, database, groups, metrics, tracing)
    app = create_app(parts, settings, metrics, health, tracing)
    app.extensions["huleedu_database"] = database
    app.on_stopping.append((await parts.get(Hub[BatchStreamEvent])).end)
    return Service(name=SERVICE_NAME, app=app, close=parts.close)


DEFINITION = ServiceDefinition(name=SERVICE_NAME, settings=BatchOrchestratorSettings, start=start, scripts=SCRIPTS)
