"""What the result aggregator says."""

from datetime import datetime
from typing import ClassVar

from common_core.enums import BatchStatus
from common_core.message import Message, Value
from common_core.shared import SystemProcessingMetadata


class PhaseResultSummary(Value, frozen=True, kw_only=True):
    """How one phase ended for a batch."""

    phase_name: str
    status: str
    completed_count: int
    failed_count: int
    processing_time_seconds: float | None = None


class BatchResultsReadyV1(Message, frozen=True, kw_only=True):
    """RAS: a run's results are put together."""

    topic: ClassVar[str] = "huleedu.ras.batch.results.ready.v1"
    producer: ClassVar[str] = "result_aggregator_service"

    event_name: str = "batch.results.ready"
    entity_id: str
    entity_type: str = "batch"
    parent_id: str | None = None
    timestamp: datetime
    status: BatchStatus
    system_metadata: SystemProcessingMetadata
    batch_id: str
    user_id: str
    total_essays: int
    completed_essays: int
    phase_results: dict[str, PhaseResultSummary]
    overall_status: BatchStatus
    processing_duration_seconds: float
    run_id: str | None = None
