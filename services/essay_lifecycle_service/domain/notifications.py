"""What a batch's teacher is told when a phase has ended: a row for each phase that there is something to tell of."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from common_core.enums import NotificationPriority, PhaseName, WebSocketEventCategory
from common_core.messages.notification import TeacherNotificationRequestedV1
from common_core.messages.pipeline import ELSBatchPhaseOutcomeV1


class Telling(msgspec.Struct, frozen=True):
    """How the end of a phase is told: `title` is what teachers call the phase."""

    notification_type: str
    priority: NotificationPriority
    title: str


TELLINGS: Mapping[PhaseName, Telling] = {
    PhaseName.SPELLCHECK: Telling("batch_spellcheck_completed", NotificationPriority.LOW, "Spell-checking"),
    PhaseName.NLP: Telling("batch_nlp_completed", NotificationPriority.STANDARD, "Linguistic analysis"),
}


def notifications(
    outcome: ELSBatchPhaseOutcomeV1, teacher_id: str, at: datetime
) -> tuple[TeacherNotificationRequestedV1, ...]:
    """One for the outcome of an attempt; none if nobody knows whose batch it is (`teacher_id` is empty)."""
    telling = TELLINGS.get(outcome.phase_name)
    if telling is None or not teacher_id:
        return ()
    told = TeacherNotificationRequestedV1(
        teacher_id=teacher_id,
        notification_type=telling.notification_type,
        category=WebSocketEventCategory.BATCH_PROGRESS,
        priority=telling.priority,
        payload=_payload(outcome, telling.title),
        correlation_id=outcome.correlation_id,
        batch_id=outcome.batch_id,
        timestamp=at,
    )
    return (told,)


def _payload(outcome: ELSBatchPhaseOutcomeV1, title: str) -> dict[str, object]:
    succeeded, failed = len(outcome.processed_essays), len(outcome.failed_essay_ids)
    total = succeeded + failed
    return {
        "batch_id": outcome.batch_id,
        "run_id": outcome.run_id,
        "attempt": outcome.attempt,
        "phase_name": outcome.phase_name,
        "phase_status": outcome.phase_status,
        "success_count": succeeded,
        "failed_count": failed,
        "total_count": total,
        "message": f"{title} is over: {succeeded} of {total} essay{'' if total == 1 else 's'} came through.",
    }
