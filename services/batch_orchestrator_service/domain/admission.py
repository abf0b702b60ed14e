"""Whether a batch takes what somebody asks of it now, and what it can tell about what is done already."""

from collections.abc import Sequence

from batch_orchestrator_service.domain import retry
from batch_orchestrator_service.domain.batch import Batch
from batch_orchestrator_service.domain.run import PhaseRun
from batch_orchestrator_service.errors import (
    BatchCancelled,
    BatchHasEnded,
    BatchNotReady,
    BatchPaused,
    ContentIngestionFailed,
    EssaysNotFailed,
    NothingFailed,
    PhaseNeverRan,
    RunActive,
    StudentsNotConfirmed,
)
from common_core.enums import BatchStatus, PhaseName
from huleedu_service_libs.errors import RefusedCommand


def refusal(batch: Batch) -> RefusedCommand | None:
    """Why the batch takes no pipeline now, if it does not."""
    if (run := batch.active_run) is not None:
        return RunActive(run_id=run.run_id, pipeline=run.pipeline)
    if batch.paused:
        return BatchPaused()
    if batch.ingestion.is_open:
        return BatchCancelled() if batch.cancelled else BatchNotReady()
    if not batch.essays.ready:
        return ContentIngestionFailed()
    return None if batch.knows_students or batch.can_be_taken_up else StudentsNotConfirmed()


def essays_to_retry(batch: Batch, name: PhaseName, essay_ids: Sequence[str]) -> frozenset[int] | RefusedCommand:
    """The essays that a retry of this phase is about, all of its failed ones if none is named; or why there is none."""
    if (active := batch.active_run) is not None:
        return RunActive(run_id=active.run_id, pipeline=active.pipeline)
    if batch.cancelled:
        return BatchCancelled()
    run = retry.last_with(batch.runs, name)
    if run is None:
        return PhaseNeverRan(phase=name)
    failed = retry.retryable(retry.as_they_stand(run, batch.runs), name)
    if not failed:
        return NothingFailed(phase=name)
    numbers = {essay_id: number for number, essay_id in enumerate(batch.essays.ids)}
    wrong = [essay_id for essay_id in essay_ids if numbers.get(essay_id) not in failed]
    if wrong:
        return EssaysNotFailed(phase=name, essays=", ".join(wrong))
    return frozenset(numbers[essay_id] for essay_id in essay_ids) or failed


def phases_to_retry(batch: Batch) -> tuple[PhaseName, ...]:
    """The phases of the last run in which essays can be tried again, each after all it depends on."""
    names = [phase.name for phase in batch.runs[-1].phases] if batch.runs else []
    return tuple(name for name in names if isinstance(essays_to_retry(batch, name, ()), frozenset))


def refusal_of_cancel(batch: Batch) -> RefusedCommand | None:
    """Why there is nothing to cancel, if there is not; what is cancelled may be cancelled once more."""
    return BatchHasEnded(status=batch.status) if batch.has_ended and not batch.cancelled else None


def refusal_of_pause(batch: Batch) -> RefusedCommand | None:
    """Why there is nothing to pause, if there is not."""
    return BatchHasEnded(status=batch.status) if batch.has_ended else None


def refusal_of_resume(batch: Batch) -> RefusedCommand | None:
    """Why there is nothing to resume, if there is not; without usable content a batch ends even while paused."""
    if batch.paused:
        return None
    if batch.status is BatchStatus.CANCELLED:
        return BatchCancelled()
    return BatchHasEnded(status=batch.status) if batch.has_ended else None


def essay_states(batch: Batch) -> dict[PhaseName, dict[str, int]]:
    """For each phase that gave something: how many essays it succeeded and failed on, and how many are left for it."""
    return {
        phase.name: {
            "succeeded": len(phase.succeeded),
            "failed": len(phase.failed),
            "left": len(_candidates(batch, phase).difference(phase.succeeded, phase.failed)),
        }
        for phase in batch.done.values()
    }


def _candidates(batch: Batch, phase: PhaseRun) -> set[int]:
    """The essays that have come through all that the phase depends on."""
    done = batch.done
    return set(batch.essays.ready).intersection(*(done[name].succeeded for name in phase.depends_on if name in done))
