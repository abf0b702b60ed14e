"""Messages as others say them, for a batch that tests can name in one word."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from common_core.enums import (
    AssociationValidationMethod,
    BatchStatus,
    ClassType,
    CourseCode,
    EssayStatus,
    FileValidationErrorCode,
    PhaseName,
)
from common_core.message import Envelope, M
from common_core.messages.ai_feedback import AIFeedbackResultDataV1
from common_core.messages.batch import BatchContentDeadlinePassedV1, BatchEssaysRegistered
from common_core.messages.content import EssayContentProvisionedV1, EssayValidationFailedV1
from common_core.messages.control import (
    BatchPausedV1,
    BatchPhaseDeadlinePassedV1,
    BatchResumedV1,
    BatchRunCancelledV1,
)
from common_core.messages.matching import (
    AssociationValidationSummary,
    BatchServiceStudentMatchingInitiateCommandDataV1,
    StudentAssociationConfirmation,
    StudentAssociationsConfirmedV1,
)
from common_core.messages.nlp import BatchNlpAnalysisCompletedV1
from common_core.messages.pipeline import (
    BatchServiceAIFeedbackInitiateCommandDataV1,
    BatchServiceCJAssessmentInitiateCommandDataV1,
    BatchServiceNLPInitiateCommandDataV1,
    BatchServiceSpellcheckInitiateCommandDataV1,
)
from common_core.messages.spellcheck import SpellcheckPhaseCompletedV1
from common_core.shared import (
    ErrorDetail,
    EssayProcessingInputRefV1,
    ProcessingSummary,
    SpellcheckMetricsV1,
    SystemProcessingMetadata,
)

AT = datetime(2026, 9, 1, 8, 0, tzinfo=UTC)
METRICS = SpellcheckMetricsV1(
    total_corrections=7, l2_dictionary_corrections=2, spellchecker_corrections=5, word_count=350, correction_density=2.0
)


def id_of(name: str) -> str:
    """The same UUID for the same name."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, name))


def enveloped(message: M, *, event: str = "event", correlation: str = "request") -> Envelope[M]:
    """The message on its way."""
    return Envelope(
        event_id=id_of(event),
        event_type=message.topic,
        event_timestamp=AT,
        source_service=message.producer,
        correlation_id=correlation,
        data=message,
        metadata={"user_id": "ms-frizzle"},
    )


def refs(essays: Sequence[str]) -> list[EssayProcessingInputRefV1]:
    """References to essays by name; the text of `ada` is `text-ada`."""
    return [EssayProcessingInputRefV1(essay_id=id_of(essay), text_storage_id=f"text-{essay}") for essay in essays]


def registered(batch: str, essays: Sequence[str], *, class_id: str | None = None) -> BatchEssaysRegistered:
    """BOS has a new batch."""
    return BatchEssaysRegistered(
        entity_id=id_of(batch),
        expected_essay_count=len(essays),
        essay_ids=[id_of(essay) for essay in essays],
        metadata=SystemProcessingMetadata(entity_id=id_of(batch), entity_type="batch", timestamp=AT),
        course_code=CourseCode.ENG5,
        user_id="ms-frizzle",
        class_id=class_id,
    )


def provisioned(
    batch: str, file: str, *, text: str | None = None, author: str | None = None
) -> EssayContentProvisionedV1:
    """A file's text is stored."""
    return EssayContentProvisionedV1(
        entity_id=id_of(batch),
        file_upload_id=f"upload-{file}",
        original_file_name=f"{file}.docx",
        raw_file_storage_id=f"raw-{file}",
        text_storage_id=text or f"text-{file}",
        file_size_bytes=1000,
        correlation_id=f"upload of {file}",
        timestamp=AT,
        document_author=author,
    )


