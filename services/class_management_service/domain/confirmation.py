"""What others are told once it is decided who wrote what, and how long a teacher is waited for."""

from collections.abc import Iterator

from class_management_service.domain.associations import Associations, Decision
from class_management_service.domain.facts import Answer, ConfirmationDue, ConfirmationOverdue, MatchesSuggested
from class_management_service.domain.time_limit import processed
from common_core.messages.classes import EssayStudentAssociationUpdatedV1
from common_core.messages.matching import (
    AssociationValidationSummary,
    StudentAssociationConfirmation,
    StudentAssociationsConfirmedV1,
)
from huleedu_service_libs.runtime.effects import Effect, Later, Never


def announced(before: Associations | None, now: Associations, fact: Answer) -> Iterator[Effect]:
    """Each decision that is new, and once all are made all of them together: again, whole, after each correction."""
    for essay_id, essay in now.changed_since(before.version if before else 0).items():
        if essay.decision is not None:
            yield _updated(now, essay_id, essay.decision, fact)
    if now.is_settled:
        yield _confirmed(now, overdue=isinstance(fact, ConfirmationOverdue))
    if isinstance(fact, ConfirmationOverdue):
        yield processed(before, now, fact)


def timers(before: Associations | None, now: Associations) -> Iterator[Effect]:
    """The clock runs while an essay is open and the batch is not cancelled."""
    name = f"{now.batch_id} confirmation"
    running = before.until if before and before.is_waited_for else None
    if not now.is_waited_for:
        if running is not None:
            yield Never(name)
    elif running != now.until:
        yield Later(ConfirmationDue(batch_id=now.batch_id), name, now.until)


def _updated(batch: Associations, essay_id: str, decision: Decision, fact: Answer) -> EssayStudentAssociationUpdatedV1:
    students = {} if isinstance(fact, MatchesSuggested) else fact.students
    student = students.get(decision.student_id or "")
    return EssayStudentAssociationUpdatedV1(
        batch_id=batch.batch_id,
        essay_id=essay_id,
        student_id=decision.student_id,
        first_name=student.person.first_name if student else None,
        last_name=student.person.last_name if student else None,
        student_email=student.email if student else None,
        association_method=decision.method,
        confidence_score=decision.confidence,
        created_by_user_id=decision.by,
        correlation_id=fact.correlation_id,
        timestamp=decision.at,
        version=batch.version,
    )


def _confirmed(batch: Associations, *, overdue: bool) -> StudentAssociationsConfirmedV1:
    decided = {essay_id: essay.decision for essay_id, essay in batch.essays.items() if essay.decision}
    known = batch.authors
    return StudentAssociationsConfirmedV1(
        entity_id=batch.batch_id,
        timestamp=batch.changed_at,
        batch_id=batch.batch_id,
        class_id=batch.class_id,
        course_code=batch.course_code,
        associations=[_confirmation(essay_id, decision) for essay_id, decision in decided.items()],
        timeout_triggered=overdue,
        validation_summary=AssociationValidationSummary(
            total_associations=len(decided), confirmed=len(known), rejected=len(decided) - len(known)
        ),
        version=batch.version,
    )


def _confirmation(essay_id: str, decision: Decision) -> StudentAssociationConfirmation:
    return StudentAssociationConfirmation(
        essay_id=essay_id,
        student_id=decision.student_id,
        confidence_score=decision.confidence,
        validation_method=decision.method,
        validated_by=decision.by,
        validated_at=decision.at,
    )
