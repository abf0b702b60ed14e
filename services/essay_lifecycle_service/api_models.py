"""The bodies of this service's answers."""

from datetime import datetime

from pydantic import BaseModel, Field

from common_core.enums import AssociationValidationMethod, ContentType, EssayStatus


class EssayStatusAnswer(BaseModel):
    """Where an essay stands."""

    essay_id: str
    current_status: EssayStatus
    batch_id: str
    processing_progress: dict[str, bool] = Field(description="for each phase it went into: whether it came through")
    timeline: dict[str, datetime] = Field(description="when it entered each status it has had, in order")
    storage_references: dict[ContentType, str]
    student_id: str | None = Field(description="who wrote it; null if nobody of the class did, or nobody has decided")
    association_method: AssociationValidationMethod | None = Field(description="null while nobody has decided")
    created_at: datetime
    updated_at: datetime


class EssayTimelineAnswer(BaseModel):
    """When an essay entered each status it has had, in order."""

    essay_id: str
    timeline: dict[str, datetime]


class BatchStatusAnswer(BaseModel):
    """Where a batch's essays stand."""

    batch_id: str
    total_essays: int
    status_breakdown: dict[EssayStatus, int]
    completion_percentage: float = Field(description="share of essays that nothing more is expected of at present")
