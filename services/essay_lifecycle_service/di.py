"""The parts of this service and how they fit."""

from dishka import Provider, Scope, from_context, provide

from common_core.enums import PhaseName
from essay_lifecycle_service.config import Settings
from essay_lifecycle_service.implementations.control_handlers import ControlHandler
from essay_lifecycle_service.implementations.essay_facts_postgres_impl import PostgreSQLEssayFactsImpl
from essay_lifecycle_service.implementations.intake_handlers import IntakeHandler
from essay_lifecycle_service.implementations.intake_repository_postgres_impl import PostgreSQLIntakeRepositoryImpl
from essay_lifecycle_service.implementations.matching_handlers import MatchingHandler
from essay_lifecycle_service.implementations.matching_repository_postgres_impl import PostgreSQLMatchingRepositoryImpl
from essay_lifecycle_service.implementations.phase_handlers import PhaseHandler
from essay_lifecycle_service.implementations.phase_repository_postgres_impl import PostgreSQLPhaseRepositoryImpl
from essay_lifecycle_service.implementations.plan_shelf import PlanShelf
from essay_lifecycle_service.kafka_consumer import EssayKafkaConsumer
from essay_lifecycle_service.metrics import EssayLifecycleMetrics
from essay_lifecycle_service.protocols import (
    EssayFactsProtocol,
    IntakeRepositoryProtocol,
    MatchingRepositoryProtocol,
    PhaseRepositoryProtocol,
)
from huleedu_service_libs.runtime import Database, current_unit


class StoreProvider(Provider):
    """What is kept, and where: tests replace this one."""

    scope = Scope.APP
    settings = from_context(Settings)

    @provide
    def intakes(self) -> IntakeRepositoryProtocol:
        """Batches and their files."""
        return PostgreSQLIntakeRepositoryImpl()

    @provide
    def matchings(self) -> MatchingRepositoryProtocol:
        """Who wrote which essay."""
        return PostgreSQLMatchingRepositoryImpl()

    @provide
    def phases(self, settings: Settings) -> PhaseRepositoryProtocol:
        """Phases, and the plans used last."""
        return PostgreSQLPhaseRepositoryImpl(settings.policy, PlanShelf())

    @provide
    def facts(self, database: Database) -> EssayFactsProtocol:
        """What HTTP asks for."""
        return PostgreSQLEssayFactsImpl(database)


class HandlerProvider(Provider):
    """Who handles what."""

    scope = Scope.APP

    @provide
    def metrics(self) -> EssayLifecycleMetrics:
        """This service's own registry."""
        return EssayLifecycleMetrics(Settings.service_name)

    @provide
    def consumer(
        self,
        intakes: IntakeRepositoryProtocol,
        matchings: MatchingRepositoryProtocol,
        phases: PhaseRepositoryProtocol,
        metrics: EssayLifecycleMetrics,
    ) -> EssayKafkaConsumer:
        """The routing table and its handlers."""
        handlers = {name: PhaseHandler(name, phases, current_unit, metrics) for name in PhaseName}
        control = ControlHandler(phases, handlers, current_unit)
        intake, matching = IntakeHandler(intakes, current_unit), MatchingHandler(matchings, current_unit)
        return EssayKafkaConsumer(intake, matching, handlers, control)
