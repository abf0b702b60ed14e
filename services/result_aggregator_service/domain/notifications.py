"""What a batch's teacher is told."""

from common_core.enums import NotificationPriority, WebSocketEventCategory
from common_core.messages.notification import TeacherNotificationRequestedV1
from common_core.messages.results import BatchResultsReadyV1


def results_ready(
    announced: BatchResultsReadyV1, class_id: str | None, correlation_id: str
) -> TeacherNotificationRequestedV1:
    """That the results of a run can be read, as they were announced."""
    return TeacherNotificationRequestedV1(
        teacher_id=announced.user_id,
        notification_type="batch_results_ready",
        category=WebSocketEventCategory.PROCESSING_RESULTS,
        priority=NotificationPriority.HIGH,
        payload=_payload(announced),
        correlation_id=correlation_id,
        batch_id=announced.batch_id,
        class_id=class_id,
        timestamp=announced.timestamp,
    )


def _payload(announced: BatchResultsReadyV1) -> dict[str, object]:
    done, total = announced.completed_essays, announced.total_essays
    return {
        "batch_id": announced.batch_id,
        "run_id": announced.run_id,
        "overall_status": announced.overall_status,
        "total_essays": total,
        "completed_essays": done,
        "processing_duration_seconds": announced.processing_duration_seconds,
        "phase_results": announced.phase_results,
        "message": f"Results are ready: {done} of {total} essay{'' if total == 1 else 's'} came through.",
    }
