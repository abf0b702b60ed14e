"""Messages as the other services say them, for one batch: Åke's is misspelt, Bea's clean, Cia's cannot be read."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from common_core.enums import (
    AssociationValidationMethod,
    BatchStatus,
    CourseCode,
    EssayStatus,
    FileValidationErrorCode,
    PhaseName,
)
from common_core.message import Envelope, M, Message
from common_core.messages.batch import (
    BatchContentProvisioningCompletedV1,
    BatchErrorSummary,
    BatchEssaysRegistered,
    BatchPipelineCompletedV1,
    BatchValidationErrorsV1,
    EssayValidationError,
)
from common_core.messages.classes import EssayStudentAssociationUpdatedV1
from common_core.messages.content import EssaySlotAssignedV1, EssayValidationFailedV1, ExcessContentProvisionedV1
from common_core.messages.control import BatchResumedV1, BatchRunCancelledV1, BatchWaitGivenUpV1
from common_core.messages.nlp import EssayNlpCompletedV1, GrammarAnalysis, NlpMetrics
from common_core.messages.pipeline import (
    BatchServiceNLPInitiateCommandDataV1,
    BatchServiceSpellcheckInitiateCommandDataV1,
    ELSBatchPhaseOutcomeV1,
    PhaseCommand,
)
from common_core.messages.spellcheck import SpellcheckCorrection, SpellcheckResultV1
from common_core.shared import (
    ErrorDetail,
    EssayProcessingInputRefV1,
    SpellcheckMetricsV1,
    SystemProcessingMetadata,
)

BATCH = "0190a000-0000-7000-8000-0000000000b1"
OTHER_BATCH = "0190a000-0000-7000-8000-0000000000b2"
AKE, BEA, CIA = (f"0190a000-0000-7000-8000-00000000000{n}" for n in (1, 2, 3))
ESSAYS = (AKE, BEA, CIA)
RUN, LATER_RUN = "0190b000-0000-7000-8000-000000000001", "0190b000-0000-7000-8000-000000000002"
TEACHER = "teacher-1"
FILES = {AKE: "Åke uppsats.docx", BEA: "Bea.txt", CIA: "=Cia().pdf"}
CORRELATION = "0190c000-0000-7000-8000-000000000001"

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def at(minutes: float) -> datetime:
    """That long after the start."""
    return START + timedelta(minutes=minutes)


def enveloped(message: M, correlation_id: str = CORRELATION) -> Envelope[M]:
    """The message as its producer sends it."""
    return Envelope(
        event_id="0190d000-0000-7000-8000-000000000001",
        event_type=message.topic,
        event_timestamp=START,
        source_service=message.producer,
        correlation_id=correlation_id,
        data=message,
    )


def metadata(minutes: float, entity_id: str = BATCH) -> SystemProcessingMetadata:
    """Who and when."""
    return SystemProcessingMetadata(entity_id=entity_id, entity_type="batch", timestamp=at(minutes))


def registered(batch_id: str = BATCH, **changes: Any) -> BatchEssaysRegistered:
    """BOS: a batch of three."""
    facts: dict[str, Any] = {
        "expected_essay_count": 3,
        "essay_ids": list(ESSAYS),
        "metadata": metadata(0, batch_id),
        "course_code": CourseCode.SV1,
        "user_id": TEACHER,
    }
    return BatchEssaysRegistered(entity_id=batch_id, **(facts | changes))


def provisioned() -> BatchContentProvisioningCompletedV1:
    """ELS: all content has come."""
    return BatchContentProvisioningCompletedV1(
        batch_id=BATCH,
        provisioned_count=3,
        expected_count=3,
        course_code=CourseCode.SV1,
        user_id=TEACHER,
        essays_for_processing=[reference(essay) for essay in ESSAYS],
        correlation_id=CORRELATION,
        timestamp=at(2),
    )


def reference(essay_id: str) -> EssayProcessingInputRefV1:
    """An essay and its text."""
    return EssayProcessingInputRefV1(essay_id=essay_id, text_storage_id=text_of(essay_id))


def text_of(essay_id: str) -> str:
    """Where its original text is kept."""
    return essay_id[-1] * 32


def assigned(essay_id: str, minutes: float = 1, **changes: Any) -> EssaySlotAssignedV1:
    """ELS: an essay has its file."""
    facts: dict[str, Any] = {
        "file_upload_id": f"upload-{essay_id[-1]}",
        "text_storage_id": text_of(essay_id),
        "original_file_name": FILES[essay_id],
    }
    return EssaySlotAssignedV1(
        batch_id=BATCH, essay_id=essay_id, correlation_id=CORRELATION, timestamp=at(minutes), **(facts | changes)
    )


def named(
    essay_id: str, name: str | None, minutes: float = 2, version: int | None = 1, **changes: Any
) -> EssayStudentAssociationUpdatedV1:
    """Class management: a student of this first name wrote this essay; none: nobody knows who did."""
    facts: dict[str, Any] = {
        "batch_id": BATCH,
        "essay_id": essay_id,
        "student_id": name and f"student-{name}",
        "first_name": name,
        "last_name": name and "Öberg",
        "student_email": name and f"{name}@skolan.se".lower(),
        "association_method": AssociationValidationMethod.HUMAN,
        "created_by_user_id": TEACHER,
        "correlation_id": CORRELATION,
        "timestamp": at(minutes),
        "version": version,
    }
    return EssayStudentAssociationUpdatedV1(**(facts | changes))


def error(code: str, message: str) -> ErrorDetail:
    """Why something failed."""
    return ErrorDetail(
        error_code=code,
        message=message,
        correlation_id=CORRELATION,
        timestamp=at(1),
        service="file_service",
        operation="validate",
    )


def file_failed(name: str = "tom.txt", upload: str = "upload-9") -> EssayValidationFailedV1:
    """File Service: an empty file."""
    return EssayValidationFailedV1(
        entity_id=BATCH,
        file_upload_id=upload,
        original_file_name=name,
        raw_file_storage_id="9" * 32,
        validation_error_code=FileValidationErrorCode.EMPTY_CONTENT,
        validation_error_detail=error("EMPTY_CONTENT", "The file holds no text."),
        file_size_bytes=0,
        correlation_id=CORRELATION,
        timestamp=at(1),
    )


def slot_failed(essay_id: str, name: str, *, critical: bool = False) -> BatchValidationErrorsV1:
    """ELS: a slot stays empty."""
    return BatchValidationErrorsV1(
        batch_id=BATCH,
        failed_essays=[
            EssayValidationError(
                essay_id=essay_id,
                file_name=name,
                error_detail=error("EMPTY_CONTENT", "The file holds no text."),
                failed_at=at(1),
            )
        ],
        error_summary=BatchErrorSummary(
            total_errors=1, error_categories={"EMPTY_CONTENT": 1}, critical_failure=critical
        ),
        correlation_id=CORRELATION,
        metadata=metadata(2),
    )


def excess(name: str = "en för mycket.txt") -> ExcessContentProvisionedV1:
    """ELS: one file too many."""
    return ExcessContentProvisionedV1(
        batch_id=BATCH,
        original_file_name=name,
        text_storage_id="8" * 32,
        correlation_id=CORRELATION,
        timestamp=at(1),
        file_upload_id="upload-8",
    )


def command(phase: PhaseName, minutes: float = 3, run_id: str | None = RUN, attempt: int | None = 1) -> PhaseCommand:
    """BOS: start a phase."""
    kind = (
        BatchServiceSpellcheckInitiateCommandDataV1
        if phase is PhaseName.SPELLCHECK
        else BatchServiceNLPInitiateCommandDataV1
    )
    return kind(
        entity_id=BATCH,
        timestamp=at(minutes),
        essays_to_process=[reference(essay) for essay in ESSAYS],
        language="sv",
        run_id=run_id,
        attempt=attempt,
    )


CORRECTIONS = [
    SpellcheckCorrection(offset=4, length=5, original="skirva", replacement="skriva", alternatives=["skiva"]),
    SpellcheckCorrection(offset=30, length=4, original="=sum", replacement="summa", kind="learner"),
]


def spellchecked(
    essay_id: str, minutes: float = 4, run_id: str | None = RUN, attempt: int | None = 1, **changes: Any
) -> SpellcheckResultV1:
    """The spellchecker: Åke's essay has two errors, the others none."""
    corrections = CORRECTIONS if essay_id == AKE else []
    facts: dict[str, Any] = {
        "status": EssayStatus.SPELLCHECKED_SUCCESS,
        "corrections_made": len(corrections),
        "corrections": corrections,
        "corrected_text_storage_id": "c" * 31 + essay_id[-1],
        "language_detected": "sv",
    }
    return SpellcheckResultV1(
        entity_id=essay_id,
        parent_id=BATCH,
        timestamp=at(minutes),
        system_metadata=metadata(minutes, essay_id),
        batch_id=BATCH,
        correlation_id=CORRELATION,
        correction_metrics=SpellcheckMetricsV1(
            total_corrections=len(corrections),
            l2_dictionary_corrections=1 if corrections else 0,
            spellchecker_corrections=1 if corrections else 0,
            word_count=200,
            correction_density=1.0 if corrections else 0.0,
        ),
        original_text_storage_id=text_of(essay_id),
        processing_duration_ms=3,
        processor_version="huleedu_1.0",
        run_id=run_id,
        attempt=attempt,
        **(facts | changes),
    )


