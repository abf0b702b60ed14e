"""Where a batch stands, as its clients read it."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from common_core.enums import (
    BatchClientStatus,
    BatchStatus,
    ContentType,
    CourseCode,
    PhaseName,
    PipelineExecutionStatus,
)


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
    student_matching, then teacher_confirmation (which class management makes by itself at `until`, its `confirm_by`;
    null before it has said so), then essays_ready (of ELS).
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


class NextRunBody(BaseModel):
    """A run that was asked for after a cancellation, and begins once it is confirmed who wrote the essays."""

    run_id: str
    requested_pipeline: str


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
    next_run: NextRunBody | None = None
    student_matching: StudentMatchingBody | None = Field(description="null unless the batch belongs to a class")
    failures: list[FileFailureBody]
    created_at: datetime
    updated_at: datetime
    version: int
