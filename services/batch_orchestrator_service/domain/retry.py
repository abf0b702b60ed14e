"""Trying again: which essays may be, in which run, and when it is worth it without anybody asking."""

import zlib
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from msgspec.structs import replace

from batch_orchestrator_service.domain.pipeline import PHASES
from batch_orchestrator_service.domain.run import ENDED_BY_ITSELF, PhaseRun, Run, settled, survivors
from batch_orchestrator_service.domain.wait import Wait
from common_core.enums import PhaseName
from common_core.enums import PipelineExecutionStatus as PhaseStatus

Tries = Mapping[PhaseName, Collection[int]]
"""The essays to try again, by phase."""


def last_with(runs: Iterable[Run], name: PhaseName) -> Run | None:
    """The run in which this phase last came to an end of its own after essays had been sent into it."""
    found = [run for run in runs if (phase := run.phase(name)) and phase.sent and phase.status in ENDED_BY_ITSELF]
    return found[-1] if found else None


def retryable(run: Run, name: PhaseName) -> frozenset[int]:
    """The essays that failed in this phase of the run after coming through all it depends on."""
    phase = run.phase(name)
    if phase is None:
        return frozenset()
    needed = [found for found in run.phases if found.name in phase.depends_on]
    return frozenset(phase.failed).intersection(survivors(run.essays, needed))


def as_they_stand(run: Run, runs: Iterable[Run]) -> Run:
    """The run with each of its phases as the last run in which it came to an end of its own left it."""
    ends = {phase.name: phase for each in runs for phase in each.phases if phase.status in ENDED_BY_ITSELF}
    phases = (replace(ends.get(phase.name, settled(phase)), depends_on=phase.depends_on) for phase in run.phases)
    return replace(run, phases=tuple(phases))


def again(run: Run, tries: Tries, run_id: str, correlation_id: str, at: datetime) -> Run:
    """A further run that tries these essays of these phases once more; what depends on them then takes whoever is new.

    What has been done stands: its results are the further run's as well, and so its counts are those of all essays.
    """
    affected = _dependents(run, tries)
    phases = tuple(
        _tried_again(phase, tries[phase.name], at)
        if phase.name in tries and phase.name not in affected
        else _reopened(phase, phase.name in affected, tries.get(phase.name, ()))
        for phase in run.phases
    )
    return Run(run_id, run.pipeline, correlation_id, run.essays, phases, at, retry_of=run.run_id)


def _dependents(run: Run, names: Collection[PhaseName]) -> set[PhaseName]:
    """All that depend on any of these, themselves among them if so."""
    found: set[PhaseName] = set()
    for phase in run.phases:  # each stands after all it depends on
        if found.union(names).intersection(phase.depends_on):
            found.add(phase.name)
    return found


def _tried_again(phase: PhaseRun, essays: Collection[int], at: datetime) -> PhaseRun:
    return replace(
        phase, failed=_without(phase.failed, essays), attempt=phase.attempt + 1, retries=0, reuse=True
    ).dispatched(at)


def _reopened(phase: PhaseRun, is_affected: bool, essays: Collection[int]) -> PhaseRun:
    """Where its turn comes, these are as new as those who come through what it depends on."""
    status = PhaseStatus.PENDING_DEPENDENCIES if is_affected else phase.status
    sent = tuple(essay for essay in phase.sent if essay not in essays)
    return replace(phase, status=status, sent=sent, failed=_without(phase.failed, essays), retries=0, reuse=True)


def _without(failed: Mapping[int, str], essays: Collection[int]) -> dict[int, str]:
    return {essay: code for essay, code in failed.items() if essay not in essays}


def put_off(batch_id: str, phase: PhaseRun, failed: Mapping[int, str], at: datetime) -> PhaseRun | None:
    """The phase waiting for another attempt, if its policy finds one worth it after those who have failed just now."""
    policy = PHASES[phase.name].retries
    essays = frozenset(essay for essay, code in failed.items() if code in policy.codes)
    if not essays or phase.retries >= policy.times:
        return None
    return phase.put_off(essays, Wait(at, at + policy.pause_after(phase.retries, _jitter(batch_id, phase))))


def due(phase: PhaseRun, at: datetime) -> PhaseRun:
    """The phase with its next attempt begun."""
    return replace(phase, attempt=phase.attempt + 1, retries=phase.retries + 1).dispatched(at)


def _jitter(batch_id: str, phase: PhaseRun) -> float:
    """From 0 to 1, another for each batch: what failed at one time must not come back at one time."""
    return zlib.crc32(f"{batch_id} {phase.name} {phase.attempt}".encode()) / 2**32
