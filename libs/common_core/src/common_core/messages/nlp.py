"""Linguistic analysis: what ELS asks and the NLP service answers."""

from datetime import datetime
from typing import Any, ClassVar

from common_core.enums import BatchStatus
from common_core.message import Message, Value
from common_core.shared import (
    EssayProcessingInputRefV1,
    ProcessingSummary,
    StorageReferenceMetadata,
    SystemProcessingMetadata,
)


class BatchNlpProcessingRequestedV2(Message, frozen=True, kw_only=True):
    """ELS: analyse these essays of a batch."""

    topic: ClassVar[str] = "huleedu.batch.nlp.processing.requested.v2"
    producer: ClassVar[str] = "essay_lifecycle_service"

    event_name: str = "batch.nlp.processing.requested.v2"
    entity_id: str
    entity_type: str = "batch"
    parent_id: str | None = None
    timestamp: datetime
    essays_to_process: list[EssayProcessingInputRefV1]
    language: str
    batch_id: str
    student_prompt_ref: StorageReferenceMetadata | None = None
    run_id: str | None = None
    attempt: int | None = None


class NlpMetrics(Value, frozen=True, kw_only=True):
    """Numbers about a text; a 0 in a field with a default means "not measured"."""

    word_count: int
    sentence_count: int
    avg_sentence_length: float
    language_detected: str
    processing_time_ms: int = 0
    mean_zipf_frequency: float = 0.0
    percent_tokens_zipf_below_3: float = 0.0
    mtld_score: float = 0.0
    hdd_score: float = 0.0
    mean_dependency_distance: float = 0.0
    phrasal_indices: dict[str, float] = {}
    clausal_indices: dict[str, float] = {}
    first_order_coherence: float = 0.0
    second_order_coherence: float = 0.0
    avg_bigram_pmi: float = 0.0
    avg_trigram_pmi: float = 0.0
    avg_bigram_npmi: float = 0.0
    avg_trigram_npmi: float = 0.0


class GrammarError(Value, frozen=True, kw_only=True):
    """One finding of a grammar checker."""

    rule_id: str
    message: str
    short_message: str
    offset: int
    length: int
    replacements: list[str] = []
    category: str
    severity: str = "info"
    category_id: str
    category_name: str
    context: str
    context_offset: int


class GrammarAnalysis(Value, frozen=True, kw_only=True):
    """What a grammar checker found; empty while none is installed."""

    error_count: int
    errors: list[GrammarError] = []
    language: str
    processing_time_ms: int = 0
    grammar_category_counts: dict[str, int] | None = None
    grammar_rule_counts: dict[str, int] | None = None


class EssayNlpCompletedV1(Message, frozen=True, kw_only=True):
    """The NLP service: one essay's analysis; `processing_metadata["feature_outputs"]` names every feature."""

    topic: ClassVar[str] = "huleedu.essay.nlp.completed.v1"
    producer: ClassVar[str] = "nlp_service"
    key_field: ClassVar[str] = "parent_id"

    event_name: str = "essay.nlp.completed"
    entity_id: str
    entity_type: str = "essay"
    parent_id: str
    timestamp: datetime
    essay_id: str
    text_storage_id: str
    nlp_metrics: NlpMetrics
    grammar_analysis: GrammarAnalysis
    processing_metadata: dict[str, Any] = {}
    run_id: str | None = None
    attempt: int | None = None


class BatchNlpAnalysisCompletedV1(Message, frozen=True, kw_only=True):
    """The NLP service: these essays of the batch are analysed or have failed; a large request is answered in parts."""

    topic: ClassVar[str] = "huleedu.batch.nlp.analysis.completed.v1"
    producer: ClassVar[str] = "nlp_service"

    event_name: str = "batch.nlp.analysis.completed"
    entity_id: str
    entity_type: str = "batch"
    parent_id: str | None = None
    timestamp: datetime
    status: BatchStatus
    system_metadata: SystemProcessingMetadata
    batch_id: str
    processing_summary: ProcessingSummary
    run_id: str | None = None
    attempt: int | None = None
    error_codes: dict[str, str] = {}