def spellcheck_failed(essay_id: str, minutes: float = 4, attempt: int = 1) -> SpellcheckResultV1:
    """The spellchecker: this one it could not do."""
    return spellchecked(
        essay_id,
        minutes,
        attempt=attempt,
        status=EssayStatus.SPELLCHECK_FAILED,
        error_code="TEXT_NOT_FOUND",
        corrected_text_storage_id=None,
        corrections=[],
        corrections_made=0,
    )


FEATURES = {"word_count": 210.0, "sentence_count": 12.0, "sentence_length_mean": 17.5, "lix": 38.2, "ovix": 61.0}


def analysed(
    essay_id: str, minutes: float = 6, run_id: str | None = RUN, attempt: int | None = 1
) -> EssayNlpCompletedV1:
    """The NLP service: what it measured."""
    return EssayNlpCompletedV1(
        entity_id=essay_id,
        parent_id=BATCH,
        timestamp=at(minutes),
        essay_id=essay_id,
        text_storage_id="c" * 31 + essay_id[-1],
        nlp_metrics=NlpMetrics(
            word_count=210, sentence_count=12, avg_sentence_length=17.5, language_detected="sv", mtld_score=77.0
        ),
        grammar_analysis=GrammarAnalysis(error_count=0, language="sv"),
        processing_metadata={"feature_outputs": FEATURES},
        run_id=run_id,
        attempt=attempt,
    )


