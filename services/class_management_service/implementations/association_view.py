"""A batch's associations as teachers and services see them."""

from collections.abc import Mapping

from class_management_service.association_models import (
    AssociationBody,
    AssociationList,
    AssociationsState,
    AuthorName,
    ConfirmationResponse,
    DecidedStudent,
    KnownAuthor,
    SuggestionBody,
)
from class_management_service.domain.associations import Associations, Decision, EssayMatch, Suggestion
from class_management_service.domain.school import Student
from common_core.enums import AssociationValidationMethod
from common_core.enums import StudentAssociationStatus as Status

Students = Mapping[str, Student]


def decided_students(batch: Associations) -> list[str]:
    """Whoever wrote an essay of the batch, as was decided."""
    decisions = (essay.decision for essay in batch.essays.values())
    return [decision.student_id for decision in decisions if decision and decision.student_id]


def list_body(batch: Associations, students: Students) -> AssociationList:
    """Every essay."""
    return AssociationList(
        batch_id=batch.batch_id,
        class_id=batch.class_id,
        status=_state(batch),
        waiting=len(batch.open),
        confirm_by=None if batch.cancelled_at else batch.until,
        version=batch.version,
        associations=[_body(batch, essay_id, essay, students) for essay_id, essay in batch.essays.items()],
    )


def confirmation_body(batch: Associations) -> ConfirmationResponse:
    """What the decisions come to so far."""
    known = batch.authors
    return ConfirmationResponse(
        status=_state(batch),
        batch_id=batch.batch_id,
        associations_confirmed=len(known),
        associations_rejected=len(batch.essays) - len(batch.open) - len(known),
        waiting=len(batch.open),
        version=batch.version,
    )


def _state(batch: Associations) -> AssociationsState:
    if batch.is_settled:
        return "confirmed"
    return "waiting" if batch.is_waited_for else "cancelled"


def _body(batch: Associations, essay_id: str, essay: EssayMatch, students: Students) -> AssociationBody:
    first = essay.suggestions[0] if essay.suggestions else None
    decision = essay.decision
    return AssociationBody(
        essay_id=essay_id,
        filename=essay.file_name,
        status=_status(batch, essay),
        suggested_student_id=first.student_id if first else None,
        suggested_student_name=first.student_name if first else None,
        confidence_score=first.confidence if first else None,
        match_reasons=list(first.reasons) if first else [],
        suggestions=[_suggestion(each) for each in essay.suggestions],
        outcome=essay.outcome,
        code=essay.code,
        no_match_reason=essay.no_match_reason,
        review_reason=essay.review_reason,
        student=_student(decision, students),
        validation_method=decision.method if decision else None,
        validated_by=decision.by if decision else None,
        validated_at=decision.at if decision else None,
        created_at=batch.asked_at,
    )


def _status(batch: Associations, essay: EssayMatch) -> Status:
    decision = essay.decision
    if decision is None:
        return Status.PENDING_VALIDATION if essay.suggestions else Status.NO_MATCH
    if decision.student_id == batch.unknown_id:
        return Status.NO_MATCH
    if decision.student_id is None:
        return Status.REJECTED
    timeout = decision.method is AssociationValidationMethod.TIMEOUT
    return Status.TIMEOUT_CONFIRMED if timeout else Status.CONFIRMED


def _suggestion(suggestion: Suggestion) -> SuggestionBody:
    return SuggestionBody(
        student_id=suggestion.student_id,
        student_name=suggestion.student_name,
        student_email=suggestion.student_email,
        confidence_score=suggestion.confidence,
        match_reasons=list(suggestion.reasons),
        reason_codes=list(suggestion.reason_codes),
    )


def _student(decision: Decision | None, students: Students) -> DecidedStudent | None:
    if decision is None or decision.student_id is None:
        return None
    student = students.get(decision.student_id)
    return DecidedStudent(
        student_id=decision.student_id,
        first_name=student.person.first_name if student else None,
        last_name=student.person.last_name if student else None,
        email=student.email if student else None,
    )


def known_author(batch: Associations, essay_id: str, students: Students) -> KnownAuthor:
    """Who wrote the essay, for other services: the one who stands for an unknown student is nobody."""
    decision = batch.essays[essay_id].decision
    student_id = None if decision is None or decision.student_id == batch.unknown_id else decision.student_id
    return KnownAuthor(
        essay_id=essay_id, student_id=student_id, student_person_name=_name(students.get(student_id or ""))
    )


def _name(student: Student | None) -> AuthorName | None:
    if student is None:
        return None
    person = student.person
    return AuthorName(
        first_name=person.first_name,
        last_name=person.last_name,
        legal_full_name=person.legal_full_name or person.full_name,
    )
