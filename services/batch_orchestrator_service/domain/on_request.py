"""Decisions on what people ask for: a pipeline, another try, to stop, to wait, to go on."""

from datetime import datetime

from msgspec.structs import replace

from batch_orchestrator_service.domain import announcements as say
from batch_orchestrator_service.domain import notifications as tell
from batch_orchestrator_service.domain import on_matching, retry
from batch_orchestrator_service.domain import run as runs
from batch_orchestrator_service.domain.admission import essays_to_retry
from batch_orchestrator_service.domain.asked import (
    Asked,
    CancelAsked,
    PauseAsked,
    PipelineResolved,
    ResumeAsked,
    RetryAsked,
)
from batch_orchestrator_service.domain.batch import Batch, Halt
from batch_orchestrator_service.domain.on_content import waited_for_no_longer
from batch_orchestrator_service.domain.pipeline import PHASES
from batch_orchestrator_service.domain.run import Run
from batch_orchestrator_service.domain.steps import Step, command, moved_on, with_run


def pipeline(batch: Batch, resolved: PipelineResolved, at: datetime) -> Step:
    """A run begins, unless the batch takes none, or was cancelled after this was asked for."""
    outdated = batch.cancelled is not None and resolved.as_of < batch.cancelled.version
    if outdated or not _is_new(batch, resolved.run_id) or not _can_run(resolved):
        return batch, ()
    if batch.can_be_taken_up:
        return _taken_up(batch, resolved, at)
    return _run_begun(batch, resolved, at) if batch.accepts_pipeline else (batch, ())


def _taken_up(batch: Batch, resolved: PipelineResolved, at: datetime) -> Step:
    """First it has to be known who wrote the essays, as of every batch of a class."""
    said = say.resumption(resolved, batch.version + 1, at)
    batch, effects = on_matching.taken_up(replace(batch, cancelled=None, early=(*batch.early, resolved)), at)
    return batch, (said, *effects)


def next_run_begun(batch: Batch, at: datetime) -> Step:
    """The run that was waiting for this begins, if there is one."""
    if batch.next_run is None or not batch.accepts_pipeline:
        return batch, ()
    return _run_begun(batch, batch.next_run, at)


def _run_begun(batch: Batch, resolved: PipelineResolved, at: datetime) -> Step:
    prepared = replace(
        batch,
        prompt=resolved.student_prompt_ref or batch.prompt,
        assignment_id=resolved.assignment_id or batch.assignment_id,
        cancelled=None,
    )
    run = runs.begin(resolved, batch.essays.ready, batch.done, at)
    batch, effects = moved_on(replace(prepared, runs=(*batch.runs, run)), run, at)
    begun = batch.active_run
    return batch, (*effects, tell.started(batch, begun, at)) if begun else effects


def another_try(batch: Batch, asked: RetryAsked, at: datetime) -> Step:
    """A further run tries essays that failed in an earlier one, and takes what was done there as it is."""
    essays = essays_to_retry(batch, asked.phase_name, asked.essay_ids)
    earlier = retry.last_with(batch.runs, asked.phase_name)
    if not isinstance(essays, frozenset) or earlier is None or not _is_new(batch, asked.run_id):
        return batch, ()
    standing = retry.as_they_stand(earlier, batch.runs)
    later = {name: failed for name in asked.then if (failed := retry.retryable(standing, name))}
    tries = {**later, asked.phase_name: essays}
    run = retry.again(standing, tries, asked.run_id, asked.correlation_id, at)
    batch = replace(batch, runs=(*batch.runs, run))
    begun = tuple(command(batch, run, phase, at) for phase in run.phases if phase.awaits_outcome)
    return batch, (*begun, tell.started(batch, run, at))


def cancel(batch: Batch, asked: CancelAsked, at: datetime) -> Step:
    """No command is issued any more, and what is on its way counts no longer; content that is awaited is closed."""
    if batch.has_ended:
        return batch, ()
    run, halt = batch.active_run, _halt(batch, asked, at)
    unmatched = replace(batch.matching, wait=None)
    stopped = replace(batch, cancelled=halt, paused=None, matching=unmatched)
    stopped, effects = waited_for_no_longer(stopped, at)
    said = (*effects, say.cancellation(asked, run, halt), *tell.by_others(stopped, asked, at))
    if run is None:
        return stopped, said
    over = run.cancelled(at)
    return with_run(stopped, over), (*said, say.completion(batch.batch_id, over, at))


def pause(batch: Batch, asked: PauseAsked, at: datetime) -> Step:
    """What comes is kept; nothing is started, and no clock runs."""
    if batch.has_ended or batch.paused:
        return batch, ()
    halt = _halt(batch, asked, at)
    return replace(batch, paused=halt), (say.pause(asked, halt), *tell.by_others(batch, asked, at))


def resume(batch: Batch, asked: ResumeAsked, at: datetime) -> Step:
    """Every wait has what was left of it, and whatever has become possible meanwhile starts now."""
    if batch.paused is None:
        return batch, ()
    paused_at = batch.paused.at
    said = (say.resumption(asked, batch.version + 1, at), *tell.by_others(batch, asked, at))
    wait = batch.ingestion.wait.resumed(paused_at, at)
    batch = replace(batch, paused=None, ingestion=replace(batch.ingestion, wait=wait))
    if (run := batch.active_run) is None:
        batch, effects = on_matching.resumed(batch, paused_at, at)
        return batch, (*said, *effects)
    batch, effects = moved_on(batch, _resumed(run, paused_at, at), at)
    return batch, (*said, *effects)


def _resumed(run: Run, paused_at: datetime, at: datetime) -> Run:
    phases = (replace(phase, wait=phase.wait.resumed(paused_at, at)) if phase.wait else phase for phase in run.phases)
    return replace(run, phases=tuple(phases))


def _halt(batch: Batch, asked: Asked, at: datetime) -> Halt:
    return Halt(at, batch.version + 1, asked.asked_by, asked.reason)


def _is_new(batch: Batch, run_id: str) -> bool:
    return run_id not in {*(run.run_id for run in batch.runs), *(asked.run_id for asked in batch.early)}


def _can_run(resolved: PipelineResolved) -> bool:
    names = [phase.name for phase in resolved.phases]
    return bool(names) and len(names) == len(set(names)) and PHASES.keys() >= set(names)
