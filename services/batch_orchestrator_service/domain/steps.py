"""What all decisions come to: a batch as it is now, and what that calls for."""

from datetime import datetime

from msgspec.structs import replace

from batch_orchestrator_service.domain import notifications as tell
from batch_orchestrator_service.domain import run as runs
from batch_orchestrator_service.domain.announcements import completion
from batch_orchestrator_service.domain.batch import Batch
from batch_orchestrator_service.domain.pipeline import PHASES, Order
from batch_orchestrator_service.domain.run import PhaseRun, Run
from common_core.messages.pipeline import PhaseCommand
from huleedu_service_libs.runtime.effects import Effect

Effects = tuple[Effect, ...]
Step = tuple[Batch, Effects]


def with_run(batch: Batch, run: Run) -> Batch:
    """The batch with its latest run as it is now."""
    return replace(batch, runs=(*batch.runs[:-1], run))


def moved_on(batch: Batch, run: Run, at: datetime) -> Step:
    """The batch with its latest run moved on as far as it can, and what that calls for: nothing while it is paused."""
    if batch.paused:
        return with_run(batch, run), ()
    run, started = runs.advance(run, at)
    batch = with_run(batch, run)
    commands = tuple(command(batch, run, phase, at) for phase in started)
    if run.is_active:
        return batch, commands
    return batch, (*commands, completion(batch.batch_id, run, at), tell.completed(batch, run, at))


def command(batch: Batch, run: Run, phase: PhaseRun, at: datetime) -> PhaseCommand:
    """What ELS is told when a phase's attempt begins: the essays of this attempt, each with the text it is to read."""
    kind = PHASES[phase.name]
    order = Order(
        registration=batch.registration,
        prompt=batch.prompt,
        assignment_id=batch.assignment_id,
        refs=batch.essays.refs(phase.outstanding, kind.reads),
        run_id=run.run_id,
        attempt=phase.attempt,
        at=at,
    )
    return kind.command(order)
