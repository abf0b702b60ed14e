"""What the NLP service says about who wrote a batch's essays."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

from common_core.enums import MatchOutcome
from common_core.messages.matching import (
    BatchAuthorMatchesSuggestedV1,
    BatchStudentMatchingRequestedV1,
    EssayMatchResult,
    EssayToMatchV1,
    MatchingSummary,
    StudentMatchSuggestion,
)
from nlp_service.domain.matching.matching import EssayMatch, Suggestion

NO_NAME_FOUND = "NO_NAME_FOUND"
NOT_SURE = "NOT_SURE"

_NOBODY = "Neither the file nor the beginning or end of the text names a student of the class."
_NOT_SURE = "What names this student is not enough to be sure."
_NOBODY_TO_FIND = frozenset({"CLASS_NOT_FOUND", "ROSTER_EMPTY"})
_SENTENCES = {
    "CLASS_NOT_FOUND": "The class is not known any more.",
    "ROSTER_EMPTY": "The class has no students yet.",
    "STUDENT_MATCHING_FAILED": "The essays of this batch could not be matched.",
    "TIMEOUT": "Matching this batch took too long.",
}
_UNREAD = "The text could not be read."


def suggested(
    request: BatchStudentMatchingRequestedV1,
    matches: Mapping[str, EssayMatch],
    codes: Mapping[str, str],
    at: datetime,
) -> BatchAuthorMatchesSuggestedV1:
    """The answer: a result for each essay; `codes` are those of what went wrong, by essay."""
    essays = {essay.essay_id: essay for essay in request.essays_to_process}
    results = [_result(essay, matches.get(essay_id), codes.get(essay_id)) for essay_id, essay in essays.items()]
    return BatchAuthorMatchesSuggestedV1(
        entity_id=request.batch_id,
        timestamp=at,
        batch_id=request.batch_id,
        class_id=request.class_id,
        course_code=request.course_code,
        match_results=results,
        processing_summary=_summary(results),
        run_id=request.run_id,
        attempt=request.attempt,
    )


def outcomes(answer: BatchAuthorMatchesSuggestedV1) -> Counter[MatchOutcome]:
    """How many essays ended in which way."""
    return Counter(result.outcome for result in answer.match_results if result.outcome is not None)


def _result(essay: EssayToMatchV1, match: EssayMatch | None, wrong: str | None) -> EssayMatchResult:
    outcome = match.outcome if match else _without_match(wrong)
    code, sentence = (None, None) if outcome is MatchOutcome.MATCHED else _why(match, wrong)
    return EssayMatchResult(
        essay_id=essay.essay_id,
        text_storage_id=essay.text_storage_id,
        filename=essay.file_name or "",
        suggestions=[_suggestion(each) for each in match.suggestions] if match else [],
        no_match_reason=None if outcome is MatchOutcome.REVIEW else sentence,
        outcome=outcome,
        code=code,
        review_reason=sentence if outcome is MatchOutcome.REVIEW else None,
    )


def _without_match(wrong: str | None) -> MatchOutcome:
    return MatchOutcome.NO_MATCH if wrong in _NOBODY_TO_FIND else MatchOutcome.FAILED


def _why(match: EssayMatch | None, wrong: str | None) -> tuple[str, str]:
    """Why it is not simply matched: a code, and a sentence."""
    if wrong is not None:
        return wrong, _SENTENCES.get(wrong, _UNREAD)
    if match is not None and match.contest is not None:
        return match.contest.code.upper(), match.contest.sentence
    return (NOT_SURE, _NOT_SURE) if match is not None and match.suggestions else (NO_NAME_FOUND, _NOBODY)


def _suggestion(suggestion: Suggestion) -> StudentMatchSuggestion:
    return StudentMatchSuggestion(
        student_id=suggestion.student.student_id,
        student_name=suggestion.student.name,
        student_email=suggestion.student.email,
        confidence_score=suggestion.confidence,
        match_reasons=[reason.sentence for reason in suggestion.reasons],
        reason_codes=[reason.code for reason in suggestion.reasons],
    )


def _summary(results: Sequence[EssayMatchResult]) -> MatchingSummary:
    failed = sum(result.outcome is MatchOutcome.FAILED for result in results)
    matched = sum(bool(result.suggestions) for result in results)
    return MatchingSummary(
        total_essays=len(results),
        processed=len(results) - failed,
        matched=matched,
        unmatched=len(results) - failed - matched,
        failed=failed,
    )
