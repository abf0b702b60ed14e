"""What the spellchecker says about an essay: a short answer for the essay's life, a long one for its results."""

from datetime import datetime

from msgspec import Struct

from common_core.enums import EssayStatus, ProcessingStage
from common_core.messages.spellcheck import (
    EssayLifecycleSpellcheckRequestV1,
    SpellcheckCorrection,
    SpellcheckPhaseCompletedV1,
    SpellcheckResultV1,
)
from common_core.shared import SpellcheckMetricsV1, SystemProcessingMetadata
from huleedu_service_libs.runtime import Cause
from spellchecker_service.domain.results import Correction, SpellingResult

MOST_CORRECTIONS_TOLD = 500
"""In one message, which has a limit; `corrections_made` counts them all."""

NOTHING_CHANGED = SpellcheckMetricsV1(
    total_corrections=0, l2_dictionary_corrections=0, spellchecker_corrections=0, word_count=0, correction_density=0.0
)


class Verdict(Struct, frozen=True, kw_only=True):
    """What became of one essay: its corrected text, or the code of its failure."""

    processor_version: str
    corrected_text_storage_id: str | None = None
    error_code: str | None = None
    metrics: SpellcheckMetricsV1 = NOTHING_CHANGED
    corrections: list[SpellcheckCorrection] = []
    language_detected: str | None = None
    milliseconds: int = 0


def verdict_on(result: SpellingResult, corrected_text_storage_id: str, processor_version: str) -> Verdict:
    """A success, in the terms of the wire."""
    return Verdict(
        processor_version=processor_version,
        corrected_text_storage_id=corrected_text_storage_id,
        metrics=SpellcheckMetricsV1(
            total_corrections=result.total_corrections,
            l2_dictionary_corrections=result.l2_dictionary_corrections,
            spellchecker_corrections=result.spellchecker_corrections,
            word_count=result.word_count,
            correction_density=round(result.correction_density, 2),
        ),
        corrections=[_told(correction) for correction in result.corrections[:MOST_CORRECTIONS_TOLD]],
        language_detected=result.detected_language,
    )


def _told(correction: Correction) -> SpellcheckCorrection:
    return SpellcheckCorrection(
        offset=correction.offset,
        length=correction.length,
        original=correction.original,
        replacement=correction.replacement,
        alternatives=list(correction.alternatives),
        kind=correction.kind,
    )


def short_answer(
    asked: EssayLifecycleSpellcheckRequestV1, cause: Cause, verdict: Verdict, at: datetime
) -> SpellcheckPhaseCompletedV1:
    """That the essay is done, and where its corrected text is; or why it failed."""
    succeeded = verdict.error_code is None
    return SpellcheckPhaseCompletedV1(
        entity_id=asked.entity_id,
        batch_id=asked.parent_id,
        correlation_id=cause.correlation_id,
        status="completed" if succeeded else "failed",
        corrected_text_storage_id=verdict.corrected_text_storage_id,
        error_code=verdict.error_code,
        processing_duration_ms=verdict.milliseconds,
        timestamp=at,
        spellcheck_metrics=verdict.metrics if succeeded else None,
        run_id=asked.run_id,
        attempt=asked.attempt,
    )


def long_answer(
    asked: EssayLifecycleSpellcheckRequestV1, cause: Cause, verdict: Verdict, at: datetime
) -> SpellcheckResultV1:
    """What was changed, with places in the original text."""
    succeeded = verdict.error_code is None
    return SpellcheckResultV1(
        entity_id=asked.entity_id,
        parent_id=asked.parent_id,
        timestamp=at,
        status=EssayStatus.SPELLCHECKED_SUCCESS if succeeded else EssayStatus.SPELLCHECK_FAILED,
        system_metadata=SystemProcessingMetadata(
            entity_id=asked.entity_id,
            entity_type="essay",
            parent_id=asked.parent_id,
            timestamp=at,
            processing_stage=ProcessingStage.COMPLETED if succeeded else ProcessingStage.FAILED,
        ),
        batch_id=asked.parent_id,
        correlation_id=cause.correlation_id,
        user_id=cause.user_id or None,
        corrections_made=verdict.metrics.total_corrections,
        correction_metrics=verdict.metrics,
        original_text_storage_id=asked.text_storage_id,
        corrected_text_storage_id=verdict.corrected_text_storage_id,
        processing_duration_ms=verdict.milliseconds,
        processor_version=verdict.processor_version,
        corrections=verdict.corrections,
        corrections_truncated=len(verdict.corrections) < verdict.metrics.total_corrections,
        language_detected=verdict.language_detected,
        error_code=verdict.error_code,
        run_id=asked.run_id,
        attempt=asked.attempt,
    )