def unusable(batch: str, file: str) -> EssayValidationFailedV1:
    """A file could not be used."""
    code = FileValidationErrorCode.EMPTY_CONTENT
    return EssayValidationFailedV1(
        entity_id=id_of(batch),
        file_upload_id=f"upload-{file}",
        original_file_name=f"{file}.docx",
        raw_file_storage_id=f"raw-{file}",
        validation_error_code=code,
        validation_error_detail=ErrorDetail(
            error_code=code,
            message="Nothing is written in this file.",
            correlation_id=f"upload of {file}",
            timestamp=AT,
            service="file_service",
            operation="validate",
        ),
        file_size_bytes=0,
        correlation_id=f"upload of {file}",
        timestamp=AT,
    )


def match(batch: str, essays: Sequence[str]) -> BatchServiceStudentMatchingInitiateCommandDataV1:
    """BOS: find out who wrote these."""
    return BatchServiceStudentMatchingInitiateCommandDataV1(
        entity_id=id_of(batch),
        timestamp=AT,
        essays_to_process=refs(essays),
        class_id="class-9a",
        course_code=CourseCode.ENG5,
        user_id="ms-frizzle",
    )


def confirmed(
    batch: str, students: Mapping[str, str | None], *, version: int | None = 1, by_time_limit: bool = False
) -> StudentAssociationsConfirmedV1:
    """Class management: these essays were written by these students."""
    method = AssociationValidationMethod.TIMEOUT if by_time_limit else AssociationValidationMethod.HUMAN
    known = sum(student is not None for student in students.values())
    return StudentAssociationsConfirmedV1(
        entity_id=id_of(batch),
        timestamp=AT,
        batch_id=id_of(batch),
        class_id="class-9a",
        course_code=CourseCode.ENG5,
        associations=[
            StudentAssociationConfirmation(
                essay_id=id_of(essay),
                student_id=student,
                confidence_score=0.9,
                validation_method=method,
                validated_at=AT,
            )
            for essay, student in students.items()
        ],
        timeout_triggered=by_time_limit,
        validation_summary=AssociationValidationSummary(
            total_associations=len(students), confirmed=known, rejected=len(students) - known
        ),
        version=version,
    )


def deadline(batch: str) -> BatchContentDeadlinePassedV1:
    """BOS waits no longer."""
    return BatchContentDeadlinePassedV1(batch_id=id_of(batch), correlation_id="clock", timestamp=AT)


def paused(batch: str, version: int) -> BatchPausedV1:
    """BOS: wait."""
    return BatchPausedV1(batch_id=id_of(batch), version=version, correlation_id="teacher", timestamp=AT)


def resumed(batch: str, version: int) -> BatchResumedV1:
    """BOS: go on."""
    return BatchResumedV1(batch_id=id_of(batch), version=version, correlation_id="teacher", timestamp=AT)


def cancelled(batch: str, run: str | None = "run", *, version: int = 1) -> BatchRunCancelledV1:
    """BOS: stop."""
    return BatchRunCancelledV1(
        batch_id=id_of(batch), run_id=run and id_of(run), version=version, correlation_id="teacher", timestamp=AT
    )


def phase_deadline(
    batch: str, *, phase: PhaseName = PhaseName.SPELLCHECK, run: str = "run", attempt: int = 1
) -> BatchPhaseDeadlinePassedV1:
    """BOS: this phase has had its time."""
    return BatchPhaseDeadlinePassedV1(
        batch_id=id_of(batch),
        phase_name=phase,
        run_id=id_of(run),
        attempt=attempt,
        correlation_id="clock",
        timestamp=AT,
    )


def spellcheck(
    batch: str,
    essays: Sequence[str],
    *,
    run: str | None = "run",
    attempt: int | None = 1,
    owner: str | None = None,
) -> BatchServiceSpellcheckInitiateCommandDataV1:
    """BOS: spell-check these."""
    return BatchServiceSpellcheckInitiateCommandDataV1(
        entity_id=id_of(batch),
        timestamp=AT,
        essays_to_process=refs(essays),
        language="en",
        run_id=run and id_of(run),
        attempt=attempt,
        user_id=owner,
    )


