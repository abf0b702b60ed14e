"""Puts the spellchecker together and starts it."""

from pathlib import Path

from dishka import AsyncContainer, Provider, make_async_container

from huleedu_service_libs.content_client import ContentClientProtocol
from huleedu_service_libs.runtime import Database
from huleedu_service_libs.service import Platform, Service, ServiceDefinition
from huleedu_service_libs.settings import ServiceSettings
from huleedu_service_libs.surroundings import ContentProvider, SurroundingsProvider, take_part
from huleedu_service_libs.tracing import Tracing
from spellchecker_service.app import spellchecker_app
from spellchecker_service.config import SERVICE_NAME, SpellcheckerSettings
from spellchecker_service.di import SpellingProvider
from spellchecker_service.kafka_consumer import SpellcheckerKafkaConsumer
from spellchecker_service.metrics import SpellcheckerMetrics


def container(settings: SpellcheckerSettings, platform: Platform, *replacements: Provider) -> AsyncContainer:
    """All parts of the service, some of them replaced; closing it closes them."""
    context = {SpellcheckerSettings: settings, ServiceSettings: settings, Platform: platform}
    return make_async_container(
        SurroundingsProvider(), ContentProvider(), SpellingProvider(), *replacements, context=context
    )


async def start(settings: SpellcheckerSettings, platform: Platform) -> Service:
    """Subscribe to events and make the app."""
    parts = container(settings, platform)
    database, groups = await parts.get(Database), (await parts.get(SpellcheckerKafkaConsumer)).groups()
    metrics, tracing = await parts.get(SpellcheckerMetrics), await parts.get(Tracing)
    health = take_part(platform, settings, database, groups, metrics, tracing)
    health.needs("content_service", (await parts.get(ContentClientProtocol)).check)
    app = spellchecker_app(settings, metrics, health, tracing)
    return Service(name=SERVICE_NAME, app=app, close=parts.close)


DEFINITION = ServiceDefinition(
    name=SERVICE_NAME, settings=SpellcheckerSettings, start=start, scripts=Path(__file__).parent / "alembic"
)
