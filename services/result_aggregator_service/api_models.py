"""The bodies of answers, as the API documents show them."""

from datetime import datetime

from pydantic import BaseModel, Field

from common_core.enums import (
    AssociationValidationMethod,
    BatchClientStatus,
    BatchStatus,
    ContentType,
    CourseCode,
    PhaseName,
    ProcessingStage,
)


class ErrorBody(BaseModel):
    """Why an essay failed in a phase."""

    error_code: str
    message: str


class EssayStatusBody(BaseModel):
    """Where one essay stands; what belongs to a phase that it has not come to is null."""

    essay_id: str
    filename: str | None
    file_upload_id: str | None
    spellcheck_status: ProcessingStage | None
    spellcheck_correction_count: int | None
    spellcheck_corrected_text_storage_id: str | None
    spellcheck_error_detail: ErrorBody | None
    nlp_status: ProcessingStage | None
    nlp_error_detail: ErrorBody | None
    cj_assessment_status: ProcessingStage | None
    cj_rank: int | None = None
    cj_score: float | None = None
    cj_assessment_error_detail: ErrorBody | None
    last_updated: datetime | None


class BatchSummaryBody(BaseModel):
    """Where a batch stands."""

    batch_id: str
    user_id: str
    assignment_id: str | None = None
    overall_status: BatchStatus
    client_status: BatchClientStatus
    essay_count: int
    completed_essay_count: int
    failed_essay_count: int
    requested_pipeline: str | None = None
    current_phase: PhaseName | None
    created_at: datetime
    last_updated: datetime
    processing_started_at: datetime | None
    processing_completed_at: datetime | None
    student_prompt_ref: dict[str, dict[ContentType, dict[str, str]]] | None = Field(
        description="as it was given when the batch was registered"
    )


class BatchStatusBody(BatchSummaryBody):
    """Where a batch and each of its essays stand."""

    essays: list[EssayStatusBody]


class PaginationBody(BaseModel):
    """Which part of a list this is, and how long the list is."""

    limit: int
    offset: int
    total: int


class BatchListBody(BaseModel):
    """A teacher's batches, the newest first."""

    batches: list[BatchSummaryBody]
    pagination: PaginationBody


class BatchListQuery(BaseModel):
    """Which part of the list, and which batches. A status is one of either vocabulary."""

    limit: int = Field(default=20, ge=1, le=100)
    offset: int = Field(default=0, ge=0, le=1_000_000)
    status: BatchStatus | BatchClientStatus | None = None


class PhaseBody(BaseModel):
    """How a phase went, in its newest try."""

    phase_name: PhaseName
    status: BatchStatus | ProcessingStage
    completed_count: int | None
    failed_count: int | None
    run_id: str | None
    attempt: int


class FeatureBody(BaseModel):
    """What a key feature is called, and its unit."""

    name: str
    label: str
    unit: str


class LeftOutBody(BaseModel):
    """What was handed in, or awaited, and became no essay."""

    file_name: str
    file_upload_id: str | None
    code: str
    reason: str


class CorrectionBody(BaseModel):
    """One change: offset and length in characters (code points) of the original text."""

    offset: int
    length: int
    original: str
    replacement: str
    alternatives: list[str]
    kind: str


class FailureBody(BaseModel):
    """A phase in which the essay failed."""

    phase: PhaseName
    code: str
    reason: str


class StudentBody(BaseModel):
    """Who wrote an essay of a class; while nobody knows, or where nobody of the class did, the name is UNKNOWN."""

    name: str
    student_id: str | None
    first_name: str | None
    last_name: str | None
    email: str | None
    method: AssociationValidationMethod | None = Field(description="who has decided that; null if nobody has")


class EssayResultBody(BaseModel):
    """All that is known of one essay. `features` holds every measured feature by name."""

    essay_id: str
    student: StudentBody | None = Field(description="null unless the batch belongs to a class")
    file_name: str | None
    file_upload_id: str | None
    original_text_storage_id: str | None
    corrected_text_storage_id: str | None
    language_detected: str | None
    words: int | None
    correction_count: int | None
    learner_correction_count: int | None
    corrections_per_100_words: float | None
    corrections: list[CorrectionBody]
    features: dict[str, float]
    phases: dict[PhaseName, ProcessingStage]
    failures: list[FailureBody]


class BatchFrameBody(BatchSummaryBody):
    """A batch's results, but for its essays."""

    course_code: CourseCode
    class_id: str | None
    language: str
    phases: list[PhaseBody]
    key_features: list[FeatureBody]
    missing_essay_count: int = Field(description="essays that were expected and of which no file has come")
    left_out: list[LeftOutBody]


class BatchResultsBody(BatchFrameBody):
    """A batch's results; essays are in the order of their file names."""

    essays: list[EssayResultBody]
