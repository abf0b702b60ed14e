"""What matching says in tests."""

from class_management_service.domain.school import Person, Student
from class_management_service.tests.world import AT
from common_core.enums import CourseCode
from common_core.messages.matching import (
    BatchAuthorMatchesSuggestedV1,
    EssayMatchResult,
    MatchingSummary,
    StudentMatchSuggestion,
)

BATCH = "batch-1"
NO_NAME = "No name of the class was found."


def suggestion(student_id: str, confidence: float = 0.95) -> StudentMatchSuggestion:
    """A student, with a reason."""
    return StudentMatchSuggestion(
        student_id=student_id,
        student_name=f"Student {student_id}",
        confidence_score=confidence,
        match_reasons=[f"The file is named after {student_id}."],
    )


def result(essay_id: str, *suggestions: StudentMatchSuggestion) -> EssayMatchResult:
    """What was found about an essay."""
    return EssayMatchResult(
        essay_id=essay_id,
        text_storage_id=f"text of {essay_id}",
        filename=f"{essay_id}.docx",
        suggestions=list(suggestions),
        no_match_reason=None if suggestions else NO_NAME,
    )


def matches(
    *results: EssayMatchResult, class_id: str = "class-1", batch_id: str = BATCH, attempt: int | None = None
) -> BatchAuthorMatchesSuggestedV1:
    """Matching's answer for a batch."""
    found = sum(bool(each.suggestions) for each in results)
    summary = MatchingSummary(
        total_essays=len(results), processed=len(results), matched=found, unmatched=len(results) - found, failed=0
    )
    return BatchAuthorMatchesSuggestedV1(
        entity_id=batch_id,
        timestamp=AT,
        batch_id=batch_id,
        class_id=class_id,
        course_code=CourseCode.ENG5,
        match_results=list(results),
        processing_summary=summary,
        attempt=attempt,
    )


def student(student_id: str) -> Student:
    """One of the class."""
    person = Person(student_id.capitalize(), "Ek")
    return Student(student_id=student_id, user_id="anna", person=person, created_at=AT, updated_at=AT)
