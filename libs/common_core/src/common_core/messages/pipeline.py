"""Pipeline requests, phase commands and phase outcomes: BOS and ELS."""

from datetime import datetime
from typing import ClassVar

from common_core.enums import BatchStatus, ClassType, CourseCode, DenialReason, PhaseName
from common_core.message import Message, Value
from common_core.shared import EssayProcessingInputRefV1, StorageReferenceMetadata


class PromptPayload(Value, frozen=True, kw_only=True):
    """The prompt of a pipeline request: an assignment or a stored prompt, not both."""

    assignment_id: str | None = None
    cms_prompt_ref: StorageReferenceMetadata | None = None


class ClientBatchPipelineRequestV1(Message, frozen=True, kw_only=True):
    """A client asks for a pipeline over Kafka."""

    topic: ClassVar[str] = "huleedu.commands.batch.pipeline.v1"
    producer: ClassVar[str] = "*"

    batch_id: str
    requested_pipeline: str
    client_correlation_id: str
    user_id: str
    is_retry: bool = False
    retry_reason: str | None = None
    prompt_payload: PromptPayload | None = None


class PipelineDeniedV1(Message, frozen=True, kw_only=True):
    """BOS: a pipeline request was refused; `denial_code` and `detail` say why."""

    topic: ClassVar[str] = "huleedu.pipeline.denied.v1"
    producer: ClassVar[str] = "batch_orchestrator_service"

    event_name: str = "pipeline.denied"
    entity_id: str | None = None
    entity_type: str | None = "batch"
    parent_id: str | None = None
    timestamp: datetime
    batch_id: str
    user_id: str
    org_id: str | None = None
    requested_pipeline: str
    denial_reason: DenialReason
    required_credits: int = 0
    available_credits: int = 0
    resource_breakdown: dict[str, int] | None = None
    denied_at: datetime
    denial_code: str | None = None
    detail: str | None = None


class PhaseCommand(Message, frozen=True, kw_only=True):
    """What every phase command says."""

    producer: ClassVar[str] = "batch_orchestrator_service"
    key_field: ClassVar[str] = "entity_id"
    phase: ClassVar[PhaseName]

    entity_id: str
    entity_type: str = "batch"
    parent_id: str | None = None
    timestamp: datetime
    essays_to_process: list[EssayProcessingInputRefV1]
    language: str
    user_id: str | None = None
    org_id: str | None = None
    run_id: str | None = None
    attempt: int | None = None


class BatchServiceSpellcheckInitiateCommandDataV1(PhaseCommand, frozen=True, kw_only=True):
    """BOS: spell-check these essays."""

    topic: ClassVar[str] = "huleedu.batch.spellcheck.initiate.command.v1"
    phase: ClassVar[PhaseName] = PhaseName.SPELLCHECK

    event_name: str = "batch.spellcheck.initiate.command"


class BatchServiceNLPInitiateCommandDataV1(PhaseCommand, frozen=True, kw_only=True):
    """BOS: analyse these essays."""

    topic: ClassVar[str] = "huleedu.batch.nlp.initiate.command.v1"
    phase: ClassVar[PhaseName] = PhaseName.NLP

    event_name: str = "batch.nlp.initiate.command"
    student_prompt_ref: StorageReferenceMetadata | None = None


class BatchServiceCJAssessmentInitiateCommandDataV1(PhaseCommand, frozen=True, kw_only=True):
    """BOS: rank these essays by comparative judgement."""

    topic: ClassVar[str] = "huleedu.batch.cj_assessment.initiate.command.v1"
    phase: ClassVar[PhaseName] = PhaseName.CJ_ASSESSMENT

    event_name: str = "batch.cj_assessment.initiate.command"
    course_code: CourseCode
    student_prompt_ref: StorageReferenceMetadata | None = None
    class_type: ClassType
    assignment_id: str | None = None


class BatchServiceAIFeedbackInitiateCommandDataV1(PhaseCommand, frozen=True, kw_only=True):
    """BOS: write feedback on these essays."""

    topic: ClassVar[str] = "huleedu.batch.ai_feedback.initiate.command.v1"
    phase: ClassVar[PhaseName] = PhaseName.AI_FEEDBACK

    event_name: str = "batch.ai_feedback.initiate.command"
    course_code: CourseCode
    student_prompt_ref: StorageReferenceMetadata | None = None
    class_type: ClassType
    owner_user_id: str


class ELSBatchPhaseOutcomeV1(Message, frozen=True, kw_only=True):
    """ELS: every essay that was sent into this phase has succeeded or failed."""

    topic: ClassVar[str] = "huleedu.els.batch_phase.outcome.v1"
    producer: ClassVar[str] = "essay_lifecycle_service"

    batch_id: str
    phase_name: PhaseName
    phase_status: BatchStatus
    processed_essays: list[EssayProcessingInputRefV1]
    failed_essay_ids: list[str]
    correlation_id: str
    run_id: str | None = None
    attempt: int | None = None
    error_codes: dict[str, str] = {}


class ELSBatchPhaseProgressV1(Message, frozen=True, kw_only=True):
    """ELS: so far in this phase."""

    topic: ClassVar[str] = "huleedu.els.batch_phase.progress.v1"
    producer: ClassVar[str] = "essay_lifecycle_service"

    batch_id: str
    phase_name: PhaseName
    run_id: str | None = None
    attempt: int | None = None
    succeeded: int
    failed: int
    total: int
