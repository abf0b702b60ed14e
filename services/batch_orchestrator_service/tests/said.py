"""What clients and other services say about one batch, in few words. Essays are called by letters."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from batch_orchestrator_service.domain.asked import (
    BatchRegistered,
    CancelAsked,
    PauseAsked,
    PipelineResolved,
    ResolvedPhase,
    ResumeAsked,
    RetryAsked,
)
from batch_orchestrator_service.domain.facts import ConfirmationLimited, StudentsSuggested
from common_core.enums import BatchStatus, ClassType, CourseCode, PhaseName
from common_core.messages.batch import (
    BatchContentProvisioningCompletedV1,
    BatchErrorSummary,
    BatchEssaysReady,
    BatchValidationErrorsV1,
    EssayValidationError,
)
from common_core.messages.matching import AssociationValidationSummary, StudentAssociationsConfirmedV1
from common_core.messages.pipeline import ELSBatchPhaseOutcomeV1
from common_core.shared import (
    ErrorDetail,
    EssayProcessingInputRefV1,
    SpellcheckMetricsV1,
    SystemProcessingMetadata,
)

AT = datetime(2026, 9, 1, 8, 0, tzinfo=UTC)
BATCH = "0198f000-0000-7000-8000-000000000001"
CORRELATION = "00000000-0000-4000-8000-000000000001"
CLASS = "class-9a"
RUN = "run-1"
TEACHER = "teacher-1"
METRICS = SpellcheckMetricsV1(
    total_corrections=3, l2_dictionary_corrections=1, spellchecker_corrections=2, word_count=300, correction_density=1.0
)
WISH: dict[str, Any] = {
    "batch_id": BATCH,
    "reason": "because",
    "correlation_id": CORRELATION,
}
SPELLCHECK, NLP, CJ, FEEDBACK = (
    PhaseName.SPELLCHECK,
    PhaseName.NLP,
    PhaseName.CJ_ASSESSMENT,
    PhaseName.AI_FEEDBACK,
)


def later(**time: float) -> datetime:
    """So long after the registration."""
    return AT + timedelta(**time)


def registered(essays: Iterable[str] = "abc", class_id: str | None = None) -> BatchRegistered:
    """A batch with these slots; content may take a day, ELS another hour, each step to students two days."""
    return BatchRegistered(
        batch_id=BATCH,
        essay_ids=tuple(essays),
        course_code=CourseCode.ENG5,
        user_id=TEACHER,
        org_id="school-1",
        class_id=class_id,
        correlation_id=CORRELATION,
        content_seconds=86_400,
        silence_seconds=3_600,
        validation_seconds=172_800,
    )


def refs(
    essays: Iterable[str], text: str = "original", metrics: SpellcheckMetricsV1 | None = None
) -> list[EssayProcessingInputRefV1]:
    """These essays, each with a text of its own."""
    return [
        EssayProcessingInputRefV1(essay_id=essay, text_storage_id=f"{text}-{essay}", spellcheck_metrics=metrics)
        for essay in essays
    ]


def provisioned(essays: Iterable[str] = "abc", batch_id: str = BATCH) -> BatchContentProvisioningCompletedV1:
    """ELS: these have content, and no more will come."""
    found = refs(essays)
    return BatchContentProvisioningCompletedV1(
        batch_id=batch_id,
        provisioned_count=len(found),
        expected_count=3,
        course_code=CourseCode.ENG5,
        user_id="teacher-1",
        essays_for_processing=found,
        correlation_id=CORRELATION,
        timestamp=AT,
    )


def ready(
    essays: Iterable[str] = "abc", batch_id: str = BATCH, class_type: ClassType = ClassType.GUEST
) -> BatchEssaysReady:
    """ELS: these are ready; in a class's batch, with their students."""
    return BatchEssaysReady(
        batch_id=batch_id,
        ready_essays=refs(essays),
        metadata=SystemProcessingMetadata(entity_id=batch_id, entity_type="batch", timestamp=AT),
        course_code=CourseCode.ENG5,
        course_language="en",
        class_type=class_type,
    )


def unusable(essays: Iterable[str], *, critical: bool = False) -> BatchValidationErrorsV1:
    """ELS: the files meant for these could not be used."""
    failed = [_unusable(essay) for essay in essays]
    return BatchValidationErrorsV1(
        batch_id=BATCH,
        failed_essays=failed,
        error_summary=BatchErrorSummary(
            total_errors=len(failed), error_categories={"EMPTY_CONTENT": len(failed)}, critical_failure=critical
        ),
        correlation_id=CORRELATION,
        metadata=SystemProcessingMetadata(entity_id=BATCH, entity_type="batch", timestamp=AT),
    )


