"""What BOS does with each message: the routing table, bound to the event bus."""

from batch_orchestrator_service.config import SERVICE_NAME
from batch_orchestrator_service.domain.asked import BulkStepDue, CancelAsked, PauseAsked, ResumeAsked, RetryAsked
from batch_orchestrator_service.domain.facts import (
    ContentDeadlinePassed,
    ContentSilencePassed,
    PhaseDeadlinePassed,
    RetryDue,
    StudentsDeadlinePassed,
)
from batch_orchestrator_service.implementations.batch_essays_ready_handler import BatchEssaysReadyHandler
from batch_orchestrator_service.implementations.batch_table import BatchTable
from batch_orchestrator_service.implementations.bulk_desk import BulkDesk
from batch_orchestrator_service.implementations.content_handler import ContentHandler
from batch_orchestrator_service.implementations.els_batch_phase_outcome_handler import ELSBatchPhaseOutcomeHandler
from batch_orchestrator_service.implementations.notification_handler import NotificationHandler
from batch_orchestrator_service.implementations.phase_handlers import PhaseProgressHandler, PhaseTimerHandler
from batch_orchestrator_service.implementations.pipeline_request_handler import PipelineRequestHandler
from batch_orchestrator_service.implementations.students_handler import StudentsHandler
from common_core.messages.batch import (
    BatchContentProvisioningCompletedV1,
    BatchEssaysReady,
    BatchValidationErrorsV1,
)
from common_core.messages.matching import BatchAuthorMatchesSuggestedV1, StudentAssociationsConfirmedV1
from common_core.messages.notification import TeacherNotificationRequestedV1
from common_core.messages.pipeline import (
    ClientBatchPipelineRequestV1,
    ELSBatchPhaseOutcomeV1,
    ELSBatchPhaseProgressV1,
)
from huleedu_service_libs.runtime.routing import Group, on, on_run, work


class BatchKafkaConsumer:
    """BOS's one group of readers."""

    def __init__(
        self,
        table: BatchTable,
        content: ContentHandler,
        ready: BatchEssaysReadyHandler,
        students: StudentsHandler,
        outcome: ELSBatchPhaseOutcomeHandler,
        timers: PhaseTimerHandler,
        progress: PhaseProgressHandler,
        requests: PipelineRequestHandler,
        notifications: NotificationHandler,
        bulk: BulkDesk,
    ) -> None:
        self._table, self._requests = table, requests
        self._routes = (
            on(BatchContentProvisioningCompletedV1, content.handle),
            on(BatchValidationErrorsV1, content.handle),
            on(ContentDeadlinePassed, content.handle),
            on(ContentSilencePassed, content.handle),
            on(BatchEssaysReady, ready.handle),
            on(BatchAuthorMatchesSuggestedV1, students.suggested),
            on(StudentAssociationsConfirmedV1, students.confirmed),
            on(StudentsDeadlinePassed, students.overdue),
            on(ELSBatchPhaseOutcomeV1, outcome.handle),
            on(PhaseDeadlinePassed, timers.deadline_passed),
            on(RetryDue, timers.retry_due),
            on(BulkStepDue, bulk.step),
            on(CancelAsked, bulk.decide),
            on(PauseAsked, bulk.decide),
            on(ResumeAsked, bulk.decide),
            on(RetryAsked, bulk.decide),
            on(ClientBatchPipelineRequestV1, requests.handle),
            on_run(ELSBatchPhaseProgressV1, progress.handle, with_states=True),
            on_run(TeacherNotificationRequestedV1, notifications.handle, with_states=True),
        )

    def groups(self) -> tuple[Group, ...]:
        """To be subscribed."""
        asking = work(
            ClientBatchPipelineRequestV1, self._requests.perform, self._requests.conclude, self._requests.abandon
        )
        return (Group(name=SERVICE_NAME, states=self._table, routes=self._routes, work=(asking,)),)