def analyse(
    batch: str, essays: Sequence[EssayProcessingInputRefV1], *, run: str | None = "run", attempt: int | None = 1
) -> BatchServiceNLPInitiateCommandDataV1:
    """BOS: analyse these."""
    return BatchServiceNLPInitiateCommandDataV1(
        entity_id=id_of(batch),
        timestamp=AT,
        essays_to_process=list(essays),
        language="en",
        run_id=run and id_of(run),
        attempt=attempt,
    )


def judge(batch: str, essays: Sequence[str]) -> BatchServiceCJAssessmentInitiateCommandDataV1:
    """BOS: rank these."""
    return BatchServiceCJAssessmentInitiateCommandDataV1(
        entity_id=id_of(batch),
        timestamp=AT,
        essays_to_process=refs(essays),
        language="en",
        run_id=id_of("run"),
        attempt=1,
        course_code=CourseCode.ENG5,
        class_type=ClassType.GUEST,
    )


def comment_on(batch: str, essays: Sequence[str]) -> BatchServiceAIFeedbackInitiateCommandDataV1:
    """BOS: write feedback on these."""
    return BatchServiceAIFeedbackInitiateCommandDataV1(
        entity_id=id_of(batch),
        timestamp=AT,
        essays_to_process=refs(essays),
        language="en",
        run_id=id_of("run"),
        attempt=1,
        course_code=CourseCode.ENG5,
        class_type=ClassType.GUEST,
        owner_user_id="teacher",
    )


def commented(batch: str, essay: str, *, error: str | None = None) -> AIFeedbackResultDataV1:
    """The feedback service is done with this essay."""
    return AIFeedbackResultDataV1(
        entity_id=id_of(essay),
        parent_id=id_of(batch),
        timestamp=AT,
        status=EssayStatus.AI_FEEDBACK_FAILED if error else EssayStatus.AI_FEEDBACK_SUCCESS,
        system_metadata=SystemProcessingMetadata(entity_id=id_of(essay), entity_type="essay", timestamp=AT),
        error_code=error,
        run_id=id_of("run"),
        attempt=1,
    )


def spelled(
    batch: str, essay: str, *, error: str | None = None, run: str | None = "run", attempt: int | None = 1
) -> SpellcheckPhaseCompletedV1:
    """The spellchecker is done with this essay."""
    return SpellcheckPhaseCompletedV1(
        entity_id=id_of(essay),
        batch_id=id_of(batch),
        correlation_id="request",
        status="failed" if error else "completed",
        corrected_text_storage_id=None if error else f"corrected-{essay}",
        error_code=error,
        processing_duration_ms=5,
        timestamp=AT,
        spellcheck_metrics=None if error else METRICS,
        run_id=run and id_of(run),
        attempt=attempt,
    )


def analysed(
    batch: str,
    essays: Sequence[str],
    *,
    failed: Sequence[str] = (),
    run: str | None = "run",
    attempt: int | None = 1,
) -> BatchNlpAnalysisCompletedV1:
    """The NLP service is done with these."""
    return BatchNlpAnalysisCompletedV1(
        entity_id=id_of(batch),
        timestamp=AT,
        status=BatchStatus.COMPLETED_SUCCESSFULLY,
        system_metadata=SystemProcessingMetadata(entity_id=id_of(batch), entity_type="batch", timestamp=AT),
        batch_id=id_of(batch),
        processing_summary=ProcessingSummary(
            total_essays=len(essays) + len(failed),
            successful=len(essays),
            failed=len(failed),
            successful_essay_ids=[id_of(essay) for essay in essays],
            failed_essay_ids=[id_of(essay) for essay in failed],
        ),
        run_id=run and id_of(run),
        attempt=attempt,
        error_codes={id_of(essay): "TEXT_TOO_SHORT" for essay in failed},
    )
