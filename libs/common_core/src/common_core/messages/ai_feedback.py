"""Written feedback: what ELS asks and the AI feedback service answers."""

from datetime import datetime
from typing import Any, ClassVar

from common_core.enums import CourseCode, EssayStatus
from common_core.message import Message, Value
from common_core.shared import StorageReferenceMetadata, SystemProcessingMetadata


class AIFeedbackInputDataV1(Value, frozen=True, kw_only=True):
    """What feedback is written from; no student's name is ever in it."""

    text_storage_id: str
    course_code: CourseCode
    student_prompt_ref: StorageReferenceMetadata | None = None
    language: str
    class_designation: str | None = None
    user_id_of_batch_owner: str | None = None


class EssayLifecycleAIFeedbackRequestV1(Message, frozen=True, kw_only=True):
    """ELS: write feedback on this essay."""

    topic: ClassVar[str] = "huleedu.essay.aifeedback.requested.v1"
    producer: ClassVar[str] = "essay_lifecycle_service"
    key_field: ClassVar[str] = "parent_id"

    event_name: str = "essay.aifeedback.requested"
    entity_id: str
    entity_type: str = "essay"
    parent_id: str
    timestamp: datetime
    status: EssayStatus = EssayStatus.AWAITING_AI_FEEDBACK
    system_metadata: SystemProcessingMetadata
    processing_input: AIFeedbackInputDataV1
    run_id: str | None = None
    attempt: int | None = None


class AIFeedbackDetails(Value, frozen=True, kw_only=True):
    """How feedback was made."""

    model_version: str
    generation_timestamp: datetime
    feedback_type: str
    processing_time_seconds: float | None = None


class AIFeedbackResultDataV1(Message, frozen=True, kw_only=True):
    """The AI feedback service: this essay's feedback is written, or has failed with a code."""

    topic: ClassVar[str] = "huleedu.essay.aifeedback.completed.v1"
    producer: ClassVar[str] = "ai_feedback_service"
    key_field: ClassVar[str] = "parent_id"

    event_name: str = "essay.aifeedback.completed"
    entity_id: str
    entity_type: str = "essay"
    parent_id: str
    timestamp: datetime
    status: EssayStatus
    system_metadata: SystemProcessingMetadata
    feedback_details: AIFeedbackDetails | None = None
    feedback_content_storage_id: str | None = None
    additional_metrics: dict[str, Any] | None = None
    error_code: str | None = None
    run_id: str | None = None
    attempt: int | None = None
