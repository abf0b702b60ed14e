"""The parts of the NLP service and how they fit."""

from dishka import Provider, Scope, alias, from_context, provide

from huleedu_service_libs.cancelled_runs import CancelledRuns
from huleedu_service_libs.content_client import ContentClientProtocol
from huleedu_service_libs.essay_work import EssayWork
from huleedu_service_libs.metrics import ServiceMetrics
from huleedu_service_libs.service import Platform
from huleedu_service_libs.surroundings import ReadsContent
from nlp_service.config import SERVICE_NAME, NlpSettings
from nlp_service.implementations.analyse_essays_handler import ANALYSIS_FAILED, AnalyseEssaysHandler
from nlp_service.implementations.analysis_repository_postgres_impl import PostgreSQLAnalysisRepository
from nlp_service.implementations.language_engine import LanguageAnalysisEngine
from nlp_service.implementations.no_engine import NoAnalysisEngine
from nlp_service.kafka_consumer import NlpKafkaConsumer
from nlp_service.metrics import NlpServiceMetrics
from nlp_service.protocols import AnalysisEngineProtocol


class AnalysisProvider(Provider):
    """What the service does, and measures."""

    scope = Scope.APP
    settings = from_context(NlpSettings)
    reads_content = alias(NlpSettings, provides=ReadsContent)
    all_metrics = alias(NlpServiceMetrics, provides=ServiceMetrics)
    analyses = provide(PostgreSQLAnalysisRepository)
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
    def engine(
        self, settings: NlpSettings, language: LanguageAnalysisEngine, none: NoAnalysisEngine
    ) -> AnalysisEngineProtocol:
        engines: dict[str, AnalysisEngineProtocol] = {"language": language, "none": none}
        return engines[settings.engine]
