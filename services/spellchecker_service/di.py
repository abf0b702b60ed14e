"""The parts of the spellchecker and how they fit."""

from collections.abc import AsyncIterator

from dishka import Provider, Scope, from_context, provide

from huleedu_service_libs.content_client import ContentClientProtocol, HttpContentClient
from huleedu_service_libs.essay_work import EssayWork
from huleedu_service_libs.http_client import PeerClient
from huleedu_service_libs.runtime import Database
from huleedu_service_libs.service import Platform
from spellchecker_service.config import SERVICE_NAME, SpellcheckerSettings
from spellchecker_service.implementations.language_engine import CHECK_FAILED, LanguageSpellingEngine
from spellchecker_service.implementations.no_engine import NoSpellingEngine
from spellchecker_service.implementations.spellcheck_rows_postgres_impl import PostgreSQLSpellcheckRows
from spellchecker_service.kafka_consumer import SpellcheckerKafkaConsumer
from spellchecker_service.metrics import SpellcheckerMetrics
from spellchecker_service.protocols import SpellingEngineProtocol


class SurroundingsProvider(Provider):
    """What the service reaches outside its process."""

    scope = Scope.APP
    settings = from_context(SpellcheckerSettings)
    platform = from_context(Platform)

    @provide
    def metrics(self) -> SpellcheckerMetrics:
        return SpellcheckerMetrics(SERVICE_NAME)

    @provide
    async def database(self, platform: Platform) -> AsyncIterator[Database]:
        database = await Database.connect(platform.dsn, SERVICE_NAME, clock=platform.clock)
        yield database
        await database.close()

    @provide
    async def content(
        self, settings: SpellcheckerSettings, platform: Platform, metrics: SpellcheckerMetrics
    ) -> AsyncIterator[ContentClientProtocol]:
        address = platform.address("content_service", settings.content_service_url)
        async with PeerClient("content_service", address, settings, metrics) as peer:
            yield HttpContentClient(peer)


class SpellingProvider(Provider):
    """What the service does."""

    scope = Scope.APP
    rows = provide(PostgreSQLSpellcheckRows)
    no_engine = provide(NoSpellingEngine)
    consumer = provide(SpellcheckerKafkaConsumer)

    @provide
    def work(self, content: ContentClientProtocol, platform: Platform, settings: SpellcheckerSettings) -> EssayWork:
        return EssayWork(content, platform.pool, error_code=CHECK_FAILED, time_limit=settings.essay_time_limit)

    @provide
    def language_engine(
        self, work: EssayWork, rows: PostgreSQLSpellcheckRows, metrics: SpellcheckerMetrics, platform: Platform
    ) -> LanguageSpellingEngine:
        return LanguageSpellingEngine(work, rows, metrics, platform.data_dir / "lexicons")

    @provide
    def engine(
        self, settings: SpellcheckerSettings, language: LanguageSpellingEngine, none: NoSpellingEngine
    ) -> SpellingEngineProtocol:
        engines: dict[str, SpellingEngineProtocol] = {"language": language, "none": none}
        return engines[settings.engine]
