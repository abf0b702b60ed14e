"""Every decision about a batch's associations: `decide(batch, fact, at) -> (batch, effects)`."""

from collections.abc import Mapping
from datetime import datetime

from msgspec.structs import replace

from class_management_service.domain import choices as rules
from class_management_service.domain.associations import (
    Associations,
    Decision,
    EssayMatch,
    HeardEarly,
    Known,
    Suggestion,
)
from class_management_service.domain.confirmation import announced, timers
from class_management_service.domain.facts import (
    BatchCancelled,
    BatchResumed,
    BosSaid,
    ConfirmationOverdue,
    Fact,
    MatchesSuggested,
    TeacherDecided,
)
from class_management_service.domain.notifications import told
from common_core.enums import AssociationValidationMethod
from common_core.messages.matching import EssayMatchResult
from huleedu_service_libs.runtime.effects import Effect

SYSTEM = "SYSTEM_TIMEOUT"
"""Who decides when nobody has."""

Effects = tuple[Effect, ...]


def decide(batch: Known | None, fact: Fact, at: datetime) -> tuple[Known | None, Effects]:
    """What becomes of a batch (None: nothing is known of it), and what that calls for.

    Total: what is late, early, said twice or objected to returns the very same batch, and nothing.
    """
    after = _next(batch, fact, at)
    if after is batch or not isinstance(after, Associations):
        return after, ()
    before = batch if isinstance(batch, Associations) else None
    if isinstance(fact, BosSaid):
        return after, (*told(before, after, fact), *timers(before, after))
    return after, (*announced(before, after, fact), *told(before, after, fact), *timers(before, after))


def _next(batch: Known | None, fact: Fact, at: datetime) -> Known | None:
    match fact:
        case MatchesSuggested():
            return _suggested_again(batch, fact, at) if isinstance(batch, Associations) else _begun(batch, fact, at)
        case BatchCancelled() | BatchResumed():
            return _heard(batch, fact, at)
        case TeacherDecided() if isinstance(batch, Associations) and rules.objection(batch, fact) is None:
            choices = rules.wanted(batch, fact)
            return _decided(batch, choices, AssociationValidationMethod.HUMAN, fact.by, at)
        case ConfirmationOverdue() if isinstance(batch, Associations) and batch.is_waited_for and at >= batch.until:
            sure = rules.likeliest(batch, fact.students, rules.SURE_ENOUGH, {})
            unknown: rules.Choices = dict.fromkeys(batch.open, batch.unknown_id)
            return _decided(batch, unknown | sure, AssociationValidationMethod.TIMEOUT, SYSTEM, at)
        case _:
            return batch


def _begun(early: HeardEarly | None, fact: MatchesSuggested, at: datetime) -> Associations:
    matches = fact.matches
    return Associations(
        batch_id=matches.batch_id,
        class_id=matches.class_id,
        course_code=matches.course_code,
        user_id=fact.user_id,
        unknown_id=fact.unknown_id,
        essays={result.essay_id: _essay(result) for result in matches.match_results},
        attempt=matches.attempt or 1,
        asked_at=at,
        waiting_since=at,
        until=fact.until,
        changed_at=at,
        version=early.version + 1 if early else 1,
        heard=early.heard if early else 0,
        cancelled_at=early.cancelled_at if early else None,
    )


def _heard(batch: Known | None, said: BosSaid, at: datetime) -> Known:
    """Whether anybody is waited for; what is known stays, and a teacher may decide in any case."""
    cancelled_at = at if isinstance(said, BatchCancelled) else None
    if batch is None:
        return HeardEarly(batch_id=said.batch_id, heard=said.version, changed_at=at, cancelled_at=cancelled_at)
    if said.version <= batch.heard:
        return batch
    version = batch.version + 1
    heard = replace(batch, heard=said.version, changed_at=at, cancelled_at=cancelled_at, version=version)
    if isinstance(heard, Associations) and isinstance(said, BatchResumed) and batch.cancelled_at is not None:
        return replace(heard, waiting_since=at, until=said.until)
    return heard


def _essay(result: EssayMatchResult) -> EssayMatch:
    suggestions = tuple(
        Suggestion(
            student_id=each.student_id,
            student_name=each.student_name,
            student_email=each.student_email,
            confidence=each.confidence_score,
            reasons=tuple(each.match_reasons),
            reason_codes=tuple(map(str, each.reason_codes)),
        )
        for each in result.suggestions
    )
    return EssayMatch(
        file_name=result.filename,
        suggestions=suggestions,
        outcome=result.outcome,
        code=result.code,
        no_match_reason=result.no_match_reason,
        review_reason=result.review_reason,
    )


def _suggested_again(batch: Associations, fact: MatchesSuggested, at: datetime) -> Associations:
    """Other suggestions for what is open, and essays that are new; what is decided stays."""
    attempt = fact.matches.attempt or 1
    said = {result.essay_id: _essay(result) for result in fact.matches.match_results}
    news = {essay_id: essay for essay_id, essay in said.items() if _is_news(batch, essay_id, essay)}
    if attempt < batch.attempt or not news:
        return batch
    if batch.is_settled:
        return _changed(batch, news, at, attempt=attempt, waiting_since=at, until=fact.until)
    return _changed(batch, news, at, attempt=attempt)


def _is_news(batch: Associations, essay_id: str, essay: EssayMatch) -> bool:
    known = batch.essays.get(essay_id)
    return known is None or (known.decision is None and known != essay)


def _decided(
    batch: Associations, choices: rules.Choices, method: AssociationValidationMethod, by: str, at: datetime
) -> Associations:
    news = {}
    for essay_id, student_id in choices.items():
        essay = batch.essays[essay_id]
        decision = Decision(
            student_id=student_id,
            method=method,
            by=by,
            at=at,
            confidence=essay.confidence_in(student_id),
            version=batch.version + 1,
        )
        if essay.decision is None or (essay.decision.student_id, essay.decision.method) != (student_id, method):
            news[essay_id] = replace(essay, decision=decision)
    return _changed(batch, news, at) if news else batch


def _changed(batch: Associations, news: Mapping[str, EssayMatch], at: datetime, **others: object) -> Associations:
    return replace(batch, essays=batch.essays | dict(news), version=batch.version + 1, changed_at=at, **others)