def _unusable(essay: str) -> EssayValidationError:
    detail = ErrorDetail(
        error_code="EMPTY_CONTENT",
        message="Nothing is written in this file.",
        correlation_id=CORRELATION,
        timestamp=AT,
        service="file_service",
        operation="validate",
    )
    return EssayValidationError(essay_id=essay, file_name=f"{essay}.docx", error_detail=detail, failed_at=AT)


def suggested(essays: Iterable[str] = "abc") -> StudentsSuggested:
    """Matching has a student for each of these, and for nobody else."""
    return StudentsSuggested(batch_id=BATCH, matched=len(list(essays)), unmatched=0)


def limited(version: int = 1, until: datetime | None = None) -> ConfirmationLimited:
    """Class management: so long the teacher has, a day if nothing else is said."""
    return ConfirmationLimited(batch_id=BATCH, until=until or later(days=1), version=version)


def confirmed(
    version: int | None = 1, *, by_time_limit: bool = False, at: datetime = AT
) -> StudentAssociationsConfirmedV1:
    """Class management: it is decided who wrote what."""
    return StudentAssociationsConfirmedV1(
        entity_id=BATCH,
        timestamp=at,
        batch_id=BATCH,
        class_id=CLASS,
        course_code=CourseCode.ENG5,
        associations=[],
        timeout_triggered=by_time_limit,
        validation_summary=AssociationValidationSummary(total_associations=0, confirmed=0, rejected=0),
        version=version,
    )


def phase(name: PhaseName, *depends_on: PhaseName, reuse: bool = False) -> ResolvedPhase:
    """A phase as BCS resolves it."""
    return ResolvedPhase(name=name, depends_on=depends_on, reuse=reuse)


def resolved(*phases: ResolvedPhase, run: str = RUN, batch_id: str = BATCH, as_of: int = 1_000_000) -> PipelineResolved:
    """A client asked for these phases, knowing all that has happened to the batch unless `as_of` says otherwise."""
    return PipelineResolved(
        batch_id=batch_id,
        run_id=run,
        as_of=as_of,
        requested_pipeline="some pipeline",
        phases=phases,
        correlation_id=CORRELATION,
    )


SPELLING_THEN_ANALYSIS = resolved(phase(SPELLCHECK), phase(NLP, SPELLCHECK))


def retry(name: PhaseName, *essays: str, run: str = "run-2") -> RetryAsked:
    """The teacher wants these, or all that failed, tried again."""
    return RetryAsked(run_id=run, phase_name=name, essay_ids=essays, asked_by=TEACHER, **WISH)


def cancel(by: str | None = TEACHER) -> CancelAsked:
    """The teacher, or somebody else, wants no more of it."""
    return CancelAsked(asked_by=by, **WISH)


def pause(by: str | None = TEACHER) -> PauseAsked:
    """The teacher, or somebody else, wants it to wait."""
    return PauseAsked(asked_by=by, **WISH)


def resume(by: str | None = TEACHER) -> ResumeAsked:
    """The teacher, or somebody else, wants it to go on."""
    return ResumeAsked(asked_by=by, **WISH)


def outcome(
    name: PhaseName,
    survivors: Iterable[str] = "abc",
    failed: Mapping[str, str] | None = None,
    *,
    run: str | None = RUN,
    attempt: int | None = 1,
    batch_id: str = BATCH,
) -> ELSBatchPhaseOutcomeV1:
    """ELS: the phase is over; these came through, with their corrected texts if it was spelling."""
    text, metrics = ("corrected", METRICS) if name is SPELLCHECK else ("unchanged", None)
    found, codes = refs(survivors, text, metrics), dict(failed or {})
    return ELSBatchPhaseOutcomeV1(
        batch_id=batch_id,
        phase_name=name,
        phase_status=BatchStatus.COMPLETED_WITH_FAILURES if codes else BatchStatus.COMPLETED_SUCCESSFULLY,
        processed_essays=found,
        failed_essay_ids=list(codes),
        correlation_id=CORRELATION,
        run_id=run,
        attempt=attempt,
        error_codes=codes,
    )
