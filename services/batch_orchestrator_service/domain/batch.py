"""A batch and every decision about it: `decide(batch, fact, at) -> (batch, effects)`."""

from datetime import datetime, timedelta

import msgspec
from msgspec.structs import replace

from batch_orchestrator_service.domain import run as runs
from batch_orchestrator_service.domain.announcements import (
    announcement,
    completion,
    content_deadline,
    content_timer,
    phase_timer,
    silence_timer,
)
from batch_orchestrator_service.domain.essays import Essays
from batch_orchestrator_service.domain.facts import (
    BatchRegistered,
    ContentDeadlinePassed,
    ContentSilencePassed,
    Fact,
    PhaseDeadlinePassed,
    PipelineResolved,
    PromptSet,
)
from batch_orchestrator_service.domain.ingestion import Ingestion
from batch_orchestrator_service.domain.pipeline import PHASES, Order
from batch_orchestrator_service.domain.run import PhaseRun, Run
from common_core.enums import BatchStatus, PhaseName
from common_core.messages.batch import (
    BatchContentProvisioningCompletedV1,
    BatchEssaysReady,
    BatchValidationErrorsV1,
)
from common_core.messages.pipeline import ELSBatchPhaseOutcomeV1
from common_core.shared import EssayProcessingInputRefV1, StorageReferenceMetadata
from huleedu_service_libs.runtime.effects import Effect, Never

TIMED_OUT = "PHASE_TIMED_OUT"
UNKNOWN_FAILURE = "PROCESSING_ERROR"


