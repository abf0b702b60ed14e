"""A batch's registration, its readiness and its end."""

from datetime import datetime
from typing import ClassVar

from common_core.enums import BatchStatus, ClassType, CourseCode
from common_core.message import Message, Value
from common_core.shared import (
    ErrorDetail,
    EssayProcessingInputRefV1,
    StorageReferenceMetadata,
    SystemProcessingMetadata,
)


class BatchEssaysRegistered(Message, frozen=True, kw_only=True):
    """BOS has a new batch, with a slot for each essay to come."""

    topic: ClassVar[str] = "huleedu.batch.essays.registered.v1"
    producer: ClassVar[str] = "batch_orchestrator_service"
    key_field: ClassVar[str] = "entity_id"

    event: str = "batch.essays.registered"
    entity_id: str
    expected_essay_count: int
    essay_ids: list[str]
    metadata: SystemProcessingMetadata
    course_code: CourseCode
    student_prompt_ref: StorageReferenceMetadata | None = None
    user_id: str
    org_id: str | None = None
    class_id: str | None = None


class BatchContentProvisioningCompletedV1(Message, frozen=True, kw_only=True):
    """ELS: every slot of the batch is filled or failed; these essays can be processed."""

    topic: ClassVar[str] = "huleedu.batch.content.provisioning.completed.v1"
    producer: ClassVar[str] = "essay_lifecycle_service"

    event: str = "batch.content.provisioning.completed"
    batch_id: str
    provisioned_count: int
    expected_count: int
    course_code: CourseCode
    user_id: str
    essays_for_processing: list[EssayProcessingInputRefV1]
    correlation_id: str
    timestamp: datetime


class EssayValidationError(Value, frozen=True, kw_only=True):
    """A slot that will stay empty, and why."""

    essay_id: str
    file_name: str
    error_detail: ErrorDetail
    failed_at: datetime


class BatchErrorSummary(Value, frozen=True, kw_only=True):
    """How many files failed, by error code; critical when no essay is left."""

    total_errors: int
    error_categories: dict[str, int]
    critical_failure: bool = False


class BatchValidationErrorsV1(Message, frozen=True, kw_only=True):
    """ELS: these files of the batch could not be used."""

    topic: ClassVar[str] = "huleedu.els.batch.validation.errors.v1"
    producer: ClassVar[str] = "essay_lifecycle_service"

    event: str = "batch.validation.errors.v1"
    batch_id: str
    failed_essays: list[EssayValidationError]
    error_summary: BatchErrorSummary
    correlation_id: str
    metadata: SystemProcessingMetadata


class BatchEssaysReady(Message, frozen=True, kw_only=True):
    """ELS: these essays, with their texts, are ready for pipelines."""

    topic: ClassVar[str] = "huleedu.els.batch.essays.ready.v1"
    producer: ClassVar[str] = "essay_lifecycle_service"

    event: str = "batch.essays.ready"
    batch_id: str
    ready_essays: list[EssayProcessingInputRefV1]
    metadata: SystemProcessingMetadata
    course_code: CourseCode
    course_language: str
    student_prompt_ref: StorageReferenceMetadata | None = None
    class_type: ClassType


class BatchContentDeadlinePassedV1(Message, frozen=True, kw_only=True):
    """BOS: the batch waits no longer for content; what has come is what there is."""

    topic: ClassVar[str] = "huleedu.batch.content.deadline.passed.v1"
    producer: ClassVar[str] = "batch_orchestrator_service"

    event: str = "batch.content.deadline.passed"
    batch_id: str
    correlation_id: str
    timestamp: datetime


class BatchPipelineCompletedV1(Message, frozen=True, kw_only=True):
    """BOS: a pipeline run has ended."""

    topic: ClassVar[str] = "huleedu.batch.pipeline.completed.v1"
    producer: ClassVar[str] = "batch_orchestrator_service"

    event: str = "batch.pipeline.completed"
    batch_id: str
    completed_phases: list[str]
    final_status: BatchStatus
    processing_duration_seconds: float
    successful_essay_count: int
    failed_essay_count: int
    correlation_id: str
    metadata: SystemProcessingMetadata
    run_id: str | None = None
