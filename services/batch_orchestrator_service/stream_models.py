"""What streams are asked for, and the snapshots they begin with."""

from pydantic import BaseModel, Field

from batch_orchestrator_service.api_models import Name
from batch_orchestrator_service.list_models import BatchSummary
from batch_orchestrator_service.status_models import BatchStatusResponse
from huleedu_service_libs.runtime.tail import Gap


class BatchStreamQuery(BaseModel):
    """From after this event on, for clients that cannot send the header Last-Event-ID, which wins."""

    last_event_id: Name | None = None


class StreamQuery(BatchStreamQuery):
    """Whose batches: one's own if nobody is named; operators may ask for anybody's, and without a user for all."""

    owner: Name | None = None


class LastEventId(BaseModel):
    """The id of the last event that was seen: the stream goes on after it."""

    last_event_id: str | None = None


class Snapshot(BaseModel):
    """How things stand at the place of this event. With a `gap` the events since Last-Event-ID cannot be told.

    `reason`: another_epoch (the platform has been restored from a backup), not_kept (it is too long ago), or ahead (the
    log does not reach so far).
    """

    gap: bool
    reason: Gap | None


class BatchSnapshot(Snapshot):
    """Where the batch stands."""

    batch: BatchStatusResponse


class OpenBatches(Snapshot):
    """The batches that have not ended, newest first; `more` than fit here are in `GET /v1/batches`."""

    batches: list[BatchSummary]
    more: bool = Field(description="there are more than these")
