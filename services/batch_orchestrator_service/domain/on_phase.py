"""Decisions on a phase: it was answered, it has taken too long, its next attempt is due."""

from collections.abc import Mapping
from datetime import datetime

from msgspec.structs import replace

from batch_orchestrator_service.domain import notifications as tell
from batch_orchestrator_service.domain import retry
from batch_orchestrator_service.domain.announcements import phase_deadline, phase_given_up
from batch_orchestrator_service.domain.batch import Batch
from batch_orchestrator_service.domain.facts import PhaseDeadlinePassed, RetryDue
from batch_orchestrator_service.domain.inherited import phase_wait
from batch_orchestrator_service.domain.pipeline import PHASES
from batch_orchestrator_service.domain.run import PhaseRun, Run
from batch_orchestrator_service.domain.steps import Step, command, moved_on, with_run
from common_core.enums import PhaseName
from common_core.enums import PipelineExecutionStatus as PhaseStatus
from common_core.messages.control import PHASE_TIMED_OUT
from common_core.messages.pipeline import ELSBatchPhaseOutcomeV1

UNKNOWN_FAILURE = "PROCESSING_ERROR"


def answered(batch: Batch, outcome: ELSBatchPhaseOutcomeV1, at: datetime) -> Step:
    """Each essay of the attempt has come through or failed."""
    phase = _awaited(batch, outcome.run_id, outcome.phase_name, outcome.attempt)
    if phase is None:
        return _discarded(batch, outcome), ()
    refs = {ref.essay_id: ref for ref in outcome.processed_essays}
    succeeded = [essay for essay in phase.outstanding if batch.essays.ids[essay] in refs]
    failed = {
        essay: outcome.error_codes.get(batch.essays.ids[essay], UNKNOWN_FAILURE)
        for essay in phase.outstanding
        if batch.essays.ids[essay] not in refs
    }
    # A phase that gives nothing leaves what it gave in an earlier run, which a later one may reuse.
    if succeeded and PHASES[phase.name].gives_text:
        batch = replace(batch, essays=batch.essays.with_texts(phase.name, succeeded, refs))
    return _attempt_over(batch, phase.answered(succeeded, failed), failed, at)


def overdue(batch: Batch, deadline: PhaseDeadlinePassed, at: datetime) -> Step:
    """It gets more time, or ELS is asked to close it; if ELS does not even do that, all of the attempt have failed."""
    phase = _awaited(batch, deadline.run_id, deadline.phase_name, deadline.attempt)
    if phase is None or batch.paused or phase.wait is None:
        return batch, ()
    if phase.wait.until != (deadline.due or phase_wait(phase).until):
        return batch, ()
    kind, run = PHASES[phase.name], batch.runs[-1]
    if phase.wait.overdue:
        return _given_up(batch, run, phase, at)
    if longer := phase.wait.extended(at, kind.time_limit(len(phase.outstanding)), deadline.done):
        return with_run(batch, run.with_phase(replace(phase, wait=longer))), ()
    closing = replace(phase, wait=phase.wait.closing(at, kind.silence))
    said = (phase_deadline(batch, run, phase, at), *tell.delayed(batch, run, phase, at))
    return with_run(batch, run.with_phase(closing)), said


def _given_up(batch: Batch, run: Run, phase: PhaseRun, at: datetime) -> Step:
    failed = dict.fromkeys(phase.outstanding, PHASE_TIMED_OUT)
    changed, said = _attempt_over(batch, phase.answered((), failed), failed, at)
    return changed, (phase_given_up(batch, run, phase, at), *said)


def retry_due(batch: Batch, due: RetryDue, at: datetime) -> Step:
    """The next attempt begins."""
    run = _meant(batch, due.run_id)
    phase = run.phase(due.phase_name) if run else None
    if run is None or phase is None or phase.wait is None or not phase.awaits_retry or batch.paused:
        return batch, ()
    if (due.attempt, due.due) != (phase.attempt, phase.wait.until):
        return batch, ()
    phase = retry.due(phase, at)
    run = run.with_phase(phase)
    return with_run(batch, run), (command(batch, run, phase, at),)


def _attempt_over(batch: Batch, phase: PhaseRun, failed: Mapping[int, str], at: datetime) -> Step:
    """Try again those that are worth it; else the phase is over."""
    run = batch.runs[-1]
    if waiting := retry.put_off(batch.batch_id, phase, failed, at):
        return with_run(batch, run.with_phase(waiting)), ()
    return moved_on(batch, run.with_phase(phase.ended(at)), at)


def _meant(batch: Batch, run_id: str | None) -> Run | None:
    """The active run if it is this one. No run named: the present one is meant."""
    run = batch.active_run
    return run if run is not None and run_id in (None, run.run_id) else None


def _awaited(batch: Batch, run_id: str | None, name: PhaseName, attempt: int | None) -> PhaseRun | None:
    """The phase that this answers, if it is still waited for. No attempt named: the present one is meant."""
    run = _meant(batch, run_id)
    phase = run.phase(name) if run else None
    if phase is None or not phase.awaits_outcome or attempt not in (None, phase.attempt):
        return None
    return phase


def _discarded(batch: Batch, outcome: ELSBatchPhaseOutcomeV1) -> Batch:
    """Where the answer to an attempt that was cancelled comes late, that is kept, and nothing follows from it."""
    for place, run in enumerate(batch.runs):
        phase = run.phase(outcome.phase_name)
        if run.run_id == outcome.run_id and phase and _was_cancelled(phase, outcome.attempt):
            marked = run.with_phase(replace(phase, wait=None, discarded=True))
            return replace(batch, runs=(*batch.runs[:place], marked, *batch.runs[place + 1 :]))
    return batch


def _was_cancelled(phase: PhaseRun, attempt: int | None) -> bool:
    return phase.status is PhaseStatus.CANCELLED and phase.wait is not None and attempt == phase.attempt
