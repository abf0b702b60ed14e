"""Everything that can happen to a batch, as messages: those of other services, and those only this service knows."""

from typing import ClassVar

from common_core.enums import ClassType, CourseCode, PhaseName
from common_core.message import Message, Value
from common_core.messages.batch import (
    BatchContentProvisioningCompletedV1,
    BatchEssaysReady,
    BatchValidationErrorsV1,
)
from common_core.messages.pipeline import ELSBatchPhaseOutcomeV1
from common_core.shared import StorageReferenceMetadata


class OwnMessage(Message, frozen=True, kw_only=True):
    """Said by BOS to itself; it never leaves."""

    producer: ClassVar[str] = "batch_orchestrator_service"
    stays: ClassVar[bool] = True


class BatchRegistered(OwnMessage, frozen=True, kw_only=True):
    """A teacher has registered a batch, with a slot for each essay.

    After `content_seconds` ELS is told to close it; ELS has `silence_seconds` to do so, then the batch ends without it.
    """

    topic: ClassVar[str] = "batch_orchestrator.batch.registered"

    batch_id: str
    essay_ids: tuple[str, ...]
    course_code: CourseCode
    user_id: str
    org_id: str | None = None
    class_id: str | None = None
    student_prompt_ref: StorageReferenceMetadata | None = None
    assignment_id: str | None = None
    cj_default_llm_model: str | None = None
    cj_default_temperature: float | None = None
    correlation_id: str
    content_seconds: float
    silence_seconds: float

    @property
    def class_type(self) -> ClassType:
        """REGULAR when the essays belong to a class."""
        return ClassType.GUEST if self.class_id is None else ClassType.REGULAR


class PromptSet(OwnMessage, frozen=True, kw_only=True):
    """The teacher has given the batch its prompt, or another one."""

    topic: ClassVar[str] = "batch_orchestrator.prompt.set"

    batch_id: str
    student_prompt_ref: StorageReferenceMetadata


class ContentDeadlinePassed(OwnMessage, frozen=True, kw_only=True):
    """A timer: what has come of the content by now is all there will be."""

    topic: ClassVar[str] = "batch_orchestrator.content.deadline.passed"

    batch_id: str


class ContentSilencePassed(OwnMessage, frozen=True, kw_only=True):
    """A timer: ELS has not even closed a batch whose deadline passed."""

    topic: ClassVar[str] = "batch_orchestrator.content.silence.passed"

    batch_id: str


class ResolvedPhase(Value, frozen=True, kw_only=True):
    """A phase of a run; with `reuse`, an earlier run's results stand for it."""

    name: PhaseName
    depends_on: tuple[PhaseName, ...] = ()
    reuse: bool = False


class PipelineResolved(OwnMessage, frozen=True, kw_only=True):
    """A client asked for a pipeline, and this is what it comes down to for this batch, in order."""

    topic: ClassVar[str] = "batch_orchestrator.pipeline.resolved"

    batch_id: str
    run_id: str
    requested_pipeline: str
    phases: tuple[ResolvedPhase, ...]
    correlation_id: str
    student_prompt_ref: StorageReferenceMetadata | None = None
    assignment_id: str | None = None


class PhaseDeadlinePassed(OwnMessage, frozen=True, kw_only=True):
    """A timer: this phase has had its time."""

    topic: ClassVar[str] = "batch_orchestrator.phase.deadline.passed"

    batch_id: str
    run_id: str
    phase_name: PhaseName
    attempt: int


Fact = (
    BatchRegistered
    | PromptSet
    | BatchContentProvisioningCompletedV1
    | BatchValidationErrorsV1
    | BatchEssaysReady
    | ContentDeadlinePassed
    | ContentSilencePassed
    | PipelineResolved
    | ELSBatchPhaseOutcomeV1
    | PhaseDeadlinePassed
)
