"""What an operator asks of many batches at once: whom it concerns, at which rate, and what it means for each."""

from collections.abc import Collection
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import msgspec
from msgspec.structs import replace

from batch_orchestrator_service.domain.admission import phases_to_retry
from batch_orchestrator_service.domain.asked import BulkAction, CancelAsked, PauseAsked, ResumeAsked, RetryAsked
from batch_orchestrator_service.domain.batch import UNENDED, Batch
from common_core.enums import BatchStatus, PhaseName

Wish = CancelAsked | PauseAsked | ResumeAsked | RetryAsked

MOST = 200
"""Batches that are asked in one step."""

RATES = {BulkAction.RETRY: 10.0, BulkAction.RESUME: 10.0, BulkAction.CANCEL: 100.0, BulkAction.PAUSE: 100.0}
"""Batches a second, if nobody says: slowly where it makes work."""

_TO_RETRY = (BatchStatus.COMPLETED_WITH_FAILURES, BatchStatus.FAILED_CRITICALLY)


class OperationStatus(StrEnum):
    """Where an operation stands."""

    RUNNING = "running"
    STOPPED = "stopped"
    DONE = "done"


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """One wish for all batches, for those of one owner, or for those that have changed since then.

    It goes from the newest batch to the oldest: `after` is the last that it has looked at, `seen` how many it has, and
    `asked` how many it has asked. The next step is made at `next_at`, however long the last one is ago: after a stop
    of everything the rate is what it was.
    """

    operation_id: str
    action: BulkAction
    user_id: str | None
    phase_name: PhaseName | None
    since: datetime | None
    per_second: float
    asked_by: str
    reason: str | None
    correlation_id: str
    begun_at: datetime
    next_at: datetime
    status: OperationStatus = OperationStatus.RUNNING
    after: str | None = None
    seen: int = 0
    asked: int = 0
    ended_at: datetime | None = None

    @property
    def subject(self) -> str:
        """What it is about: of those with the same one, one runs at a time."""
        return msgspec.json.encode([self.action, self.user_id, self.phase_name]).decode()

    @property
    def is_running(self) -> bool:
        """It has neither come to its end nor been stopped."""
        return self.status is OperationStatus.RUNNING

    @property
    def concerned(self) -> tuple[BatchStatus, ...]:
        """The batches to look at."""
        return _TO_RETRY if self.action is BulkAction.RETRY else tuple(sorted(UNENDED))

    @property
    def most(self) -> int:
        """How many batches one step asks: those of a second."""
        return max(1, min(MOST, round(self.per_second)))

    def anew(self, newer: "Operation") -> "Operation":
        """The same, from the newest batch on, because it was asked for once more: about all that either is about."""
        moments = (self.since, newer.since)
        since = None if None in moments else min(moment for moment in moments if moment)
        reason = newer.reason or self.reason
        return replace(self, since=since, per_second=newer.per_second, reason=reason, after=None, seen=0)

    def stepped(self, after: str, seen: int, asked: int, at: datetime) -> "Operation":
        """The same, so many batches further."""
        pause = timedelta(seconds=asked / self.per_second)
        return replace(self, after=after, seen=self.seen + seen, asked=self.asked + asked, next_at=at + pause)

    def ended(self, status: OperationStatus, at: datetime) -> "Operation":
        """The same, over."""
        return replace(self, status=status, ended_at=at)

    def wish(self, batch: Batch, run_id: str, available: Collection[PhaseName]) -> Wish | None:
        """What it means for this batch, if anything. A retry is a run of that id, over phases that are available."""
        shared: dict[str, Any] = {
            "batch_id": batch.batch_id,
            "asked_by": self.asked_by,
            "reason": self.reason,
            "correlation_id": self.correlation_id,
        }
        match self.action:
            case BulkAction.CANCEL:
                return CancelAsked(**shared)
            case BulkAction.PAUSE:
                return None if batch.paused else PauseAsked(**shared)
            case BulkAction.RESUME:
                return ResumeAsked(**shared) if batch.paused else None
            case BulkAction.RETRY:
                phases = [name for name in phases_to_retry(batch) if self.phase_name in (None, name)]
                return _retry([name for name in phases if name in available], run_id, shared)


def _retry(phases: list[PhaseName], run_id: str, shared: dict[str, Any]) -> RetryAsked | None:
    if not phases:
        return None
    first, *then = phases
    return RetryAsked(run_id=run_id, phase_name=first, then=tuple(then), **shared)
