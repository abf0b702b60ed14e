"""What an operator can ask of many batches, and what becomes of that."""

from datetime import datetime

from pydantic import BaseModel, Field

from batch_orchestrator_service.api_models import Name, WishRequest
from batch_orchestrator_service.domain.asked import BulkAction
from batch_orchestrator_service.domain.operation import OperationStatus
from batch_orchestrator_service.list_models import Moment
from common_core.enums import PhaseName


class BulkRequest(WishRequest):
    """The same for many batches: all of them, those of one owner, those that have changed `since` then."""

    action: BulkAction
    user_id: Name | None = None
    since: Moment | None = None
    phase: PhaseName | None = Field(default=None, description="retry: only in this phase; else in all that failed")
    per_second: float | None = Field(
        default=None,
        gt=0,
        le=1000,
        description="how many batches are asked in a second: 10 for retry and resume, 100 for cancel and pause",
    )


class OperationBody(BaseModel):
    """What was asked for, and how far it is: `seen` batches looked at, `asked` those whose turn it was.

    `left` are those still to be looked at, counted to 10,000. What came of it stands in the batches' timelines.
    """

    operation_id: str
    action: BulkAction
    user_id: str | None
    phase: PhaseName | None
    since: datetime | None
    per_second: float
    reason: str | None
    status: OperationStatus
    seen: int
    asked: int
    left: int
    begun_at: datetime
    ended_at: datetime | None
    correlation_id: str


class OperationsResponse(BaseModel):
    """The newest operations, the newest first."""

    operations: list[OperationBody]
