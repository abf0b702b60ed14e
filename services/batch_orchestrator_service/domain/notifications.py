"""What BOS tells a batch's teacher: each once, with the decision that it tells of.

Of a cancelled batch nothing is told but that somebody else has cancelled it.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from batch_orchestrator_service.domain.asked import Asked, CancelAsked, PauseAsked, ResumeAsked
from batch_orchestrator_service.domain.batch import Batch
from batch_orchestrator_service.domain.ingestion import DEADLINE_PASSED
from batch_orchestrator_service.domain.matching import TIMED_OUT
from batch_orchestrator_service.domain.pipeline import PHASES
from batch_orchestrator_service.domain.run import COMPLETED, PhaseRun, Run
from common_core.enums import NotificationPriority, WebSocketEventCategory
from common_core.messages.notification import TeacherNotificationRequestedV1
from common_core.messages.pipeline import PipelineDeniedV1

PROCESSING_STARTED = "batch_processing_started"
PROCESSING_DELAYED = "batch_processing_delayed"
PIPELINE_COMPLETED = "pipeline_completed"
CONTENT_FAILED = "batch_content_ingestion_failed"
CONTENT_INCOMPLETE = "batch_content_deadline_passed"
STUDENTS_GIVEN_UP = "batch_student_validation_timed_out"
CANCELLED, PAUSED, RESUMED = "batch_cancelled", "batch_paused", "batch_resumed"

_BY_OTHERS: Mapping[type[Asked], tuple[str, NotificationPriority, str]] = {
    CancelAsked: (CANCELLED, NotificationPriority.HIGH, "cancelled"),
    PauseAsked: (PAUSED, NotificationPriority.STANDARD, "paused"),
    ResumeAsked: (RESUMED, NotificationPriority.STANDARD, "resumed"),
}

Told = tuple[TeacherNotificationRequestedV1, ...]


def started(batch: Batch, run: Run, at: datetime) -> TeacherNotificationRequestedV1:
    """A run has begun, with these phases before it."""
    ahead = [phase for phase in run.phases if not phase.has_ended]
    first = next(phase for phase in ahead if phase.awaits_outcome)
    return _notification(
        batch,
        PROCESSING_STARTED,
        NotificationPriority.LOW,
        f"Processing has started: {_title(first)} of {_essays(len(first.outstanding))}.",
        at,
        run.correlation_id,
        run_id=run.run_id,
        requested_pipeline=run.pipeline,
        resolved_pipeline=[phase.name for phase in ahead],
        first_phase=first.name,
        total_phases=len(ahead),
    )


def delayed(batch: Batch, run: Run, phase: PhaseRun, at: datetime) -> Told:
    """A phase has had its time. Once in a run: what further attempts do about it, they do by themselves."""
    if phase.retries:
        return ()
    message = (
        f"{_title(phase).capitalize()} takes longer than it should. Essays that are not done soon are tried again."
    )
    told = _notification(
        batch,
        PROCESSING_DELAYED,
        NotificationPriority.STANDARD,
        message,
        at,
        run.correlation_id,
        run_id=run.run_id,
        phase_name=phase.name,
    )
    return (told,)


def completed(batch: Batch, run: Run, at: datetime) -> TeacherNotificationRequestedV1:
    """A run has come to an end of its own."""
    failed = len(run.essays) - run.successful
    result = f"{run.successful} of {_essays(len(run.essays))} came through"
    return _notification(
        batch,
        PIPELINE_COMPLETED,
        NotificationPriority.IMMEDIATE if failed else NotificationPriority.HIGH,
        f"{result}; {failed} failed." if failed else f"{result}.",
        at,
        run.correlation_id,
        action_required=failed > 0,
        run_id=run.run_id,
        final_status=run.status,
        completed_phases=[phase.name for phase in run.phases if phase.status in COMPLETED],
        successful_essays=run.successful,
        failed_essays=failed,
        duration_seconds=(at - run.started_at).total_seconds(),
    )


def content_closed(batch: Batch, at: datetime) -> Told:
    """No more content will come: the teacher is told if none can be used, or if some has not come in time."""
    ingestion = batch.ingestion
    if batch.cancelled or not (ingestion.error_code or ingestion.wait.overdue):
        return ()
    return (_content_failed(batch, at) if ingestion.error_code else _content_incomplete(batch, at),)


def _content_failed(batch: Batch, at: datetime) -> TeacherNotificationRequestedV1:
    is_late = batch.ingestion.error_code == DEADLINE_PASSED
    return _notification(
        batch,
        CONTENT_FAILED,
        NotificationPriority.IMMEDIATE,
        "No usable file came in time." if is_late else "None of the files can be used.",
        at,
        batch.registration.correlation_id,
        action_required=True,
        error_code=batch.ingestion.error_code,
        expected_essays=len(batch.essays.ids),
    )


def _content_incomplete(batch: Batch, at: datetime) -> TeacherNotificationRequestedV1:
    usable, expected = len(batch.essays.ready), len(batch.essays.ids)
    return _notification(
        batch,
        CONTENT_INCOMPLETE,
        NotificationPriority.HIGH,
        f"The time for handing in is over: {usable} of {_essays(expected)} can be processed.",
        at,
        batch.registration.correlation_id,
        action_required=True,
        usable_essays=usable,
        expected_essays=expected,
    )


def students_given_up(batch: Batch, at: datetime) -> Told:
    """It goes on without students; that ELS alone was too slow is no matter of the teacher's."""
    if batch.matching.confirmation is not None:
        return ()
    suggested = batch.matching.awaits == "teacher_confirmation"
    what = "was not confirmed" if suggested else "could not be found out"
    message = f"It {what} in time who wrote the essays: the batch goes on without names."
    told = _notification(
        batch,
        STUDENTS_GIVEN_UP,
        NotificationPriority.HIGH,
        message,
        at,
        batch.registration.correlation_id,
        category=WebSocketEventCategory.STUDENT_WORKFLOW,
        action_required=True,
        error_code=TIMED_OUT,
    )
    return (told,)


