"""A pipeline run: phases as a graph, each started once all it depends on has ended."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

import msgspec
from msgspec.structs import replace

from batch_orchestrator_service.domain.asked import PipelineResolved
from batch_orchestrator_service.domain.pipeline import PHASES
from batch_orchestrator_service.domain.wait import Wait
from common_core.enums import BatchStatus, PhaseName
from common_core.enums import PipelineExecutionStatus as PhaseStatus

COMPLETED = frozenset({PhaseStatus.COMPLETED_SUCCESSFULLY, PhaseStatus.COMPLETED_WITH_PARTIAL_SUCCESS})
ENDED_BY_ITSELF = COMPLETED | {PhaseStatus.FAILED, PhaseStatus.SKIPPED_DUE_TO_DEPENDENCY_FAILURE}
ENDED = ENDED_BY_ITSELF | {PhaseStatus.CANCELLED}


class PhaseRun(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """One phase of one run; essays are numbers of slots, `failed` has the code of each that failed.

    It makes one attempt or several: `sent` is whoever was sent in any of them, `retries` how many of them were made
    without anybody asking. `wait` is there while ELS's answer, or the time of the next attempt, is waited for; where
    the answer came after the run had been cancelled, it was `discarded`.
    """

    name: PhaseName
    depends_on: tuple[PhaseName, ...] = ()
    reuse: bool = False
    status: PhaseStatus = PhaseStatus.PENDING_DEPENDENCIES
    attempt: int = 1
    retries: int = 0
    sent: tuple[int, ...] = ()
    succeeded: tuple[int, ...] = ()
    failed: dict[int, str] = {}
    wait: Wait | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    discarded: bool = False

    @property
    def has_ended(self) -> bool:
        """Nothing more will happen to it in its run."""
        return self.status in ENDED

    @property
    def awaits_outcome(self) -> bool:
        """ELS has been told, and has not answered."""
        return self.status is PhaseStatus.DISPATCH_INITIATED

    @property
    def awaits_retry(self) -> bool:
        """ELS has answered, and some essays are to be sent once more."""
        return self.status is PhaseStatus.IN_PROGRESS

    @property
    def outstanding(self) -> tuple[int, ...]:
        """The essays that have neither succeeded nor failed: those of the present attempt, or of the one to come."""
        return tuple(sorted(set(self.sent).difference(self.succeeded, self.failed)))

    def dispatched(self, at: datetime) -> "PhaseRun":
        """The phase with its outstanding essays sent."""
        wait = Wait(at, at + PHASES[self.name].time_limit(len(self.outstanding)))
        started = at if self.reuse else self.started_at or at
        status = PhaseStatus.DISPATCH_INITIATED
        return replace(self, status=status, reuse=False, wait=wait, started_at=started, ended_at=None)

    def answered(self, succeeded: Iterable[int], failed: Mapping[int, str]) -> "PhaseRun":
        """The phase with what became of its outstanding essays."""
        everyone = tuple(sorted({*self.succeeded, *succeeded}))
        return replace(self, succeeded=everyone, failed={**self.failed, **failed}, wait=None)

    def put_off(self, essays: Collection[int], wait: Wait) -> "PhaseRun":
        """The phase with these, which have failed, waiting for another attempt."""
        kept = {essay: code for essay, code in self.failed.items() if essay not in essays}
        return replace(self, status=PhaseStatus.IN_PROGRESS, failed=kept, wait=wait)

    def ended(self, at: datetime) -> "PhaseRun":
        """The phase once every essay that was sent is accounted for."""
        return replace(self, status=_ended_as(self), ended_at=at, wait=None)

    def cancelled(self, at: datetime) -> "PhaseRun":
        """The phase without an end of its own; what ELS owes it may still come."""
        return replace(self, status=PhaseStatus.CANCELLED, ended_at=at, wait=self.wait if self.awaits_outcome else None)


class Run(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """One pipeline over the essays that had a text when it was asked for. Phases stand after all they depend on.

    `retry_of` is the run whose failed essays this one tries again.
    """

    run_id: str
    pipeline: str
    correlation_id: str
    essays: tuple[int, ...]
    phases: tuple[PhaseRun, ...]
    started_at: datetime
    ended_at: datetime | None = None
    retry_of: str | None = None
    is_cancelled: bool = False

    @property
    def is_active(self) -> bool:
        """It has not ended."""
        return self.ended_at is None

    def phase(self, name: PhaseName) -> PhaseRun | None:
        """The phase of that name, if the run has it."""
        return next((phase for phase in self.phases if phase.name is name), None)

    def with_phase(self, changed: PhaseRun) -> "Run":
        """The same with this phase in place of the one of its name."""
        return replace(self, phases=tuple(changed if phase.name is changed.name else phase for phase in self.phases))

    def cancelled(self, at: datetime) -> "Run":
        """The same, over: what has ended by now stays as it ended."""
        phases = tuple(phase if phase.has_ended else phase.cancelled(at) for phase in self.phases)
        return replace(self, phases=phases, ended_at=at, is_cancelled=True)

    @property
    def successful(self) -> int:
        """How many essays came through every phase."""
        return len(set(self.essays).intersection(*(phase.succeeded for phase in self.phases)))

    @property
    def status(self) -> BatchStatus:
        """How it stands; failed critically when none of the phases it carried out itself gave anything.

        One that found all of them done already carried out none: what those gave is what it gives.
        """
        if self.is_active:
            return BatchStatus.PROCESSING_PIPELINES
        if self.is_cancelled:
            return BatchStatus.CANCELLED
        if self.successful == len(self.essays):
            return BatchStatus.COMPLETED_SUCCESSFULLY
        own = [phase for phase in self.phases if not phase.reuse] or self.phases
        gave_something = any(phase.succeeded for phase in own)
        return BatchStatus.COMPLETED_WITH_FAILURES if gave_something else BatchStatus.FAILED_CRITICALLY


def begin(resolved: PipelineResolved, ready: tuple[int, ...], done: Mapping[PhaseName, PhaseRun], at: datetime) -> Run:
    """The run that a resolved pipeline calls for; a phase is reused only if it is among the `done` ones."""
    phases: list[PhaseRun] = []
    for asked in resolved.phases:
        # Only on what stands before it: whatever BCS says, a run has no cycle and waits for nothing outside.
        depends_on = tuple(phase.name for phase in phases if phase.name in asked.depends_on)
        if asked.reuse and asked.name in done:
            phases.append(replace(settled(done[asked.name]), depends_on=depends_on, reuse=True))
        else:
            phases.append(PhaseRun(asked.name, depends_on))
    return Run(resolved.run_id, resolved.requested_pipeline, resolved.correlation_id, ready, tuple(phases), at)


def settled(phase: PhaseRun) -> PhaseRun:
    """An earlier run's phase as another run takes it over: with those of its essays only that it was done with."""
    if phase.status is not PhaseStatus.CANCELLED:
        return phase
    sent = tuple(sorted({*phase.succeeded, *phase.failed}))
    answered = replace(phase, sent=sent, wait=None, discarded=False)
    return replace(answered, status=_ended_as(answered))


