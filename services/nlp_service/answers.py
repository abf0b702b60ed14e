"""What the NLP service says about essays it was asked about."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from common_core.enums import BatchStatus, ProcessingStage
from common_core.messages.nlp import BatchNlpAnalysisCompletedV1, EssayNlpCompletedV1, GrammarAnalysis, NlpMetrics
from common_core.shared import EssayProcessingInputRefV1, ProcessingSummary, SystemProcessingMetadata
from nlp_service.messages import Request


def essay_completed(
    request: Request,
    essay: EssayProcessingInputRefV1,
    metrics: NlpMetrics,
    grammar: GrammarAnalysis,
    processing: dict[str, Any],
    at: datetime,
) -> EssayNlpCompletedV1:
    """One essay's analysis; `processing` is its `processing_metadata`."""
    return EssayNlpCompletedV1(
        entity_id=essay.essay_id,
        parent_id=request.batch_id,
        timestamp=at,
        essay_id=essay.essay_id,
        text_storage_id=essay.text_storage_id,
        nlp_metrics=metrics,
        grammar_analysis=grammar,
        processing_metadata=processing,
        run_id=request.run_id,
        attempt=request.attempt,
    )


def batch_completed(
    request: Request, error_codes: Mapping[str, str | None], at: datetime, *, seconds: float = 0.0
) -> BatchNlpAnalysisCompletedV1:
    """How these essays ended: `error_codes` by essay id, None for a success."""
    failed = {essay_id: code for essay_id, code in error_codes.items() if code is not None}
    return BatchNlpAnalysisCompletedV1(
        entity_id=request.batch_id,
        timestamp=at,
        status=_status(len(error_codes), len(failed)),
        system_metadata=_about_batch(request.batch_id, at),
        batch_id=request.batch_id,
        processing_summary=ProcessingSummary(
            total_essays=len(error_codes),
            successful=len(error_codes) - len(failed),
            failed=len(failed),
            successful_essay_ids=[essay_id for essay_id in error_codes if essay_id not in failed],
            failed_essay_ids=list(failed),
            processing_time_seconds=round(seconds, 3),
        ),
        run_id=request.run_id,
        attempt=request.attempt,
        error_codes=failed,
    )


def _about_batch(batch_id: str, at: datetime) -> SystemProcessingMetadata:
    return SystemProcessingMetadata(
        entity_id=batch_id, entity_type="batch", timestamp=at, processing_stage=ProcessingStage.COMPLETED
    )


def _status(total: int, failed: int) -> BatchStatus:
    if not failed:
        return BatchStatus.COMPLETED_SUCCESSFULLY
    return BatchStatus.FAILED_CRITICALLY if failed == total else BatchStatus.COMPLETED_WITH_FAILURES