class Batch(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A class's essays and all that has happened to them. `version` counts the facts that changed it."""

    registration: BatchRegistered
    registered_at: datetime
    changed_at: datetime
    version: int = 0
    prompt: StorageReferenceMetadata | None = None
    assignment_id: str | None = None
    ingestion: Ingestion = Ingestion()
    essays: Essays
    runs: tuple[Run, ...] = ()

    @property
    def batch_id(self) -> str:
        """The key of everything that is said about it."""
        return self.registration.batch_id

    @property
    def active_run(self) -> Run | None:
        """The run that has not ended; there is at most one."""
        return self.runs[-1] if self.runs and self.runs[-1].is_active else None

    @property
    def status(self) -> BatchStatus:
        """Where the batch stands, as its facts have it."""
        if self.runs:
            return self.runs[-1].status
        if self.ingestion.is_open:
            return BatchStatus.AWAITING_CONTENT_VALIDATION
        if self.ingestion.error_code:
            return BatchStatus.CONTENT_INGESTION_FAILED
        return BatchStatus.READY_FOR_PIPELINE_EXECUTION

    @property
    def accepts_pipeline(self) -> bool:
        """There are essays to work on, and nothing works on them."""
        return bool(self.essays.ready) and self.active_run is None

    @property
    def accepts_prompt(self) -> bool:
        """A prompt set now can still reach a phase, and none that runs has been told another one."""
        return self.active_run is None and self.status is not BatchStatus.CONTENT_INGESTION_FAILED

    @property
    def content_deadline(self) -> datetime:
        """Until when content may come; once that has passed, until when ELS may close what there is."""
        registration = self.registration
        silence = registration.silence_seconds if self.ingestion.deadline_passed else 0
        return self.registered_at + timedelta(seconds=registration.content_seconds + silence)

    @property
    def done(self) -> dict[PhaseName, PhaseRun]:
        """The phases that gave something, each as it last did."""
        return {phase.name: phase for run in self.runs for phase in run.phases if phase.succeeded}


Effects = tuple[Effect, ...]
Step = tuple[Batch, Effects]


def decide(batch: Batch | None, fact: Fact, at: datetime) -> tuple[Batch | None, Effects]:
    """What becomes of a batch (None: not registered), and what that calls for.

    Total: what is late, early or said twice returns the very same batch, and nothing.
    """
    if batch is None:
        return _registered(fact, at) if isinstance(fact, BatchRegistered) else (None, ())
    changed, effects = _step(batch, fact, at)
    if changed is batch:
        return batch, ()
    return replace(changed, version=batch.version + 1, changed_at=at), effects


def _step(batch: Batch, fact: Fact, at: datetime) -> Step:
    match fact:
        case BatchContentProvisioningCompletedV1(essays_for_processing=refs) if batch.ingestion.is_open:
            return _content_closed(batch, refs, at)
        case BatchEssaysReady(ready_essays=refs) if batch.ingestion.is_open:
            return _content_closed(batch, refs, at)
        case BatchValidationErrorsV1():
            return _content_failed(batch, fact, at)
        case ContentDeadlinePassed() if batch.ingestion.is_open and not batch.ingestion.deadline_passed:
            return _content_overdue(batch, at)
        case ContentSilencePassed() if batch.ingestion.is_open:
            return _content_closed(batch, [], at)
        case PromptSet(student_prompt_ref=prompt) if prompt != batch.prompt and batch.accepts_prompt:
            return replace(batch, prompt=prompt), ()
        case PipelineResolved() if batch.accepts_pipeline and _is_new(batch, fact) and _can_run(fact):
            return _run_begun(batch, fact, at)
        case ELSBatchPhaseOutcomeV1():
            return _phase_answered(batch, fact, at)
        case PhaseDeadlinePassed():
            return _phase_overdue(batch, fact, at)
        case _:
            return batch, ()  # late, repeated or early: the batch has moved on


def _registered(fact: BatchRegistered, at: datetime) -> Step:
    batch = Batch(
        registration=fact,
        registered_at=at,
        changed_at=at,
        version=1,
        prompt=fact.student_prompt_ref,
        assignment_id=fact.assignment_id,
        essays=Essays(fact.essay_ids),
    )
    return batch, (announcement(fact, at), content_timer(fact, at))


def _content_closed(batch: Batch, refs: list[EssayProcessingInputRefV1], at: datetime) -> Step:
    essays = batch.essays.with_content(refs)
    ingestion = batch.ingestion.closed(at, usable=bool(essays.ready))
    waiting = silence_timer if batch.ingestion.deadline_passed else content_timer
    return replace(batch, essays=essays, ingestion=ingestion), (Never(waiting(batch.registration, at).name),)


def _content_failed(batch: Batch, errors: BatchValidationErrorsV1, at: datetime) -> Step:
    ingestion = batch.ingestion.with_failures(errors)
    known = batch if ingestion is batch.ingestion else replace(batch, ingestion=ingestion)
    if errors.error_summary.critical_failure and ingestion.is_open:
        return _content_closed(known, [], at)
    return known, ()


def _content_overdue(batch: Batch, at: datetime) -> Step:
    """ELS closes what is there, and answers as it does when all slots are filled."""
    overdue = replace(batch, ingestion=replace(batch.ingestion, deadline_passed=True))
    return overdue, (content_deadline(batch.registration, at), silence_timer(batch.registration, at))


def _is_new(batch: Batch, resolved: PipelineResolved) -> bool:
    return all(run.run_id != resolved.run_id for run in batch.runs)


def _can_run(resolved: PipelineResolved) -> bool:
    names = [phase.name for phase in resolved.phases]
    return bool(names) and len(names) == len(set(names)) and PHASES.keys() >= set(names)


def _run_begun(batch: Batch, resolved: PipelineResolved, at: datetime) -> Step:
    prepared = replace(
        batch,
        prompt=resolved.student_prompt_ref or batch.prompt,
        assignment_id=resolved.assignment_id or batch.assignment_id,
    )
    run = runs.begin(resolved, batch.essays.ready, batch.done, at)
    return _moved_on(replace(prepared, runs=(*batch.runs, run)), run, at)


def _phase_answered(batch: Batch, outcome: ELSBatchPhaseOutcomeV1, at: datetime) -> Step:
    phase = _awaited(batch, outcome.run_id, outcome.phase_name, outcome.attempt)
    if phase is None:
        return batch, ()
    refs = {ref.essay_id: ref for ref in outcome.processed_essays}
    succeeded = tuple(essay for essay in phase.sent if batch.essays.ids[essay] in refs)
    came_through = set(succeeded)
    failed = {
        essay: outcome.error_codes.get(batch.essays.ids[essay], UNKNOWN_FAILURE)
        for essay in phase.sent
        if essay not in came_through
    }
    # A phase that gives nothing leaves what it gave in an earlier run, which a later one may reuse.
    if succeeded and PHASES[phase.name].gives_text:
        batch = replace(batch, essays=batch.essays.with_texts(phase.name, succeeded, refs))
    return _phase_over(batch, phase.ended(succeeded, failed, at), at)


def _phase_overdue(batch: Batch, deadline: PhaseDeadlinePassed, at: datetime) -> Step:
    phase = _awaited(batch, deadline.run_id, deadline.phase_name, deadline.attempt)
    if phase is None:
        return batch, ()
    return _phase_over(batch, phase.ended((), dict.fromkeys(phase.sent, TIMED_OUT), at), at)


def _awaited(batch: Batch, run_id: str | None, name: PhaseName, attempt: int | None) -> PhaseRun | None:
    """The phase that this answers, if it is still waited for. No run or attempt named: the present one is meant."""
    run = batch.active_run
    if run is None or run_id not in (None, run.run_id):
        return None
    phase = run.phase(name)
    if phase is None or not phase.awaits_outcome or attempt not in (None, phase.attempt):
        return None
    return phase


def _phase_over(batch: Batch, phase: PhaseRun, at: datetime) -> Step:
    run = batch.runs[-1].with_phase(phase)
    batch, effects = _moved_on(batch, run, at)
    return batch, (Never(phase_timer(batch.batch_id, run, phase, at).name), *effects)


def _moved_on(batch: Batch, run: Run, at: datetime) -> Step:
    """The batch with its latest run moved on as far as it can, and what that calls for."""
    run, started = runs.advance(run, at)
    batch = replace(batch, runs=(*batch.runs[:-1], run))
    effects = tuple(effect for phase in started for effect in _commanded(batch, run, phase, at))
    return batch, effects if run.is_active else (*effects, completion(batch.batch_id, run, at))


def _commanded(batch: Batch, run: Run, phase: PhaseRun, at: datetime) -> Effects:
    kind = PHASES[phase.name]
    order = Order(
        registration=batch.registration,
        prompt=batch.prompt,
        assignment_id=batch.assignment_id,
        refs=batch.essays.refs(phase.sent, kind.reads),
        run_id=run.run_id,
        attempt=phase.attempt,
        at=at,
    )
    return kind.command(order), phase_timer(batch.batch_id, run, phase, at + kind.time_limit(len(phase.sent)))
