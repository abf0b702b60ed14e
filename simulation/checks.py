"""What must hold once all is at rest."""

from collections.abc import AsyncIterator, Iterator

from batch_orchestrator_service.domain.batch import Batch
from batch_orchestrator_service.domain.decide import decide
from batch_orchestrator_service.domain.run import PhaseRun
from batch_orchestrator_service.implementations.status_view import status_of
from result_aggregator_service.domain.batch import overall_status

from common_core.enums import PhaseName
from common_core.enums import PipelineExecutionStatus as PhaseStatus
from simulation.violation import Violation
from simulation.witness import NEVER
from simulation.world import World

RESULTS_OF = (PhaseName.SPELLCHECK, PhaseName.NLP)


async def check(world: World) -> None:
    """Raises the first Violation there is."""
    for of_world in (_everybody_is_at_rest, _every_file_is_answered):
        for violation in of_world(world):
            raise violation
    for batch in world.witness.batches.batches.values():
        for of_batch in (_is_registered, _has_ended, _adds_up, _follows_from_its_timeline):
            for violation in of_batch(world, batch):
                raise violation
        async for violation in _is_known_to_ras(world, batch):
            raise violation


def _everybody_is_at_rest(world: World) -> Iterator[Violation]:
    """I7, I15: everything that was sent has been handled, and nobody waits for anything."""
    for name, reader in world.bus.readers.items():
        if not reader.is_at_rest:
            yield Violation("I7", "", f"{name} has not come to rest")


def _every_file_is_answered(world: World) -> Iterator[Violation]:
    """I4: once, the other half of which the witness sees to."""
    for file, batch_id in world.witness.uploads.items():
        if file not in world.witness.answered:
            yield Violation("I4", batch_id, f"file {file} was accepted and never answered")
    for file, batch_id in world.witness.usable.items():
        if file not in world.witness.placed:
            yield Violation("I4", batch_id, f"file {file} has a text, and neither a slot nor a refusal")


def _is_registered(world: World, batch: Batch) -> Iterator[Violation]:
    if batch.batch_id not in world.witness.registered:
        yield Violation("I1", batch.batch_id, "there is a batch of which nobody has been told")


def _has_ended(world: World, batch: Batch) -> Iterator[Violation]:
    """I2, I9."""
    waits = [wait.what for wait in status_of(batch, {}).waiting_for]
    if not batch.has_ended:
        yield Violation("I2", batch.batch_id, f"it is {batch.status} for ever, and waits for {waits}")
    if batch.has_ended and waits:
        yield Violation("I2", batch.batch_id, f"it is {batch.status}, and waits for {waits}")
    if batch.status in NEVER:
        yield Violation("I9", batch.batch_id, f"it has no class, and is {batch.status}")


def _adds_up(world: World, batch: Batch) -> Iterator[Violation]:
    """I6, and each run's end is announced with the counts that it has."""
    for run in batch.runs:
        for phase in run.phases:
            yield from _counts(batch.batch_id, phase)
        said = world.witness.ended_runs.get((batch.batch_id, run.run_id))
        if said is None:
            yield Violation("I6", batch.batch_id, f"nobody has been told that run {run.run_id} has ended")
        elif (said.successful_essay_count, said.final_status) != (run.successful, run.status):
            yield Violation("I6", batch.batch_id, f"run {run.run_id} has ended otherwise than was said")
        if run.is_cancelled and (batch.batch_id, run.run_id) not in world.witness.cancelled_runs:
            yield Violation("I12", batch.batch_id, f"run {run.run_id} is cancelled, and nobody has been told")


def _counts(batch_id: str, phase: PhaseRun) -> Iterator[Violation]:
    cancelled = len(phase.outstanding) if phase.status is PhaseStatus.CANCELLED else 0
    answered = len(phase.succeeded) + len(phase.failed) + cancelled
    if answered != len(phase.sent) or set(phase.succeeded) & phase.failed.keys():
        yield Violation("I6", batch_id, f"{phase.name}: {len(phase.sent)} essays sent, {answered} accounted for")


def _follows_from_its_timeline(world: World, batch: Batch) -> Iterator[Violation]:
    """I17."""
    told: Batch | None = None
    for fact, at in world.witness.batches.lives[batch.batch_id]:
        told, _ = decide(told, fact, at)
    if told != batch:
        yield Violation("I17", batch.batch_id, "its timeline tells another state")


async def _is_known_to_ras(world: World, batch: Batch) -> AsyncIterator[Violation]:
    """I6: RAS shows what BOS has decided, and has a result for each success."""
    known = await world.results.batch(batch.batch_id)
    if known is None or known.registration is None:
        yield Violation("I6", batch.batch_id, "RAS does not know it")
        return
    if overall_status(known) is not batch.status:
        yield Violation("I6", batch.batch_id, f"it is {batch.status}, and {overall_status(known)} at RAS")
    if not batch.runs or batch.runs[-1].is_cancelled:
        return
    run = batch.runs[-1]
    if (batch.batch_id, run.run_id) not in world.witness.announced:
        yield Violation("I6", batch.batch_id, f"the results of run {run.run_id} were never announced")
    tries = known.newest_tries
    for phase in run.phases:
        outcome = tries[phase.name].outcome if phase.name in tries else None
        counted = (outcome.succeeded, len(outcome.failures)) if outcome else (0, 0)
        if counted != (len(phase.succeeded), len(phase.failed)):
            yield Violation("I6", batch.batch_id, f"{phase.name}: RAS counts {counted} otherwise than BOS")
        if phase.name in RESULTS_OF:
            ids = [batch.essays.ids[essay] for essay in phase.succeeded]
            found = await world.results.results(batch.batch_id, ids, in_full=False)
            good = {essay for essay, of in found.items() if any(r.phase is phase.name and not r.error_code for r in of)}
            if missing := set(ids) - good:
                yield Violation("I6", batch.batch_id, f"RAS has no {phase.name} result of {len(missing)} successes")
