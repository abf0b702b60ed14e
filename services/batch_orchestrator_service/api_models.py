"""Request and response bodies."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from common_core.enums import (
    BatchClientStatus,
    BatchStatus,
    ContentType,
    CourseCode,
    PhaseName,
    PipelineExecutionStatus,
)

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=255, pattern=r"^[^\x00]*$")]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, max_length=500, pattern=r"^[^\x00]*$")]
StorageId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]


class Body(BaseModel):
    """A request body: what it does not know it ignores, as readers of a wire format do."""

    model_config = ConfigDict(frozen=True)


class StorageReferenceBody(Body):
    """Where Content Service keeps something."""

    storage_id: StorageId
    path: str = ""


class PromptRefBody(Body):
    """The prompt the students were given, as `student_prompt_text`."""

    references: dict[ContentType, StorageReferenceBody]

    @model_validator(mode="after")
    def _holds_a_prompt(self) -> Self:
        if ContentType.STUDENT_PROMPT_TEXT not in self.references:
            raise ValueError("references must hold student_prompt_text")
        return self


class BatchRegistrationRequestV1(Body):
    """A new batch. `essay_ids` are only counted: BOS makes its own."""

    expected_essay_count: int = Field(gt=0, strict=True)
    essay_ids: list[Name] | None = Field(default=None, min_length=1)
    course_code: CourseCode
    student_prompt_ref: PromptRefBody | None = None
    user_id: Name
    org_id: Name | None = None
    class_id: Name | None = None
    cj_default_llm_model: Name | None = None
    cj_default_temperature: float | None = Field(default=None, ge=0, le=2)
    assignment_id: Annotated[Name, Field(max_length=100)] | None = None

    @model_validator(mode="after")
    def _counts_agree(self) -> Self:
        if self.essay_ids is not None and len(self.essay_ids) != self.expected_essay_count:
            raise ValueError("essay_ids must hold as many ids as expected_essay_count says")
        return self


class BatchRegistrationResponse(BaseModel):
    """The new batch."""

    batch_id: str
    correlation_id: str
    status: Literal["registered"] = "registered"


class PromptPayloadBody(Body):
    """The prompt for one run: an assignment's, or a stored one."""

    assignment_id: Annotated[Name, Field(max_length=100)] | None = None
    cms_prompt_ref: PromptRefBody | None = None

    @model_validator(mode="after")
    def _is_one_of_them(self) -> Self:
        if (self.assignment_id is None) == (self.cms_prompt_ref is None):
            raise ValueError("give either assignment_id or cms_prompt_ref")
        return self


class PipelineRequest(Body):
    """Run this pipeline over the batch."""

    batch_id: Name | None = Field(default=None, description="must equal the one in the address")
    requested_pipeline: Annotated[Name, Field(max_length=100)]
    is_retry: bool = False
    retry_reason: Reason | None = Field(default=None, description="kept in the timeline")
    prompt_payload: PromptPayloadBody | None = None


class PlannedPhase(BaseModel):
    """A phase of a run; with `reuse` an earlier run's results stand for it."""

    name: PhaseName
    depends_on: list[PhaseName]
    reuse: bool


class PipelineRequestResponse(BaseModel):
    """The run has been started."""

    status: Literal["accepted"] = "accepted"
    message: str
    batch_id: str
    correlation_id: str
    run_id: str
    phases: list[PlannedPhase]


class PromptRequest(Body):
    """The batch's prompt."""

    student_prompt_ref: PromptRefBody


class PromptResponse(BaseModel):
    """The prompt is set."""

    status: Literal["success"] = "success"
    batch_id: str
    student_prompt_ref: PromptRefBody


class WishRequest(Body):
    """Why this is asked for; it is kept in the timeline."""

    reason: Reason | None = None


class RetryRequest(WishRequest):
    """Which essays to try again: those that failed in the phase, or all of them if none is named."""

    essay_ids: list[Name] | None = Field(default=None, min_length=1, max_length=5000)


class ControlResponse(BaseModel):
    """It is done."""

    status: Literal["accepted"] = "accepted"
    message: str
    batch_id: str
    correlation_id: str
    batch_status: BatchStatus
    paused: bool


class RetryResponse(BaseModel):
    """A further run tries these essays again."""

    status: Literal["accepted"] = "accepted"
    message: str
    batch_id: str
    correlation_id: str
    phase: PhaseName
    run_id: str
    essay_ids: list[str]


class KeptReference(BaseModel):
    """Where Content Service keeps something, as BOS was told."""

    storage_id: str
    path: str


class KeptPrompt(BaseModel):
    """The batch's prompt; one that came by a message is shown as it came."""

    references: dict[ContentType, KeptReference]


class BatchContext(BaseModel):
    """What the batch was registered with."""

    course_code: CourseCode
    expected_essay_count: int
    user_id: str
    org_id: str | None
    class_id: str | None
    assignment_id: str | None
    student_prompt_ref: KeptPrompt | None


class EssayCounts(BaseModel):
    """The essays of one phase; the other four add up to `total`."""

    total: int = 0
    pending_dispatch_or_processing: int = 0
    successful: int = 0
    failed: int = 0
    cancelled: int = 0