def advance(run: Run, at: datetime) -> tuple[Run, tuple[PhaseRun, ...]]:
    """Start whatever has become possible and skip what has become impossible; also gives the phases just started."""
    started: list[PhaseRun] = []
    for waiting in run.phases:
        if waiting.status is not PhaseStatus.PENDING_DEPENDENCIES:
            continue
        needed = [phase for phase in run.phases if phase.name in waiting.depends_on]
        if all(phase.has_ended for phase in needed):
            moved = _start_or_skip(waiting, survivors(run.essays, needed), at)
            run = run.with_phase(moved)
            started += [moved] if moved.awaits_outcome else []
    if all(phase.has_ended for phase in run.phases):
        run = replace(run, ended_at=at)
    return run, tuple(started)


def survivors(essays: tuple[int, ...], phases: Iterable[PhaseRun]) -> tuple[int, ...]:
    """Those of the essays that have come through all these phases."""
    return tuple(sorted(set(essays).intersection(*(phase.succeeded for phase in phases))))


def _start_or_skip(phase: PhaseRun, essays: tuple[int, ...], at: datetime) -> PhaseRun:
    """With whom it has not seen yet; in a retry there may be nobody, and then it stands as it stood."""
    new = set(essays).difference(phase.sent)
    if not new:
        return replace(phase, status=_ended_as(phase), ended_at=phase.ended_at or at)
    attempt = phase.attempt + 1 if phase.started_at else phase.attempt
    return replace(phase, attempt=attempt, sent=tuple(sorted({*phase.sent, *new}))).dispatched(at)


def _ended_as(phase: PhaseRun) -> PhaseStatus:
    if not phase.sent:
        return PhaseStatus.SKIPPED_DUE_TO_DEPENDENCY_FAILURE
    if not phase.succeeded:
        return PhaseStatus.FAILED
    return PhaseStatus.COMPLETED_WITH_PARTIAL_SUCCESS if phase.failed else PhaseStatus.COMPLETED_SUCCESSFULLY
