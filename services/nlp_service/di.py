"""The parts of the NLP service and how they fit."""

from collections.abc import AsyncIterator

from dishka import Provider, Scope, alias, from_context, provide

from huleedu_service_libs.cancelled_runs import CancelledRuns
from huleedu_service_libs.content_client import ContentClientProtocol
from huleedu_service_libs.essay_work import EssayWork
from huleedu_service_libs.http_client import PeerClient
from huleedu_service_libs.metrics import ServiceMetrics
from huleedu_service_libs.service import Platform
from huleedu_service_libs.surroundings import ReadsContent
from huleedu_service_libs.tracing import Tracing
from nlp_service.config import SERVICE_NAME, NlpSettings
from nlp_service.implementations.analyse_essays_handler import ANALYSIS_FAILED, AnalyseEssaysHandler
from nlp_service.implementations.analysis_repository_postgres_impl import PostgreSQLAnalysisRepository
from nlp_service.implementations.language_engine import LanguageAnalysisEngine
from nlp_service.implementations.match_students_handler import MATCHING_FAILED, MatchStudentsHandler
from nlp_service.implementations.matching_repository_postgres_impl import PostgreSQLMatchingRepository
from nlp_service.implementations.no_engine import NoAnalysisEngine
from nlp_service.implementations.roster_http_impl import HttpRosterClient
from nlp_service.kafka_consumer import NlpKafkaConsumer
from nlp_service.metrics import NlpServiceMetrics
from nlp_service.protocols import AnalysisEngineProtocol, RosterClientProtocol


class AnalysisProvider(Provider):
    """What the service does, and measures."""

    scope = Scope.APP
    settings = from_context(NlpSettings)
    reads_content = alias(NlpSettings, provides=ReadsContent)
    all_metrics = alias(NlpServiceMetrics, provides=ServiceMetrics)
    analyses = provide(PostgreSQLAnalysisRepository)
    matchings = provide(PostgreSQLMatchingRepository)
    cancelled = provide(CancelledRuns)
    essays = provide(AnalyseEssaysHandler)
    language_engine = provide(LanguageAnalysisEngine)
    no_engine = provide(NoAnalysisEngine)
    consumer = provide(NlpKafkaConsumer)

    @provide
    def metrics(self) -> NlpServiceMetrics:
        return NlpServiceMetrics(SERVICE_NAME)

    @provide
    def work(self, content: ContentClientProtocol, platform: Platform, settings: NlpSettings) -> EssayWork:
        return EssayWork(content, platform.pool, error_code=ANALYSIS_FAILED, time_limit=settings.essay_time_limit)

    @provide
    async def rosters(
        self, settings: NlpSettings, platform: Platform, metrics: ServiceMetrics, tracing: Tracing
    ) -> AsyncIterator[RosterClientProtocol]:
        """Class management, wherever it is."""
        address = platform.address("class_management_service", settings.class_management_service_url)
        async with PeerClient("class_management_service", address, settings, metrics, tracing) as peer:
            yield HttpRosterClient(peer, settings.huleedu_internal_api_key)

    @provide
    def matching(
        self,
        content: ContentClientProtocol,
        platform: Platform,
        settings: NlpSettings,
        rosters: RosterClientProtocol,
        matchings: PostgreSQLMatchingRepository,
        cancelled: CancelledRuns,
        metrics: NlpServiceMetrics,
    ) -> MatchStudentsHandler:
        work = EssayWork(content, platform.pool, error_code=MATCHING_FAILED, time_limit=settings.matching_time_limit)
        return MatchStudentsHandler(work, rosters, matchings, cancelled, metrics, settings.matching_auto_accept)

    @provide
    def engine(
        self, settings: NlpSettings, language: LanguageAnalysisEngine, none: NoAnalysisEngine
    ) -> AnalysisEngineProtocol:
        engines: dict[str, AnalysisEngineProtocol] = {"language": language, "none": none}
        return engines[settings.engine]
