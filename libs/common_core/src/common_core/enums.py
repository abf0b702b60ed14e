"""The closed vocabularies of the wire; values are law, see the wire reference."""

from enum import StrEnum


class BatchStatus(StrEnum):
    """Where a batch stands."""

    AWAITING_CONTENT_VALIDATION = "awaiting_content_validation"
    CONTENT_INGESTION_FAILED = "content_ingestion_failed"
    AWAITING_PIPELINE_CONFIGURATION = "awaiting_pipeline_configuration"
    READY_FOR_PIPELINE_EXECUTION = "ready_for_pipeline_execution"
    PROCESSING_PIPELINES = "processing_pipelines"
    AWAITING_STUDENT_VALIDATION = "awaiting_student_validation"
    STUDENT_VALIDATION_COMPLETED = "student_validation_completed"
    VALIDATION_TIMEOUT_PROCESSED = "validation_timeout_processed"
    COMPLETED_SUCCESSFULLY = "completed_successfully"
    COMPLETED_WITH_FAILURES = "completed_with_failures"
    FAILED_CRITICALLY = "failed_critically"
    CANCELLED = "cancelled"


class BatchClientStatus(StrEnum):
    """Where a batch stands, in the words of a client."""

    PENDING_CONTENT = "pending_content"
    READY = "ready"
    PROCESSING = "processing"
    COMPLETED_SUCCESSFULLY = "completed_successfully"
    COMPLETED_WITH_FAILURES = "completed_with_failures"
    FAILED = "failed"
    CANCELLED = "cancelled"


CLIENT_STATUS: dict[BatchStatus, BatchClientStatus] = {
    BatchStatus.AWAITING_CONTENT_VALIDATION: BatchClientStatus.PENDING_CONTENT,
    BatchStatus.AWAITING_PIPELINE_CONFIGURATION: BatchClientStatus.PENDING_CONTENT,
    BatchStatus.READY_FOR_PIPELINE_EXECUTION: BatchClientStatus.READY,
    BatchStatus.PROCESSING_PIPELINES: BatchClientStatus.PROCESSING,
    BatchStatus.AWAITING_STUDENT_VALIDATION: BatchClientStatus.PROCESSING,
    BatchStatus.STUDENT_VALIDATION_COMPLETED: BatchClientStatus.PROCESSING,
    BatchStatus.VALIDATION_TIMEOUT_PROCESSED: BatchClientStatus.PROCESSING,
    BatchStatus.CONTENT_INGESTION_FAILED: BatchClientStatus.FAILED,
    BatchStatus.FAILED_CRITICALLY: BatchClientStatus.FAILED,
    BatchStatus.COMPLETED_SUCCESSFULLY: BatchClientStatus.COMPLETED_SUCCESSFULLY,
    BatchStatus.COMPLETED_WITH_FAILURES: BatchClientStatus.COMPLETED_WITH_FAILURES,
    BatchStatus.CANCELLED: BatchClientStatus.CANCELLED,
}


class EssayStatus(StrEnum):
    """Where an essay stands."""

    UPLOADED = "uploaded"
    TEXT_EXTRACTED = "text_extracted"
    CONTENT_INGESTING = "content_ingesting"
    CONTENT_INGESTION_FAILED = "content_ingestion_failed"
    READY_FOR_PROCESSING = "ready_for_processing"
    AWAITING_SPELLCHECK = "awaiting_spellcheck"
    SPELLCHECKING_IN_PROGRESS = "spellchecking_in_progress"
    SPELLCHECKED_SUCCESS = "spellchecked_success"
    SPELLCHECK_FAILED = "spellcheck_failed"
    AWAITING_NLP = "awaiting_nlp"
    NLP_PROCESSING_IN_PROGRESS = "nlp_processing_in_progress"
    NLP_SUCCESS = "nlp_success"
    NLP_FAILED = "nlp_failed"
    AWAITING_AI_FEEDBACK = "awaiting_ai_feedback"
    AI_FEEDBACK_PROCESSING_IN_PROGRESS = "ai_feedback_processing_in_progress"
    AI_FEEDBACK_SUCCESS = "ai_feedback_success"
    AI_FEEDBACK_FAILED = "ai_feedback_failed"
    AWAITING_CJ_ASSESSMENT = "awaiting_cj_assessment"
    CJ_ASSESSMENT_PROCESSING_IN_PROGRESS = "cj_assessment_processing_in_progress"
    CJ_ASSESSMENT_SUCCESS = "cj_assessment_success"
    CJ_ASSESSMENT_FAILED = "cj_assessment_failed"
    ALL_PROCESSING_COMPLETED = "all_processing_completed"
    ESSAY_CRITICAL_FAILURE = "essay_critical_failure"


class PhaseName(StrEnum):
    """A kind of processing that a batch's essays go through."""

    SPELLCHECK = "spellcheck"
    NLP = "nlp"
    CJ_ASSESSMENT = "cj_assessment"
    AI_FEEDBACK = "ai_feedback"
    STUDENT_MATCHING = "student_matching"


class PipelineExecutionStatus(StrEnum):
    """Where one phase of one pipeline run stands."""

    REQUESTED_BY_USER = "requested_by_user"
    PENDING_DEPENDENCIES = "pending_dependencies"
    DISPATCH_INITIATED = "dispatch_initiated"
    IN_PROGRESS = "in_progress"
    COMPLETED_SUCCESSFULLY = "completed_successfully"
    COMPLETED_WITH_PARTIAL_SUCCESS = "completed_with_partial_success"
    FAILED = "failed"
    SKIPPED_DUE_TO_DEPENDENCY_FAILURE = "skipped_due_to_dependency_failure"
    SKIPPED_BY_USER_CONFIG = "skipped_by_user_config"
    CANCELLED = "cancelled"


