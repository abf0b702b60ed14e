"""Spell-checking: what ELS asks and the spellchecker answers."""

from datetime import datetime
from typing import ClassVar

from common_core.enums import EssayStatus
from common_core.message import Message, Value
from common_core.shared import SpellcheckMetricsV1, SystemProcessingMetadata


class EssayLifecycleSpellcheckRequestV1(Message, frozen=True, kw_only=True):
    """ELS: spell-check this essay."""

    topic: ClassVar[str] = "huleedu.essay.spellcheck.requested.v1"
    producer: ClassVar[str] = "essay_lifecycle_service"
    key_field: ClassVar[str] = "parent_id"

    event_name: str = "essay.spellcheck.requested"
    entity_id: str
    entity_type: str = "essay"
    parent_id: str
    timestamp: datetime
    status: EssayStatus = EssayStatus.AWAITING_SPELLCHECK
    system_metadata: SystemProcessingMetadata
    text_storage_id: str
    language: str
    run_id: str | None = None
    attempt: int | None = None


class SpellcheckPhaseCompletedV1(Message, frozen=True, kw_only=True):
    """The spellchecker: this essay is done ("completed") or has "failed" with a code."""

    topic: ClassVar[str] = "huleedu.batch.spellcheck.phase.completed.v1"
    producer: ClassVar[str] = "spellchecker_service"

    entity_id: str
    batch_id: str
    correlation_id: str
    status: str
    corrected_text_storage_id: str | None = None
    error_code: str | None = None
    processing_duration_ms: int
    timestamp: datetime
    spellcheck_metrics: SpellcheckMetricsV1 | None = None
    run_id: str | None = None
    attempt: int | None = None


class SpellcheckCorrection(Value, frozen=True, kw_only=True):
    """One change: offset and length in code points of the original text; `kind` is "spelling" or "learner"."""

    offset: int
    length: int
    original: str
    replacement: str
    alternatives: list[str] = []
    kind: str = "spelling"


class SpellcheckResultV1(Message, frozen=True, kw_only=True):
    """The spellchecker: what was changed in this essay; if `corrections_truncated`, not every change is listed."""

    topic: ClassVar[str] = "huleedu.essay.spellcheck.results.v1"
    producer: ClassVar[str] = "spellchecker_service"

    event_name: str = "essay.spellcheck.results"
    entity_id: str
    entity_type: str = "essay"
    parent_id: str | None = None
    timestamp: datetime
    status: EssayStatus
    system_metadata: SystemProcessingMetadata
    batch_id: str
    correlation_id: str
    user_id: str | None = None
    corrections_made: int
    correction_metrics: SpellcheckMetricsV1
    original_text_storage_id: str
    corrected_text_storage_id: str | None = None
    processing_duration_ms: int
    processor_version: str
    corrections: list[SpellcheckCorrection] = []
    corrections_truncated: bool = False
    language_detected: str | None = None
    error_code: str | None = None
    run_id: str | None = None
    attempt: int | None = None