def cancelled(run_id: str | None = RUN) -> BatchRunCancelledV1:
    """BOS: nobody waits for this any longer."""
    return BatchRunCancelledV1(batch_id=BATCH, run_id=run_id, version=3, correlation_id=CORRELATION, timestamp=at(5))


def resumed() -> BatchResumedV1:
    """BOS: it is wanted after all."""
    return BatchResumedV1(batch_id=BATCH, version=4, correlation_id=CORRELATION, timestamp=at(6))


def given_up(phase: PhaseName | None = None) -> BatchWaitGivenUpV1:
    """BOS: ELS has not answered the first attempt at the phase; or, without one, said what content has come."""
    return BatchWaitGivenUpV1(
        batch_id=BATCH,
        phase_name=phase,
        run_id=RUN if phase else None,
        attempt=1 if phase else None,
        essay_ids=list(ESSAYS) if phase else [],
        correlation_id=CORRELATION,
        timestamp=at(9),
    )


def outcome(
    phase: PhaseName,
    failed: dict[str, str] | None = None,
    run_id: str | None = RUN,
    attempt: int | None = 1,
    essays: Sequence[str] = ESSAYS,
) -> ELSBatchPhaseOutcomeV1:
    """ELS: a phase is over."""
    codes = failed or {}
    return ELSBatchPhaseOutcomeV1(
        batch_id=BATCH,
        phase_name=phase,
        phase_status=BatchStatus.COMPLETED_WITH_FAILURES if codes else BatchStatus.COMPLETED_SUCCESSFULLY,
        processed_essays=[reference(essay) for essay in essays if essay not in codes],
        failed_essay_ids=list(codes),
        correlation_id=CORRELATION,
        run_id=run_id,
        attempt=attempt,
        error_codes=codes,
    )


def ended(failed: int = 0, minutes: float = 8, run_id: str | None = RUN) -> BatchPipelineCompletedV1:
    """BOS: the run is over."""
    return BatchPipelineCompletedV1(
        batch_id=BATCH,
        completed_phases=["spellcheck", "nlp"],
        final_status=BatchStatus.COMPLETED_WITH_FAILURES if failed else BatchStatus.COMPLETED_SUCCESSFULLY,
        processing_duration_seconds=300.0,
        successful_essay_count=3 - failed,
        failed_essay_count=failed,
        correlation_id=CORRELATION,
        metadata=metadata(minutes),
        run_id=run_id,
    )


def whole_story() -> list[Message]:
    """A batch from its registration to its end: all three essays come through; a file too few, and one too many."""
    return [
        registered(),
        *map(assigned, ESSAYS),
        file_failed(),
        excess(),
        provisioned(),
        command(PhaseName.SPELLCHECK),
        *map(spellchecked, ESSAYS),
        outcome(PhaseName.SPELLCHECK),
        command(PhaseName.NLP, 5),
        *map(analysed, ESSAYS),
        outcome(PhaseName.NLP),
        ended(),
    ]
