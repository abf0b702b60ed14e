"""The parts of the NLP service and how they fit."""

from collections.abc import AsyncIterator

from dishka import Provider, Scope, from_context, provide

from huleedu_service_libs.content_client import ContentClientProtocol, HttpContentClient
from huleedu_service_libs.essay_work import EssayWork
from huleedu_service_libs.http_client import PeerClient
from huleedu_service_libs.runtime import Database
from huleedu_service_libs.service import Platform
from nlp_service.config import SERVICE_NAME, NlpSettings
from nlp_service.implementations.analyse_essays_handler import ANALYSIS_FAILED, AnalyseEssaysHandler
from nlp_service.implementations.analysis_repository_postgres_impl import PostgreSQLAnalysisRepository
from nlp_service.implementations.language_engine import LanguageAnalysisEngine
from nlp_service.implementations.no_engine import NoAnalysisEngine
from nlp_service.kafka_consumer import NlpKafkaConsumer
from nlp_service.metrics import NlpServiceMetrics
from nlp_service.protocols import AnalysisEngineProtocol


class SurroundingsProvider(Provider):
    """What the service reaches outside its process."""

    scope = Scope.APP
    settings = from_context(NlpSettings)
    platform = from_context(Platform)

    @provide
    def metrics(self) -> NlpServiceMetrics:
        return NlpServiceMetrics(SERVICE_NAME)

    @provide
    async def database(self, platform: Platform) -> AsyncIterator[Database]:
        database = await Database.connect(platform.dsn, SERVICE_NAME, clock=platform.clock)
        yield database
        await database.close()

    @provide
    async def content(
        self, settings: NlpSettings, platform: Platform, metrics: NlpServiceMetrics
    ) -> AsyncIterator[ContentClientProtocol]:
        address = platform.address("content_service", settings.content_service_url)
        async with PeerClient("content_service", address, settings, metrics) as peer:
            yield HttpContentClient(peer)


class AnalysisProvider(Provider):
    """What the service does."""

    scope = Scope.APP
    analyses = provide(PostgreSQLAnalysisRepository)
    essays = provide(AnalyseEssaysHandler)
    language_engine = provide(LanguageAnalysisEngine)
    no_engine = provide(NoAnalysisEngine)
    consumer = provide(NlpKafkaConsumer)

    @provide
    def work(self, content: ContentClientProtocol, platform: Platform, settings: NlpSettings) -> EssayWork:
        return EssayWork(content, platform.pool, error_code=ANALYSIS_FAILED, time_limit=settings.essay_time_limit)

    @provide
    def engine(
        self, settings: NlpSettings, language: LanguageAnalysisEngine, none: NoAnalysisEngine
    ) -> AnalysisEngineProtocol:
        engines: dict[str, AnalysisEngineProtocol] = {"language": language, "none": none}
        return engines[settings.engine]
