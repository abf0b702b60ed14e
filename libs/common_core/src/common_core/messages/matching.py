"""Which student wrote which essay: asked by BOS, suggested by the NLP service, confirmed by class management."""

from datetime import datetime
from typing import Any, ClassVar

from common_core.enums import AssociationValidationMethod, CourseCode, MatchOutcome, MatchReasonCode
from common_core.message import Message, Value
from common_core.shared import EssayProcessingInputRefV1, SpellcheckMetricsV1


class BatchServiceStudentMatchingInitiateCommandDataV1(Message, frozen=True, kw_only=True):
    """BOS: find out which students of the class wrote these essays."""

    topic: ClassVar[str] = "huleedu.batch.student.matching.initiate.command.v1"
    producer: ClassVar[str] = "batch_orchestrator_service"
    key_field: ClassVar[str] = "entity_id"

    event_name: str = "batch.student.matching.initiate.command"
    entity_id: str
    entity_type: str = "batch"
    parent_id: str | None = None
    timestamp: datetime
    essays_to_process: list[EssayProcessingInputRefV1]
    class_id: str
    course_code: CourseCode
    user_id: str | None = None
    org_id: str | None = None
    run_id: str | None = None
    attempt: int | None = None


class EssayToMatchV1(Value, frozen=True, kw_only=True):
    """An essay as every phase gets it, with what its file says about who wrote it."""

    essay_id: str
    text_storage_id: str
    spellcheck_metrics: SpellcheckMetricsV1 | None = None
    file_name: str | None = None
    document_author: str | None = None


class BatchStudentMatchingRequestedV1(Message, frozen=True, kw_only=True):
    """ELS: match these essays to the students of the class."""

    topic: ClassVar[str] = "huleedu.batch.student.matching.requested.v1"
    producer: ClassVar[str] = "essay_lifecycle_service"

    event_name: str = "batch.student.matching.requested"
    entity_id: str
    entity_type: str = "batch"
    parent_id: str | None = None
    timestamp: datetime
    batch_id: str
    essays_to_process: list[EssayToMatchV1]
    class_id: str
    course_code: CourseCode
    user_id: str | None = None
    org_id: str | None = None
    run_id: str | None = None
    attempt: int | None = None


class StudentMatchSuggestion(Value, frozen=True, kw_only=True):
    """A student who may have written an essay; `match_reasons` are sentences, each with its code in `reason_codes`."""

    student_id: str
    student_name: str
    student_email: str | None = None
    confidence_score: float
    match_reasons: list[str] = []
    extraction_metadata: dict[str, Any] = {}
    reason_codes: list[MatchReasonCode] = []


class EssayMatchResult(Value, frozen=True, kw_only=True):
    """What was found out about one essay, the likeliest student first.

    `outcome` says what to do with it; unless that is `matched`, `code` says why for machines and `no_match_reason` (no
    suggestion) or `review_reason` (the teacher must look) for people.
    """

    essay_id: str
    text_storage_id: str
    filename: str
    suggestions: list[StudentMatchSuggestion] = []
    no_match_reason: str | None = None
    extraction_metadata: dict[str, Any] = {}
    outcome: MatchOutcome | None = None
    code: str | None = None
    review_reason: str | None = None


class MatchingSummary(Value, frozen=True, kw_only=True):
    """How many essays there were; `processed` are `matched` (with a suggestion) or `unmatched`, the rest `failed`."""

    total_essays: int
    processed: int
    matched: int
    unmatched: int
    failed: int


class BatchAuthorMatchesSuggestedV1(Message, frozen=True, kw_only=True):
    """The NLP service: who may have written each essay of the batch."""

    topic: ClassVar[str] = "huleedu.batch.author.matches.suggested.v1"
    producer: ClassVar[str] = "nlp_service"

    event_name: str = "batch.author.matches.suggested"
    entity_id: str
    entity_type: str = "batch"
    parent_id: str | None = None
    timestamp: datetime
    batch_id: str
    class_id: str
    course_code: CourseCode
    match_results: list[EssayMatchResult]
    processing_summary: MatchingSummary
    processing_metadata: dict[str, Any] = {}
    run_id: str | None = None
    attempt: int | None = None


class StudentAssociationConfirmation(Value, frozen=True, kw_only=True):
    """Who wrote an essay, as somebody has decided; no student: unknown."""

    essay_id: str
    student_id: str | None = None
    confidence_score: float
    validation_method: AssociationValidationMethod
    validated_by: str | None = None
    validated_at: datetime


class AssociationValidationSummary(Value, frozen=True, kw_only=True):
    """How many suggestions were confirmed, and how many rejected."""

    total_associations: int
    confirmed: int
    rejected: int


class StudentAssociationsConfirmedV1(Message, frozen=True, kw_only=True):
    """Class management: it is decided who wrote these essays. Of several corrections the highest version holds."""

    topic: ClassVar[str] = "huleedu.class.student.associations.confirmed.v1"
    producer: ClassVar[str] = "class_management_service"

    event_name: str = "student.associations.confirmed"
    entity_id: str
    entity_type: str = "batch"
    parent_id: str | None = None
    timestamp: datetime
    batch_id: str
    class_id: str
    course_code: CourseCode
    associations: list[StudentAssociationConfirmation]
    timeout_triggered: bool = False
    validation_summary: AssociationValidationSummary
    version: int | None = None


class AutoConfirmedAssociation(Value, frozen=True, kw_only=True):
    """An essay whose likeliest student was confirmed without the teacher."""

    essay_id: str
    student_first_name: str
    student_last_name: str
    student_email: str | None = None
    confidence_score: float
    is_confirmed: bool = True


class ValidationTimeoutProcessedV1(Message, frozen=True, kw_only=True):
    """Class management: a teacher's time was up; `guest_essays` are of the one who stands for an unknown student."""

    topic: ClassVar[str] = "huleedu.class.validation.timeout.processed.v1"
    producer: ClassVar[str] = "class_management_service"

    event_name: str = "validation.timeout.processed"
    entity_id: str
    entity_type: str = "batch"
    parent_id: str | None = None
    timestamp: datetime
    batch_id: str
    user_id: str
    timeout_hours: int
    auto_confirmed_associations: list[AutoConfirmedAssociation]
    guest_essays: list[str]
    guest_class_created: bool = False
    guest_class_id: str | None = None
    processing_timestamp: datetime
