"""Value types that many messages carry."""

from datetime import datetime
from typing import Any

from common_core.enums import ContentType, ProcessingStage
from common_core.message import Value


class SystemProcessingMetadata(Value, frozen=True, kw_only=True):
    """What a message says about the processing it belongs to."""

    entity_id: str
    entity_type: str
    parent_id: str | None = None
    timestamp: datetime
    processing_stage: ProcessingStage | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None
    event: str | None = None
    error_info: dict[str, Any] = {}


class SpellcheckMetricsV1(Value, frozen=True, kw_only=True):
    """What spell-checking changed; `correction_density` is corrections per 100 words."""

    total_corrections: int
    l2_dictionary_corrections: int
    spellchecker_corrections: int
    word_count: int
    correction_density: float


class EssayProcessingInputRefV1(Value, frozen=True, kw_only=True):
    """An essay and the text that the next phase reads."""

    essay_id: str
    text_storage_id: str
    spellcheck_metrics: SpellcheckMetricsV1 | None = None


class StorageReference(Value, frozen=True, kw_only=True):
    """Where Content Service keeps something."""

    storage_id: str
    path: str = ""


class StorageReferenceMetadata(Value, frozen=True, kw_only=True):
    """References into Content Service, by kind."""

    references: dict[ContentType, StorageReference] = {}


class ErrorDetail(Value, frozen=True, kw_only=True):
    """Why something failed; `error_code` is stable, `message` is for people."""

    error_code: str
    message: str
    correlation_id: str
    timestamp: datetime
    service: str
    operation: str
    details: dict[str, Any] = {}


class ProcessingSummary(Value, frozen=True, kw_only=True):
    """How a request for several essays ended."""

    total_essays: int
    successful: int
    failed: int
    successful_essay_ids: list[str] = []
    failed_essay_ids: list[str] = []
    processing_time_seconds: float = 0.0
