"""What is said of a batch whose teacher's time was up."""

import math
from datetime import timedelta

from class_management_service.domain.associations import Associations
from class_management_service.domain.facts import ConfirmationOverdue
from common_core.messages.matching import AutoConfirmedAssociation, ValidationTimeoutProcessedV1

_HOUR = timedelta(hours=1)


def processed(
    before: Associations | None, now: Associations, fact: ConfirmationOverdue
) -> ValidationTimeoutProcessedV1:
    """What was decided without the teacher, and after how many hours, begun ones included."""
    decided = now.changed_since(before.version if before else 0)
    known = {essay_id: author for essay_id, author in now.authors.items() if essay_id in decided}
    return ValidationTimeoutProcessedV1(
        entity_id=now.batch_id,
        timestamp=now.changed_at,
        batch_id=now.batch_id,
        user_id=now.user_id,
        timeout_hours=math.ceil((now.until - now.waiting_since) / _HOUR),
        auto_confirmed_associations=[_confirmed(now, fact, essay_id, author) for essay_id, author in known.items()],
        guest_essays=[essay_id for essay_id in decided if essay_id not in known],
        processing_timestamp=now.changed_at,
    )


def _confirmed(
    batch: Associations, fact: ConfirmationOverdue, essay_id: str, student_id: str
) -> AutoConfirmedAssociation:
    student = fact.students[student_id]
    return AutoConfirmedAssociation(
        essay_id=essay_id,
        student_first_name=student.person.first_name,
        student_last_name=student.person.last_name,
        student_email=student.email,
        confidence_score=batch.essays[essay_id].confidence_in(student_id),
    )
