"""What people ask of BOS, as facts: they say who asked and, where that was said, why."""

from enum import StrEnum
from typing import ClassVar

from common_core.enums import ClassType, CourseCode, PhaseName
from common_core.message import Message, Value
from common_core.shared import StorageReferenceMetadata


class OwnMessage(Message, frozen=True, kw_only=True):
    """Said by BOS to itself; it never leaves."""

    producer: ClassVar[str] = "batch_orchestrator_service"
    stays: ClassVar[bool] = True


class BatchRegistered(OwnMessage, frozen=True, kw_only=True):
    """A teacher has registered a batch, with a slot for each essay.

    After `content_seconds` ELS is told to close it; ELS has `silence_seconds` to do so, then the batch ends without it.
    If it belongs to a class, matching has `validation_seconds`, and the teacher as many, to say who wrote what.
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
    validation_seconds: float = 3 * 24 * 3600.0

    @property
    def class_type(self) -> ClassType:
        """REGULAR when the essays belong to a class."""
        return ClassType.GUEST if self.class_id is None else ClassType.REGULAR


class PromptSet(OwnMessage, frozen=True, kw_only=True):
    """The teacher has given the batch its prompt, or another one."""

    topic: ClassVar[str] = "batch_orchestrator.prompt.set"

    batch_id: str
    student_prompt_ref: StorageReferenceMetadata


class ResolvedPhase(Value, frozen=True, kw_only=True):
    """A phase of a run; with `reuse`, an earlier run's results stand for it."""

    name: PhaseName
    depends_on: tuple[PhaseName, ...] = ()
    reuse: bool = False


class Asked(OwnMessage, frozen=True, kw_only=True):
    """A wish about a batch."""

    batch_id: str
    asked_by: str | None = None
    reason: str | None = None
    correlation_id: str


class PipelineResolved(Asked, frozen=True, kw_only=True):
    """A client asked for a pipeline, and this is what it comes down to for this batch, in order.

    `as_of` is the version of the batch that the request was worked out for.
    """

    topic: ClassVar[str] = "batch_orchestrator.pipeline.resolved"

    run_id: str
    requested_pipeline: str
    phases: tuple[ResolvedPhase, ...]
    as_of: int = 0
    student_prompt_ref: StorageReferenceMetadata | None = None
    assignment_id: str | None = None


class RetryAsked(Asked, frozen=True, kw_only=True):
    """Essays that failed in a phase are to be tried again, in a run of their own: all of them if none is named.

    `then`: in these later phases of the same run all that failed are, once what they depend on has been done again.
    """

    topic: ClassVar[str] = "batch_orchestrator.retry.asked"

    run_id: str
    phase_name: PhaseName
    essay_ids: tuple[str, ...] = ()
    then: tuple[PhaseName, ...] = ()


class CancelAsked(Asked, frozen=True, kw_only=True):
    """The batch is to be worked on no longer."""

    topic: ClassVar[str] = "batch_orchestrator.cancel.asked"


class PauseAsked(Asked, frozen=True, kw_only=True):
    """Nothing more is to be started for this batch, and no clock to run against it."""

    topic: ClassVar[str] = "batch_orchestrator.pause.asked"


class ResumeAsked(Asked, frozen=True, kw_only=True):
    """The batch is to go on where it stands."""

    topic: ClassVar[str] = "batch_orchestrator.resume.asked"


class BulkAction(StrEnum):
    """What an operator can ask for many batches at once."""

    CANCEL = "cancel"
    PAUSE = "pause"
    RESUME = "resume"
    RETRY = "retry"


class BulkStepDue(OwnMessage, frozen=True, kw_only=True):
    """A timer: an operation is to go on."""

    topic: ClassVar[str] = "batch_orchestrator.bulk.step.due"
    key_field: ClassVar[str] = "operation_id"

    operation_id: str
