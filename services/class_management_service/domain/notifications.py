"""What class management tells a teacher: each once, with what it tells of; one for a list, never one for a student."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from class_management_service.domain.associations import Associations
from class_management_service.domain.facts import (
    Answer,
    BatchResumed,
    BosSaid,
    ConfirmationOverdue,
    MatchesSuggested,
    TeacherDecided,
)
from class_management_service.domain.school import SchoolClass, Student
from common_core.enums import NotificationPriority, WebSocketEventCategory
from common_core.messages.notification import TeacherNotificationRequestedV1

CLASS_CREATED = "class_created"
STUDENT_ADDED = "student_added_to_class"
SUGGESTED = "student_associations_suggested"
CONFIRMED = "student_associations_confirmed"
TIMED_OUT = "validation_timeout_processed"

Told = tuple[TeacherNotificationRequestedV1, ...]


def class_created(made: SchoolClass, correlation_id: str) -> TeacherNotificationRequestedV1:
    """A new class."""
    message = f"{made.name} ({made.course_code}) is ready for its students."
    return _of_class(CLASS_CREATED, NotificationPriority.STANDARD, made, message, made.created_at, correlation_id)


def students_added(school_class: SchoolClass, students: Sequence[Student], at: datetime, correlation_id: str) -> Told:
    """Whoever is in the class from now on, one or many; nobody, nothing."""
    if not students:
        return ()
    one = students[0] if len(students) == 1 else None
    who = f"{one.person.full_name} was" if one else f"{len(students)} students were"
    facts = {"students_added": len(students), "student_id": one.student_id if one else None}
    message = f"{who} added to {school_class.name}."
    return (_of_class(STUDENT_ADDED, NotificationPriority.LOW, school_class, message, at, correlation_id, **facts),)


def told(before: Associations | None, now: Associations, fact: Answer | BosSaid) -> Told:
    """Where somebody must look, and where nobody need any more; a correction is known to the teacher who makes it.

    Of a batch that is nobody's, or cancelled, nothing is told.
    """
    if not now.user_id or now.cancelled_at:
        return ()
    match fact:
        case MatchesSuggested() if not now.is_settled:
            return (_suggested(now, fact),)
        case BatchResumed() if not now.is_settled and before is not None and before.cancelled_at:
            return (_suggested(now, fact),)
        case TeacherDecided() if now.is_settled and before is not None and not before.is_settled:
            return (_confirmed(now, fact),)
        case ConfirmationOverdue() if before is not None:
            return (_timed_out(before, now, fact),)
        case _:
            return ()


def _suggested(batch: Associations, fact: MatchesSuggested | BatchResumed) -> TeacherNotificationRequestedV1:
    waiting, hinted = len(batch.open), sum(bool(essay.suggestions) for essay in batch.open.values())
    return _of_batch(
        SUGGESTED,
        NotificationPriority.HIGH,
        batch,
        f"Please say who wrote {_essays(waiting)}: for {hinted} a student is suggested.",
        fact,
        deadline=batch.until,
        waiting=waiting,
        with_suggestion=hinted,
    )


def _confirmed(batch: Associations, fact: TeacherDecided) -> TeacherNotificationRequestedV1:
    known, total = len(batch.authors), len(batch.essays)
    return _of_batch(
        CONFIRMED,
        NotificationPriority.STANDARD,
        batch,
        f"It is confirmed who wrote {known} of {_essays(total)}.",
        fact,
        total_essays=total,
        confirmed=known,
        rejected=total - known,
    )


def _timed_out(before: Associations, now: Associations, fact: ConfirmationOverdue) -> TeacherNotificationRequestedV1:
    decided = len(before.open)
    known = len(now.authors) - len(before.authors)
    unknown = decided - known
    result = f"{known} confirmed as suggested, {unknown} without a known author"
    return _of_batch(
        TIMED_OUT,
        NotificationPriority.IMMEDIATE if unknown else NotificationPriority.HIGH,
        now,
        f"Nobody said in time who wrote {_essays(decided)}: {result}. This can still be corrected.",
        fact,
        action_required=unknown > 0,
        auto_confirmed=known,
        unknown=unknown,
    )


def _essays(count: int) -> str:
    return f"{count} essay" if count == 1 else f"{count} essays"


def _of_batch(
    kind: str,
    priority: NotificationPriority,
    batch: Associations,
    message: str,
    fact: Answer | BosSaid,
    *,
    deadline: datetime | None = None,
    action_required: bool = False,
    **facts: Any,
) -> TeacherNotificationRequestedV1:
    return TeacherNotificationRequestedV1(
        teacher_id=batch.user_id,
        notification_type=kind,
        category=WebSocketEventCategory.STUDENT_WORKFLOW,
        priority=priority,
        payload={"batch_id": batch.batch_id, "version": batch.version, **facts, "message": message},
        action_required=action_required or deadline is not None,
        deadline_timestamp=deadline,
        correlation_id=fact.correlation_id,
        batch_id=batch.batch_id,
        class_id=batch.class_id,
        timestamp=batch.changed_at,
    )


def _of_class(
    kind: str,
    priority: NotificationPriority,
    school_class: SchoolClass,
    message: str,
    at: datetime,
    correlation_id: str,
    **facts: Any,
) -> TeacherNotificationRequestedV1:
    named = {"class_id": school_class.class_id, "class_designation": school_class.name}
    return TeacherNotificationRequestedV1(
        teacher_id=school_class.user_id,
        notification_type=kind,
        category=WebSocketEventCategory.CLASS_MANAGEMENT,
        priority=priority,
        payload={**named, **facts, "message": message},
        correlation_id=correlation_id,
        class_id=school_class.class_id,
        timestamp=at,
    )
