"""Starts BOS: container, readers, app."""

from pathlib import Path

from dishka import AsyncContainer, make_async_container

from batch_orchestrator_service.app import create_app
from batch_orchestrator_service.config import SERVICE_NAME, BatchOrchestratorSettings
from batch_orchestrator_service.di import BatchProvider, ConsumerProvider, OutsideProvider
from batch_orchestrator_service.kafka_consumer import BatchKafkaConsumer
from huleedu_service_libs.health import Health
from huleedu_service_libs.metrics import ServiceMetrics
from huleedu_service_libs.runtime.database import Database
from huleedu_service_libs.service import Platform, Service, ServiceDefinition, keep_watch
from huleedu_service_libs.tracing import Tracing, configure_tracing

SCRIPTS = Path(__file__).parent / "alembic"


async def start(settings: BatchOrchestratorSettings, platform: Platform) -> Service:
    """Subscribe the readers and make the app."""
    database = await Database.connect(platform.dsn, SERVICE_NAME, clock=platform.clock)
    metrics, tracing = ServiceMetrics(SERVICE_NAME), configure_tracing(SERVICE_NAME, settings)
    container = make_container(settings, platform, database, metrics, tracing)
    groups = (await container.get(BatchKafkaConsumer)).groups()
    platform.bus.subscribe(database, groups)
    health = Health(check_timeout=settings.http_ready_check_timeout)
    keep_watch(health, platform.bus, database, groups)
    app = create_app(container, settings, metrics, health, tracing)
    app.extensions["huleedu_database"] = database

    async def close() -> None:
        await container.close()
        await database.close()
        tracing.close()

    return Service(name=SERVICE_NAME, app=app, close=close)


def make_container(
    settings: BatchOrchestratorSettings,
    platform: Platform,
    database: Database,
    metrics: ServiceMetrics,
    tracing: Tracing,
) -> AsyncContainer:
    """All parts of BOS."""
    context = {
        BatchOrchestratorSettings: settings,
        Platform: platform,
        Database: database,
        ServiceMetrics: metrics,
        Tracing: tracing,
    }
    return make_async_container(OutsideProvider(), BatchProvider(), ConsumerProvider(), context=context)


DEFINITION = ServiceDefinition(name=SERVICE_NAME, settings=BatchOrchestratorSettings, start=start, scripts=SCRIPTS)
