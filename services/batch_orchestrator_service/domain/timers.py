"""Which clocks run for a batch: they follow from its state, so that none is forgotten and none is left behind."""

from collections.abc import Iterator

from batch_orchestrator_service.domain.batch import Batch
from batch_orchestrator_service.domain.facts import (
    ContentDeadlinePassed,
    PhaseDeadlinePassed,
    RetryDue,
    StudentsDeadlinePassed,
)
from batch_orchestrator_service.domain.run import PhaseRun, Run
from huleedu_service_libs.runtime.effects import Effect, Later, Never


def changes(before: Batch | None, after: Batch) -> tuple[Effect, ...]:
    """The timers to set and to drop."""
    old, new = running(before), running(after)
    dropped = tuple(Never(name) for name in old if name not in new)
    return (*dropped, *(timer for name, timer in new.items() if timer != old.get(name)))


def running(batch: Batch | None) -> dict[str, Later]:
    """By name: one for each wait that has a limit. No clock runs while the batch is paused."""
    if batch is None or batch.paused:
        return {}
    return {timer.name: timer for timer in _clocks(batch)}


def _clocks(batch: Batch) -> Iterator[Later]:
    if batch.ingestion.is_open:
        due = batch.ingestion.wait.until
        yield Later(ContentDeadlinePassed(batch_id=batch.batch_id, due=due), f"{batch.batch_id} content", due)
    if wait := batch.matching.wait:
        students = StudentsDeadlinePassed(batch_id=batch.batch_id, due=wait.until)
        yield Later(students, f"{batch.batch_id} students", wait.until)
    if run := batch.active_run:
        yield from (_of_phase(batch.batch_id, run, phase) for phase in run.phases if phase.wait)


def _of_phase(batch_id: str, run: Run, phase: PhaseRun) -> Later:
    assert phase.wait is not None
    kind, due = PhaseDeadlinePassed if phase.awaits_outcome else RetryDue, phase.wait.until
    timer = kind(batch_id=batch_id, run_id=run.run_id, phase_name=phase.name, attempt=phase.attempt, due=due)
    return Later(timer, f"{batch_id} {phase.name}", due)