class ProcessingStage(StrEnum):
    """The coarse stage that system metadata reports."""

    PENDING = "pending"
    INITIALIZED = "initialized"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class CourseCode(StrEnum):
    """A course; its language follows from it."""

    ENG5 = "ENG5"
    ENG6 = "ENG6"
    ENG7 = "ENG7"
    SV1 = "SV1"
    SV2 = "SV2"
    SV3 = "SV3"


class Language(StrEnum):
    """A language that essays are written in."""

    ENGLISH = "en"
    SWEDISH = "sv"


COURSE_LANGUAGE: dict[CourseCode, Language] = {
    CourseCode.ENG5: Language.ENGLISH,
    CourseCode.ENG6: Language.ENGLISH,
    CourseCode.ENG7: Language.ENGLISH,
    CourseCode.SV1: Language.SWEDISH,
    CourseCode.SV2: Language.SWEDISH,
    CourseCode.SV3: Language.SWEDISH,
}


class ContentType(StrEnum):
    """What stored bytes are."""

    ORIGINAL_ESSAY = "original_essay"
    CORRECTED_TEXT = "corrected_text"
    PROCESSING_LOG = "processing_log"
    NLP_METRICS_JSON = "nlp_metrics_json"
    STUDENT_FACING_AI_FEEDBACK_TEXT = "student_facing_ai_feedback_text"
    AI_EDITOR_REVISION_TEXT = "ai_editor_revision_text"
    AI_DETAILED_ANALYSIS_JSON = "ai_detailed_analysis_json"
    GRAMMAR_ANALYSIS_JSON = "grammar_analysis_json"
    CJ_RESULTS_JSON = "cj_results_json"
    RAW_UPLOAD_BLOB = "raw_upload_blob"
    EXTRACTED_PLAINTEXT = "extracted_plaintext"
    STUDENT_PROMPT_TEXT = "student_prompt_text"


class ClassType(StrEnum):
    """GUEST: anonymous essays; REGULAR: a class whose essays are matched to students."""

    GUEST = "GUEST"
    REGULAR = "REGULAR"


class AssociationValidationMethod(StrEnum):
    """Who decided which student wrote an essay: a teacher, the time limit or a rule."""

    HUMAN = "human"
    TIMEOUT = "timeout"
    AUTO = "auto"


class StudentAssociationStatus(StrEnum):
    """Where the question stands who wrote an essay; of `no_match` nothing was suggested, or nothing came of it."""

    PENDING_VALIDATION = "pending_validation"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    TIMEOUT_CONFIRMED = "timeout_confirmed"
    NO_MATCH = "no_match"


class MatchOutcome(StrEnum):
    """What to do with what matching found out about an essay.

    `matched`: one student, sure enough to be accepted. `review`: suggestions that somebody must look at. `no_match`: no
    suggestion. `failed`: the essay could not be read, and its file's name and author told nothing.
    """

    MATCHED = "matched"
    REVIEW = "review"
    NO_MATCH = "no_match"
    FAILED = "failed"


class MatchReasonCode(StrEnum):
    """Where a student's name was found, and what speaks against it."""

    EMAIL_ADDRESS = "email_address"
    LABELLED_NAME = "labelled_name"
    HEADER_LINE = "header_line"
    EXAM_PLATFORM_LINE = "exam_platform_line"
    SIGNATURE = "signature"
    FILE_NAME = "file_name"
    DOCUMENT_AUTHOR = "document_author"
    SPELT_DIFFERENTLY = "spelt_differently"
    NICKNAME = "nickname"
    PART_OF_NAME = "part_of_name"
    FIRST_NAME_ONLY = "first_name_only"
    INITIALS_ONLY = "initials_only"
    OTHER_STUDENT_FITS = "other_student_fits"
    OTHER_ESSAY_FITS = "other_essay_fits"
    EVIDENCE_DISAGREES = "evidence_disagrees"


class FileValidationErrorCode(StrEnum):
    """Why a file could not be used."""

    EMPTY_CONTENT = "EMPTY_CONTENT"
    CONTENT_TOO_SHORT = "CONTENT_TOO_SHORT"
    CONTENT_TOO_LONG = "CONTENT_TOO_LONG"
    RAW_STORAGE_FAILED = "RAW_STORAGE_FAILED"
    TEXT_EXTRACTION_FAILED = "TEXT_EXTRACTION_FAILED"
    ENCRYPTED_FILE_UNSUPPORTED = "ENCRYPTED_FILE_UNSUPPORTED"
    UNSUPPORTED_FILE_TYPE = "UNSUPPORTED_FILE_TYPE"
    FILE_TOO_LARGE = "FILE_TOO_LARGE"
    UNKNOWN_VALIDATION_ERROR = "UNKNOWN_VALIDATION_ERROR"


class DenialReason(StrEnum):
    """Why a pipeline request was denied."""

    INSUFFICIENT_CREDITS = "insufficient_credits"
    RATE_LIMIT_EXCEEDED = "rate_limit_exceeded"
    REFUSED = "refused"


class NotificationPriority(StrEnum):
    """How urgent a notification is."""

    CRITICAL = "critical"
    IMMEDIATE = "immediate"
    HIGH = "high"
    STANDARD = "standard"
    LOW = "low"


class WebSocketEventCategory(StrEnum):
    """What a notification is about."""

    BATCH_PROGRESS = "batch_progress"
    PROCESSING_RESULTS = "processing_results"
    FILE_OPERATIONS = "file_operations"
    CLASS_MANAGEMENT = "class_management"
    STUDENT_WORKFLOW = "student_workflow"
    SYSTEM_ALERTS = "system_alerts"
