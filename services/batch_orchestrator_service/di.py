"""BOS's parts: what fills each port, made once per process."""

from collections.abc import AsyncIterator
from datetime import datetime

from dishka import Provider, Scope, alias, from_context, provide, provide_all
from uuid_utils import uuid7

from batch_orchestrator_service.api.operations import Operations
from batch_orchestrator_service.config import SERVICE_NAME, BatchOrchestratorSettings
from batch_orchestrator_service.implementations.batch_conductor_client_impl import BatchConductorClientImpl
from batch_orchestrator_service.implementations.batch_control_impl import BatchControlImpl
from batch_orchestrator_service.implementations.batch_essays_ready_handler import BatchEssaysReadyHandler
from batch_orchestrator_service.implementations.batch_lists import BatchLists
from batch_orchestrator_service.implementations.batch_processing_service_impl import BatchProcessingServiceImpl
from batch_orchestrator_service.implementations.batch_repository_postgres_impl import PostgreSQLBatchRepositoryImpl
from batch_orchestrator_service.implementations.batch_table import BatchTable
from batch_orchestrator_service.implementations.bulk_desk import BulkDesk
from batch_orchestrator_service.implementations.content_handler import ContentHandler
from batch_orchestrator_service.implementations.decisions import BatchDecisions
from batch_orchestrator_service.implementations.els_batch_phase_outcome_handler import ELSBatchPhaseOutcomeHandler
from batch_orchestrator_service.implementations.event_publisher_impl import DefaultBatchEventPublisherImpl
from batch_orchestrator_service.implementations.notification_handler import NotificationHandler
from batch_orchestrator_service.implementations.operation_table import PostgreSQLOperationsImpl
from batch_orchestrator_service.implementations.phase_handlers import PhaseProgressHandler, PhaseTimerHandler
from batch_orchestrator_service.implementations.pipeline_desk import PipelineDesk
from batch_orchestrator_service.implementations.pipeline_request_handler import PipelineRequestHandler
from batch_orchestrator_service.implementations.prompt_desk import PromptDesk
from batch_orchestrator_service.implementations.registrar import Registrar
from batch_orchestrator_service.implementations.stream_events import BatchStreamEvent
from batch_orchestrator_service.implementations.streams import Streams, shown
from batch_orchestrator_service.implementations.students_handler import StudentsHandler
from batch_orchestrator_service.kafka_consumer import BatchKafkaConsumer
from batch_orchestrator_service.protocols import (
    BatchConductorClientProtocol,
    BatchControlProtocol,
    BatchEventPublisherProtocol,
    BatchProcessingServiceProtocol,
    BatchRepositoryProtocol,
    Clock,
    Look,
    NewId,
    OperationsProtocol,
)
from huleedu_service_libs.event_streams import Hub, StreamMetrics
from huleedu_service_libs.http_client import PeerClient
from huleedu_service_libs.metrics import ServiceMetrics
from huleedu_service_libs.runtime.database import Database
from huleedu_service_libs.runtime.tail import Tail
from huleedu_service_libs.runtime.transactions import GroupCommit, Transactions
from huleedu_service_libs.runtime.unit_of_work import current_unit
from huleedu_service_libs.service import Platform
from huleedu_service_libs.surroundings import ReadsContent
from huleedu_service_libs.tracing import Tracing


class _Look:
    """See `Look`."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    def now(self) -> datetime:
        return self._platform.clock()

    def trouble(self) -> str | None:
        return self._platform.bus.trouble(SERVICE_NAME)


class OutsideProvider(Provider):
    """What reaches beyond the process: tables, log, BCS, clock. Tests put their own in its place."""

    scope = Scope.APP

    table = provide(BatchTable)
    batches = provide(PostgreSQLBatchRepositoryImpl, provides=BatchRepositoryProtocol)
    operations = provide(PostgreSQLOperationsImpl, provides=OperationsProtocol)
    publisher = provide(DefaultBatchEventPublisherImpl, provides=BatchEventPublisherProtocol)
    streams = provide(Streams)

    @provide
    def clock(self) -> Clock:
        """The unit of work's one reading."""
        return lambda: current_unit().now

    @provide
    def look(self, platform: Platform) -> Look:
        """At the process."""
        return _Look(platform)

    @provide
    def transactions(self, platform: Platform, database: Database, table: BatchTable) -> Transactions:
        """Commands of one tick share a commit."""
        return GroupCommit(database, SERVICE_NAME, platform.bus.said, states=table)

    @provide
    def hub(
        self,
        platform: Platform,
        database: Database,
        settings: BatchOrchestratorSettings,
        metrics: ServiceMetrics,
    ) -> Hub[BatchStreamEvent]:
        """All open streams of the process."""
        return Hub(Tail(database, platform.bus, BatchStreamEvent), shown, settings, StreamMetrics(metrics))

    @provide
    async def conductor(
        self, settings: BatchOrchestratorSettings, platform: Platform, metrics: ServiceMetrics, tracing: Tracing
    ) -> AsyncIterator[BatchConductorClientProtocol]:
        """BCS, wherever it is."""
        address = platform.address("batch_conductor_service", settings.bcs_url)
        async with PeerClient("batch_conductor_service", address, settings, metrics, tracing) as peer:
            yield BatchConductorClientImpl(peer)


class BatchProvider(Provider):
    """What BOS is made of."""

    scope = Scope.APP

    settings = from_context(BatchOrchestratorSettings)
    reads_content = alias(BatchOrchestratorSettings, provides=ReadsContent)
    service = provide(BatchProcessingServiceImpl, provides=BatchProcessingServiceProtocol)
    control = provide(BatchControlImpl, provides=BatchControlProtocol)
    parts = provide_all(BatchLists, BulkDesk, BatchDecisions, Registrar, PipelineDesk, PromptDesk, Operations)

    @provide
    def metrics(self) -> ServiceMetrics:
        """A registry of its own."""
        return ServiceMetrics(SERVICE_NAME)

    @provide
    def new_id(self) -> NewId:
        """Ids that sort by time."""
        return lambda: str(uuid7())


class ConsumerProvider(Provider):
    """What handles messages."""

    scope = Scope.APP

    parts = provide_all(
        BatchKafkaConsumer,
        ContentHandler,
        BatchEssaysReadyHandler,
        StudentsHandler,
        ELSBatchPhaseOutcomeHandler,
        PhaseTimerHandler,
        PhaseProgressHandler,
        PipelineRequestHandler,
        NotificationHandler,
    )
