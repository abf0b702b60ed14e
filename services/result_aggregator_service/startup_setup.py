"""How the service starts and ends."""

from pathlib import Path

from dishka import make_async_container

from huleedu_service_libs.health import Health
from huleedu_service_libs.runtime.database import Database
from huleedu_service_libs.service import Platform, Service, ServiceDefinition, keep_watch
from result_aggregator_service.app import create_result_app
from result_aggregator_service.config import SERVICE_NAME, ResultAggregatorSettings
from result_aggregator_service.di import EventProvider, ReportProvider, StorageProvider
from result_aggregator_service.kafka_consumer import ResultKafkaConsumer


async def start(settings: ResultAggregatorSettings, platform: Platform) -> Service:
    """Open the database, subscribe the group, make the app."""
    database = await Database.connect(platform.dsn, SERVICE_NAME, size=settings.db_pool_size, clock=platform.clock)
    container = make_async_container(StorageProvider(), EventProvider(), ReportProvider(), context={Database: database})
    groups = (await container.get(ResultKafkaConsumer)).groups()
    platform.bus.subscribe(database, groups)
    health = Health(check_timeout=settings.http_ready_check_timeout)
    keep_watch(health, platform.bus, database, groups)

    async def close() -> None:
        await container.close()
        await database.close()

    return Service(name=SERVICE_NAME, app=create_result_app(settings, container, health), close=close)


DEFINITION = ServiceDefinition(
    name=SERVICE_NAME,
    settings=ResultAggregatorSettings,
    start=start,
    scripts=Path(__file__).parent / "alembic",
)
