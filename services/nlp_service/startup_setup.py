"""Puts the NLP service together and starts it."""

from pathlib import Path

from dishka import AsyncContainer, Provider, make_async_container

from huleedu_service_libs.content_client import ContentClientProtocol
from huleedu_service_libs.runtime import Database
from huleedu_service_libs.service import Platform, Service, ServiceDefinition
from huleedu_service_libs.settings import ServiceSettings
from huleedu_service_libs.surroundings import ContentProvider, SurroundingsProvider, take_part
from huleedu_service_libs.tracing import Tracing
from nlp_service.app import nlp_app
from nlp_service.config import SERVICE_NAME, NlpSettings
from nlp_service.di import AnalysisProvider
from nlp_service.kafka_consumer import NlpKafkaConsumer
from nlp_service.metrics import NlpServiceMetrics
from nlp_service.protocols import RosterClientProtocol


def container(settings: NlpSettings, platform: Platform, *replacements: Provider) -> AsyncContainer:
    """All parts of the service, some of them replaced; closing it closes them."""
    context = {NlpSettings: settings, ServiceSettings: settings, Platform: platform}
    return make_async_container(
        SurroundingsProvider(), ContentProvider(), AnalysisProvider(), *replacements, context=context
    )


async def start(settings: NlpSettings, platform: Platform) -> Service:
    """Subscribe to events and make the app."""
    parts = container(settings, platform)
    database, groups = await parts.get(Database), (await parts.get(NlpKafkaConsumer)).groups()
    metrics, tracing = await parts.get(NlpServiceMetrics), await parts.get(Tracing)
    health = take_part(platform, settings, database, groups, metrics, tracing)
    health.needs("content_service", (await parts.get(ContentClientProtocol)).check)
    health.wants("class_management_service", (await parts.get(RosterClientProtocol)).check)
    app = nlp_app(settings, metrics, health, tracing)
    return Service(name=SERVICE_NAME, app=app, close=parts.close)


DEFINITION = ServiceDefinition(
    name=SERVICE_NAME, settings=NlpSettings, start=start, scripts=Path(__file__).parent / "alembic"
)