class PipelineStateDetail(BaseModel):
    """One phase, as it last stood."""

    status: PipelineExecutionStatus
    essay_counts: EssayCounts
    started_at: datetime | None = None
    completed_at: datetime | None = None
    error_info: dict[str, Any] | None = None
    progress_percentage: float | None = None


class ProcessingPipelineState(BaseModel):
    """The phases of the latest run, and those of earlier ones that it does not have; null: never asked for."""

    batch_id: str
    requested_pipelines: list[PhaseName]
    spellcheck: PipelineStateDetail | None = None
    nlp: PipelineStateDetail | None = None
    ai_feedback: PipelineStateDetail | None = None
    cj_assessment: PipelineStateDetail | None = None
    last_updated: datetime


class PipelineStateResponse(BaseModel):
    """What File Service asks before it takes files: whose batch it is, and whether files may still come."""

    batch_id: str
    pipeline_state: ProcessingPipelineState
    user_id: str
    status: BatchStatus
    locked: bool
    lock_reason: str | None = None


class IngestionProgress(BaseModel):
    """How the content came in; `failures` names the files that could not be used."""

    expected: int
    provisioned: int
    failed: int
    is_open: bool
    error_code: str | None = None


class PhaseProgressBody(BaseModel):
    """How far one phase of the latest run is."""

    phase: PhaseName
    status: PipelineExecutionStatus
    reuse: bool
    total: int
    succeeded: int
    failed: int
    percentage: float


class BatchProgress(BaseModel):
    """How far the batch is; `percentage` is that of the latest run."""

    content: IngestionProgress
    phases: list[PhaseProgressBody]
    percentage: float


class WaitingFor(BaseModel):
    """What the batch waits for, and since when.

    `until` is when it is waited for no longer, and when the next_attempt begins. A class's batch waits for
    student_matching, then teacher_confirmation (which class management makes by itself at its own time limit), then
    essays_ready (of ELS).
    """

    what: Literal[
        "content",
        "student_matching",
        "teacher_confirmation",
        "essays_ready",
        "pipeline_request",
        "phase_outcome",
        "next_attempt",
        "resume",
    ]
    phase: PhaseName | None = None
    attempt: int | None = None
    since: datetime
    until: datetime | None = None


class HaltBody(BaseModel):
    """Since when the batch has been paused or cancelled, at whose wish, and why."""

    since: datetime
    asked_by: str | None
    reason: str | None


class StudentMatchingBody(BaseModel):
    """What has come of finding out which students of the class wrote the essays.

    `by_time_limit`: it was decided without the teacher. With an `error_code` the batch goes on without names.
    """

    began_at: datetime | None
    suggested_at: datetime | None
    confirmed_at: datetime | None
    by_time_limit: bool
    error_code: str | None


class FileFailureBody(BaseModel):
    """A file that could not be used."""

    essay_id: str
    file_name: str
    error_code: str
    message: str
    failed_at: datetime


class FailedEssay(BaseModel):
    """An essay that a phase failed on."""

    essay_id: str
    error_code: str


class RunPhaseBody(BaseModel):
    """One phase of one run: over all its attempts, of which `retries` were made without anybody asking.

    `discarded`: an answer came after the run had been cancelled, and changed nothing.
    """

    name: PhaseName
    depends_on: list[PhaseName]
    reuse: bool
    status: PipelineExecutionStatus
    attempt: int
    retries: int
    sent: int
    succeeded: int
    failed: int
    cancelled: int
    discarded: bool
    failed_essays: list[FailedEssay]
    started_at: datetime | None
    ended_at: datetime | None


class RunBody(BaseModel):
    """One pipeline run; the two counts are final once it has ended. `retry_of` is the run that it tries again."""

    run_id: str
    retry_of: str | None
    requested_pipeline: str
    status: BatchStatus
    started_at: datetime
    ended_at: datetime | None
    essays: int
    successful_essay_count: int | None
    failed_essay_count: int | None
    phases: list[RunPhaseBody]


class BatchStatusResponse(BaseModel):
    """Where a batch stands."""

    batch_id: str
    status: BatchStatus
    client_status: BatchClientStatus
    batch_context: BatchContext
    pipeline_state: ProcessingPipelineState
    progress: BatchProgress
    waiting_for: list[WaitingFor]
    paused: HaltBody | None
    cancelled: HaltBody | None
    runs: list[RunBody]
    student_matching: StudentMatchingBody | None = Field(description="null unless the batch belongs to a class")
    failures: list[FileFailureBody]
    created_at: datetime
    updated_at: datetime
    version: int


class TimelineQuery(BaseModel):
    """From after this fact on."""

    after: int = Field(default=0, ge=0, le=2**62)
    limit: int = Field(default=100, gt=0, le=1000)


class TimelineFact(BaseModel):
    """A fact that changed the batch; `kind` is its message's topic, `data` the message.

    `who` is the user that asked, or the service that said it; null where nobody said who he was. `why` is the reason
    given, or for what happened by itself what it comes down to.
    """

    seq: int
    at: datetime
    kind: str
    who: str | None
    why: str | None
    data: dict[str, Any]


class TimelineResponse(BaseModel):
    """Facts in order; without a `next_after` these are the last."""

    batch_id: str
    facts: list[TimelineFact]
    next_after: int | None
