"""The parts of the spellchecker and how they fit."""

from dishka import Provider, Scope, alias, from_context, provide

from huleedu_service_libs.cancelled_runs import CancelledRuns
from huleedu_service_libs.content_client import ContentClientProtocol
from huleedu_service_libs.essay_work import EssayWork
from huleedu_service_libs.metrics import ServiceMetrics
from huleedu_service_libs.service import Platform
from huleedu_service_libs.surroundings import ReadsContent
from spellchecker_service.config import SERVICE_NAME, SpellcheckerSettings
from spellchecker_service.implementations.language_engine import CHECK_FAILED, LanguageSpellingEngine
from spellchecker_service.implementations.no_engine import NoSpellingEngine
from spellchecker_service.implementations.spellcheck_rows_postgres_impl import PostgreSQLSpellcheckRows
from spellchecker_service.kafka_consumer import SpellcheckerKafkaConsumer
from spellchecker_service.metrics import SpellcheckerMetrics
from spellchecker_service.protocols import SpellingEngineProtocol


class SpellingProvider(Provider):
    """What the service does, and measures."""

    scope = Scope.APP
    settings = from_context(SpellcheckerSettings)
    reads_content = alias(SpellcheckerSettings, provides=ReadsContent)
    all_metrics = alias(SpellcheckerMetrics, provides=ServiceMetrics)
    rows = provide(PostgreSQLSpellcheckRows)
    cancelled = provide(CancelledRuns)
    no_engine = provide(NoSpellingEngine)
    consumer = provide(SpellcheckerKafkaConsumer)

    @provide
    def metrics(self) -> SpellcheckerMetrics:
        return SpellcheckerMetrics(SERVICE_NAME)

    @provide
    def work(self, content: ContentClientProtocol, platform: Platform, settings: SpellcheckerSettings) -> EssayWork:
        return EssayWork(content, platform.pool, error_code=CHECK_FAILED, time_limit=settings.essay_time_limit)

    @provide
    def language_engine(
        self,
        work: EssayWork,
        rows: PostgreSQLSpellcheckRows,
        cancelled: CancelledRuns,
        metrics: SpellcheckerMetrics,
        platform: Platform,
        settings: SpellcheckerSettings,
    ) -> LanguageSpellingEngine:
        return LanguageSpellingEngine(work, rows, cancelled, metrics, platform.data_dir / "lexicons", settings)

    @provide
    def engine(
        self, settings: SpellcheckerSettings, language: LanguageSpellingEngine, none: NoSpellingEngine
    ) -> SpellingEngineProtocol:
        engines: dict[str, SpellingEngineProtocol] = {"language": language, "none": none}
        return engines[settings.engine]
