"""A batch: what it was registered with, what has come of it, and what follows from that."""

from datetime import datetime

import msgspec

from batch_orchestrator_service.domain.asked import BatchRegistered, PipelineResolved
from batch_orchestrator_service.domain.essays import Essays
from batch_orchestrator_service.domain.ingestion import Ingestion
from batch_orchestrator_service.domain.matching import Matching
from batch_orchestrator_service.domain.run import PhaseRun, Run, settled
from common_core.enums import BatchStatus, ClassType, PhaseName
from common_core.shared import StorageReferenceMetadata

UNENDED = frozenset(
    {
        BatchStatus.AWAITING_CONTENT_VALIDATION,
        BatchStatus.AWAITING_STUDENT_VALIDATION,
        BatchStatus.STUDENT_VALIDATION_COMPLETED,
        BatchStatus.VALIDATION_TIMEOUT_PROCESSED,
        BatchStatus.READY_FOR_PIPELINE_EXECUTION,
        BatchStatus.PROCESSING_PIPELINES,
    }
)


class Halt(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """When the batch was told to stop or to wait, by whom and why, and the version that this made of it."""

    at: datetime
    version: int
    asked_by: str | None = None
    reason: str | None = None


class Batch(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A class's essays and all that has happened to them. `version` counts the facts that changed it.

    It is `paused` until it is resumed or cancelled, and `cancelled` until somebody asks for a further pipeline. Those
    that were asked for before it was known who wrote the essays are kept in `early`.
    """

    registration: BatchRegistered
    registered_at: datetime
    changed_at: datetime
    version: int = 0
    prompt: StorageReferenceMetadata | None = None
    assignment_id: str | None = None
    ingestion: Ingestion = Ingestion()
    essays: Essays
    matching: Matching = Matching()
    early: tuple[PipelineResolved, ...] = ()
    runs: tuple[Run, ...] = ()
    paused: Halt | None = None
    cancelled: Halt | None = None

    @property
    def batch_id(self) -> str:
        """The key of everything that is said about it."""
        return self.registration.batch_id

    @property
    def is_regular(self) -> bool:
        """Its essays belong to a class, and so to students."""
        return self.registration.class_type is ClassType.REGULAR

    @property
    def knows_students(self) -> bool:
        """Who wrote the essays keeps nothing waiting, or no longer."""
        return not self.is_regular or self.matching.is_over

    @property
    def awaits_students(self) -> bool:
        """There are essays, and who wrote them is to be known before anything is done with them."""
        return not self.knows_students and bool(self.essays.ready) and self.cancelled is None

    @property
    def next_run(self) -> PipelineResolved | None:
        """What begins by itself once it is known who wrote the essays; a cancellation has done with it."""
        return self.early[-1] if self.early and not self.runs and self.cancelled is None else None

    @property
    def active_run(self) -> Run | None:
        """The run that has not ended; there is at most one."""
        return self.runs[-1] if self.runs and self.runs[-1].is_active else None

    @property
    def status(self) -> BatchStatus:
        """Where the batch stands, as its facts have it."""
        if self.cancelled:
            return BatchStatus.CANCELLED
        if self.runs:
            return self.runs[-1].status
        if self.ingestion.is_open:
            return BatchStatus.AWAITING_CONTENT_VALIDATION
        if self.ingestion.error_code:
            return BatchStatus.CONTENT_INGESTION_FAILED
        return self.matching.status if self.is_regular else BatchStatus.READY_FOR_PIPELINE_EXECUTION

    @property
    def has_ended(self) -> bool:
        """Nothing more will happen unless somebody asks for it."""
        return self.status not in UNENDED

    @property
    def accepts_pipeline(self) -> bool:
        """There are essays to work on, nothing works on them, and nobody has asked to wait."""
        return bool(self.essays.ready) and self.knows_students and self.active_run is None and self.paused is None

    @property
    def can_be_taken_up(self) -> bool:
        """It has essays, and was cancelled before it was known who wrote them: to be asked again if it is wanted."""
        return self.cancelled is not None and bool(self.essays.ready) and not self.knows_students

    @property
    def accepts_prompt(self) -> bool:
        """A prompt set now can still reach a phase, and none that runs has been told another one."""
        return self.active_run is None and self.status is not BatchStatus.CONTENT_INGESTION_FAILED

    @property
    def done(self) -> dict[PhaseName, PhaseRun]:
        """The phases that gave something, each as it last did."""
        return {phase.name: settled(phase) for run in self.runs for phase in run.phases if phase.succeeded}
