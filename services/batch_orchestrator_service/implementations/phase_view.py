"""Phases as clients see them: what was decided, and meanwhile what ELS last said."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from batch_orchestrator_service.domain.batch import Batch
from batch_orchestrator_service.domain.run import COMPLETED, PhaseRun
from batch_orchestrator_service.protocols import PhaseProgress
from batch_orchestrator_service.status_models import (
    EssayCounts,
    PipelineStateDetail,
    PipelineStateResponse,
    ProcessingPipelineState,
)
from common_core.enums import PhaseName
from common_core.enums import PipelineExecutionStatus as PhaseStatus

_LOCKING = COMPLETED | {PhaseStatus.DISPATCH_INITIATED, PhaseStatus.IN_PROGRESS}


@dataclass(frozen=True)
class PhaseView:
    """A phase with its counts: those of the attempts that are over, and ELS's reports on the present one."""

    phase: PhaseRun
    status: PhaseStatus
    succeeded: int
    failed: int

    @property
    def total(self) -> int:
        """The essays sent into it."""
        return len(self.phase.sent)

    @property
    def outstanding(self) -> int:
        """Those of them that have neither succeeded nor failed."""
        return self.total - self.succeeded - self.failed

    @property
    def is_cancelled(self) -> bool:
        """Nobody waits any longer for those that are outstanding."""
        return self.status is PhaseStatus.CANCELLED

    @property
    def percentage(self) -> float:
        """How much of it is done; a phase that has ended is done, whatever it sent."""
        if self.phase.has_ended:
            return 100.0
        return round(100 * (self.succeeded + self.failed) / self.total, 1) if self.total else 0.0


def view_of(phase: PhaseRun, progress: Mapping[PhaseName, PhaseProgress]) -> PhaseView:
    """The phase, with what ELS said of it as long as it has not ended."""
    reported = progress.get(phase.name)
    succeeded, failed = len(phase.succeeded), len(phase.failed)
    if reported is None or reported.attempt != phase.attempt or not phase.awaits_outcome:
        return PhaseView(phase, phase.status, succeeded, failed)
    return PhaseView(phase, PhaseStatus.IN_PROGRESS, succeeded + reported.succeeded, failed + reported.failed)


def pipeline_state(batch: Batch, progress: Mapping[PhaseName, PhaseProgress]) -> ProcessingPipelineState:
    """Each phase as the last run that had it left it."""
    latest = {phase.name: phase for run in batch.runs for phase in run.phases}
    return ProcessingPipelineState(
        batch_id=batch.batch_id,
        requested_pipelines=[phase.name for phase in batch.runs[-1].phases] if batch.runs else [],
        last_updated=batch.changed_at,
        **{name.value: _detail(view_of(phase, progress)) for name, phase in latest.items()},
    )


def pipeline_state_answer(batch: Batch, progress: Mapping[PhaseName, PhaseProgress]) -> PipelineStateResponse:
    """What File Service wants to know."""
    reason = _lock_reason(batch)
    return PipelineStateResponse(
        batch_id=batch.batch_id,
        pipeline_state=pipeline_state(batch, progress),
        user_id=batch.registration.user_id,
        status=batch.status,
        locked=reason is not None,
        lock_reason=reason,
    )


def _lock_reason(batch: Batch) -> str | None:
    """Files may come until the first phase has been started, unless content is closed for good."""
    if batch.cancelled:
        return "the batch is cancelled"
    for run in batch.runs:
        for phase in run.phases:
            if phase.status in _LOCKING:
                return f"{phase.name} is {phase.status}"
    return batch.ingestion.error_code


def _detail(view: PhaseView) -> PipelineStateDetail:
    phase = view.phase
    return PipelineStateDetail(
        status=view.status,
        essay_counts=EssayCounts(
            total=view.total,
            pending_dispatch_or_processing=0 if view.is_cancelled else view.outstanding,
            cancelled=view.outstanding if view.is_cancelled else 0,
            successful=view.succeeded,
            failed=view.failed,
        ),
        started_at=phase.started_at,
        completed_at=phase.ended_at,
        error_info=_error_info(phase),
        progress_percentage=view.percentage,
    )


def _error_info(phase: PhaseRun) -> dict[str, Any] | None:
    """How many essays failed, by code."""
    return {"error_categories": dict(Counter(phase.failed.values()))} if phase.failed else None
