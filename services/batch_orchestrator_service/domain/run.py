"""A pipeline run: phases as a graph, each started once all it depends on has ended."""

from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec
from msgspec.structs import replace

from batch_orchestrator_service.domain.facts import PipelineResolved
from common_core.enums import BatchStatus, PhaseName
from common_core.enums import PipelineExecutionStatus as PhaseStatus

COMPLETED = frozenset({PhaseStatus.COMPLETED_SUCCESSFULLY, PhaseStatus.COMPLETED_WITH_PARTIAL_SUCCESS})
ENDED = COMPLETED | {PhaseStatus.FAILED, PhaseStatus.SKIPPED_DUE_TO_DEPENDENCY_FAILURE, PhaseStatus.CANCELLED}


class PhaseRun(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """One phase of one run; essays are numbers of slots, `failed` has the code of each that failed."""

    name: PhaseName
    depends_on: tuple[PhaseName, ...] = ()
    reuse: bool = False
    status: PhaseStatus = PhaseStatus.PENDING_DEPENDENCIES
    attempt: int = 1
    sent: tuple[int, ...] = ()
    succeeded: tuple[int, ...] = ()
    failed: dict[int, str] = {}
    started_at: datetime | None = None
    ended_at: datetime | None = None

    @property
    def has_ended(self) -> bool:
        """Nothing more can happen to it."""
        return self.status in ENDED

    @property
    def awaits_outcome(self) -> bool:
        """ELS has been told, and has not answered."""
        return self.status is PhaseStatus.DISPATCH_INITIATED

    def ended(self, succeeded: tuple[int, ...], failed: dict[int, str], at: datetime) -> "PhaseRun":
        """The phase once every essay that was sent is accounted for."""
        return replace(self, status=_ended_as(succeeded, failed), succeeded=succeeded, failed=failed, ended_at=at)


class Run(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """One pipeline over the essays that had a text when it was asked for. Phases stand after all they depend on."""

    run_id: str
    pipeline: str
    correlation_id: str
    essays: tuple[int, ...]
    phases: tuple[PhaseRun, ...]
    started_at: datetime
    ended_at: datetime | None = None

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

    @property
    def successful(self) -> int:
        """How many essays came through every phase."""
        return len(set(self.essays).intersection(*(phase.succeeded for phase in self.phases)))

    @property
    def status(self) -> BatchStatus:
        """How it stands; failed critically when none of the phases it carried out itself gave anything."""
        if self.is_active:
            return BatchStatus.PROCESSING_PIPELINES
        if self.successful == len(self.essays):
            return BatchStatus.COMPLETED_SUCCESSFULLY
        gave_something = any(phase.succeeded for phase in self.phases if not phase.reuse)
        return BatchStatus.COMPLETED_WITH_FAILURES if gave_something else BatchStatus.FAILED_CRITICALLY


def begin(resolved: PipelineResolved, ready: tuple[int, ...], done: Mapping[PhaseName, PhaseRun], at: datetime) -> Run:
    """The run that a resolved pipeline calls for; a phase is reused only if it is among the `done` ones."""
    phases: list[PhaseRun] = []
    for asked in resolved.phases:
        # Only on what stands before it: whatever BCS says, a run has no cycle and waits for nothing outside.
        depends_on = tuple(phase.name for phase in phases if phase.name in asked.depends_on)
        if asked.reuse and asked.name in done:
            phases.append(replace(done[asked.name], depends_on=depends_on, reuse=True))
        else:
            phases.append(PhaseRun(asked.name, depends_on))
    return Run(resolved.run_id, resolved.requested_pipeline, resolved.correlation_id, ready, tuple(phases), at)


def advance(run: Run, at: datetime) -> tuple[Run, tuple[PhaseRun, ...]]:
    """Start whatever has become possible and skip what has become impossible; also gives the phases just started."""
    started: list[PhaseRun] = []
    for waiting in run.phases:
        if waiting.status is not PhaseStatus.PENDING_DEPENDENCIES:
            continue
        needed = [phase for phase in run.phases if phase.name in waiting.depends_on]
        if all(phase.has_ended for phase in needed):
            moved = _start_or_skip(waiting, _survivors(run.essays, needed), at)
            run = run.with_phase(moved)
            started += [moved] if moved.awaits_outcome else []
    if all(phase.has_ended for phase in run.phases):
        run = replace(run, ended_at=at)
    return run, tuple(started)


def _survivors(essays: tuple[int, ...], phases: Iterable[PhaseRun]) -> tuple[int, ...]:
    return tuple(sorted(set(essays).intersection(*(phase.succeeded for phase in phases))))


def _start_or_skip(phase: PhaseRun, essays: tuple[int, ...], at: datetime) -> PhaseRun:
    if not essays:
        return replace(phase, status=PhaseStatus.SKIPPED_DUE_TO_DEPENDENCY_FAILURE, ended_at=at)
    return replace(phase, status=PhaseStatus.DISPATCH_INITIATED, sent=essays, started_at=at)


def _ended_as(succeeded: tuple[int, ...], failed: Mapping[int, str]) -> PhaseStatus:
    if not succeeded:
        return PhaseStatus.FAILED
    return PhaseStatus.COMPLETED_WITH_PARTIAL_SUCCESS if failed else PhaseStatus.COMPLETED_SUCCESSFULLY
