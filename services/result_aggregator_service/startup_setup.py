"""How the service starts and ends."""

from pathlib import Path

from dishka import make_async_container

from huleedu_service_libs.metrics import ServiceMetrics
from huleedu_service_libs.runtime.database import Database
from huleedu_service_libs.service import Platform, Service, ServiceDefinition
from huleedu_service_libs.settings import ServiceSettings
from huleedu_service_libs.surroundings import SurroundingsProvider, take_part
from huleedu_service_libs.tracing import Tracing
from result_aggregator_service.app import create_result_app
from result_aggregator_service.config import SERVICE_NAME, ResultAggregatorSettings
from result_aggregator_service.di import EventProvider, ReportProvider, StorageProvider
from result_aggregator_service.kafka_consumer import ResultKafkaConsumer


async def start(settings: ResultAggregatorSettings, platform: Platform) -> Service:
    """Open the database, subscribe the group, make the app."""
    context = {ServiceSettings: settings, Platform: platform}
    container = make_async_container(
        SurroundingsProvider(), StorageProvider(), EventProvider(), ReportProvider(), context=context
    )
    groups = (await container.get(ResultKafkaConsumer)).groups()
    database, tracing = await container.get(Database), await container.get(Tracing)
    metrics = ServiceMetrics(SERVICE_NAME)
    health = take_part(platform, settings, database, groups, metrics, tracing)
    app = create_result_app(settings, container, metrics, health, tracing)
    return Service(name=SERVICE_NAME, app=app, close=container.close)


DEFINITION = ServiceDefinition(
    name=SERVICE_NAME,
    settings=ResultAggregatorSettings,
    start=start,
    scripts=Path(__file__).parent / "alembic",
)
