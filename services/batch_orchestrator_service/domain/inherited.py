"""Waits as 0.1.0 had them. It kept none: each followed from the time at which its batch or its phase began."""

from datetime import timedelta

from msgspec.structs import replace

from batch_orchestrator_service.domain.batch import Batch
from batch_orchestrator_service.domain.ingestion import NOT_KEPT
from batch_orchestrator_service.domain.pipeline import PHASES
from batch_orchestrator_service.domain.run import PhaseRun
from batch_orchestrator_service.domain.wait import Wait


def with_waits(batch: Batch) -> Batch:
    """The batch with the waits that its row lacks; itself if it was written by this release."""
    if batch.ingestion.wait == NOT_KEPT:
        batch = replace(batch, ingestion=replace(batch.ingestion, wait=content_wait(batch)))
    run = batch.active_run
    if run is None or not any(map(_lacks_wait, run.phases)):
        return batch
    phases = tuple(replace(phase, wait=phase_wait(phase)) if _lacks_wait(phase) else phase for phase in run.phases)
    return replace(batch, runs=(*batch.runs[:-1], replace(run, phases=phases)))


def content_wait(batch: Batch) -> Wait:
    """For a batch's content; after the deadline, for ELS to close what there is."""
    registration, since = batch.registration, batch.registered_at
    until = since + timedelta(seconds=registration.content_seconds)
    if not batch.ingestion.deadline_passed:
        return Wait(since, until)
    return Wait(since, until + timedelta(seconds=registration.silence_seconds), overdue=True)


def phase_wait(phase: PhaseRun) -> Wait:
    """For ELS's answer."""
    assert phase.started_at is not None
    return Wait(phase.started_at, phase.started_at + PHASES[phase.name].time_limit(len(phase.sent)))


def _lacks_wait(phase: PhaseRun) -> bool:
    return phase.awaits_outcome and phase.wait is None
