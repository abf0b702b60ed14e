"""Puts the NLP service together and starts it."""

from pathlib import Path

from dishka import AsyncContainer, Provider, make_async_container

from huleedu_service_libs.content_client import ContentClientProtocol
from huleedu_service_libs.health import Health
from huleedu_service_libs.runtime import Database
from huleedu_service_libs.service import Platform, Service, ServiceDefinition, keep_watch
from nlp_service.app import nlp_app
from nlp_service.config import SERVICE_NAME, NlpSettings
from nlp_service.di import AnalysisProvider, SurroundingsProvider
from nlp_service.kafka_consumer import NlpKafkaConsumer
from nlp_service.metrics import NlpServiceMetrics


def container(settings: NlpSettings, platform: Platform, *replacements: Provider) -> AsyncContainer:
    """All parts of the service, some of them replaced; closing it closes them."""
    context = {NlpSettings: settings, Platform: platform}
    return make_async_container(SurroundingsProvider(), AnalysisProvider(), *replacements, context=context)


async def start(settings: NlpSettings, platform: Platform) -> Service:
    """Subscribe to events and make the app."""
    parts = container(settings, platform)
    database, groups = await parts.get(Database), (await parts.get(NlpKafkaConsumer)).groups()
    platform.bus.subscribe(database, groups)
    health = Health(check_timeout=settings.http_ready_check_timeout)
    keep_watch(health, platform.bus, database, groups)
    health.needs("content_service", (await parts.get(ContentClientProtocol)).check)
    app = nlp_app(settings, await parts.get(NlpServiceMetrics), health)
    return Service(name=SERVICE_NAME, app=app, close=parts.close)


DEFINITION = ServiceDefinition(
    name=SERVICE_NAME, settings=NlpSettings, start=start, scripts=Path(__file__).parent / "alembic"
)