def by_others(batch: Batch, asked: Asked, at: datetime) -> Told:
    """The batch was stopped, paused or resumed; its own teacher knows who did that."""
    if asked.asked_by == batch.registration.user_id:
        return ()
    kind, priority, done = _BY_OTHERS[type(asked)]
    message = f"The batch was {done} by {asked.asked_by or 'somebody'}"
    told = _notification(
        batch,
        kind,
        priority,
        f"{message}: {asked.reason}" if asked.reason else f"{message}.",
        at,
        asked.correlation_id,
        asked_by=asked.asked_by,
        reason=asked.reason,
    )
    return (told,)


def denied(denial: PipelineDeniedV1, correlation_id: str) -> TeacherNotificationRequestedV1:
    """What was asked for in a message, which nobody answers, is not done."""
    return TeacherNotificationRequestedV1(
        teacher_id=denial.user_id,
        notification_type=f"pipeline_denied_{denial.denial_reason}",
        category=WebSocketEventCategory.BATCH_PROGRESS,
        priority=NotificationPriority.IMMEDIATE,
        payload={
            "batch_id": denial.batch_id,
            "requested_pipeline": denial.requested_pipeline,
            "denial_code": denial.denial_code,
            "message": denial.detail,
        },
        correlation_id=correlation_id,
        batch_id=denial.batch_id,
        timestamp=denial.denied_at,
    )


def _title(phase: PhaseRun) -> str:
    return PHASES[phase.name].title


def _essays(count: int) -> str:
    return f"{count} essay" if count == 1 else f"{count} essays"


def _notification(
    batch: Batch,
    kind: str,
    priority: NotificationPriority,
    message: str,
    at: datetime,
    correlation_id: str,
    *,
    category: WebSocketEventCategory = WebSocketEventCategory.BATCH_PROGRESS,
    action_required: bool = False,
    **facts: Any,
) -> TeacherNotificationRequestedV1:
    return TeacherNotificationRequestedV1(
        teacher_id=batch.registration.user_id,
        notification_type=kind,
        category=category,
        priority=priority,
        payload={"batch_id": batch.batch_id, **facts, "message": message},
        action_required=action_required,
        correlation_id=correlation_id,
        batch_id=batch.batch_id,
        class_id=batch.registration.class_id,
        timestamp=at,
    )
