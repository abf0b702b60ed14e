"""Whether a batch still takes files, from what BOS says about it."""

from collections.abc import Mapping

from msgspec import Struct

from common_core.enums import PipelineExecutionStatus

_LOCKING = frozenset(
    {
        PipelineExecutionStatus.DISPATCH_INITIATED,
        PipelineExecutionStatus.IN_PROGRESS,
        PipelineExecutionStatus.COMPLETED_SUCCESSFULLY,
        PipelineExecutionStatus.COMPLETED_WITH_PARTIAL_SUCCESS,
    }
)


class BatchStanding(Struct, frozen=True, kw_only=True):
    """A batch as BOS sees it: its owner, its phases' statuses, and why it takes no files, if BOS says so."""

    user_id: str
    phases: Mapping[str, str] = {}
    lock_reason: str | None = None


class Lock(Struct, frozen=True, kw_only=True):
    """Why a batch takes no more files, and the phase that is to blame, if one is."""

    reason: str
    phase: str | None = None
    phase_status: str | None = None


def lock_of(batch: BatchStanding) -> Lock | None:
    """A batch is closed once any of its phases has been started, or for another reason that BOS gives."""
    for phase, status in batch.phases.items():
        if status in _LOCKING:
            return Lock(reason=f"{phase} is {status}", phase=phase, phase_status=status)
    return Lock(reason=batch.lock_reason) if batch.lock_reason else None
