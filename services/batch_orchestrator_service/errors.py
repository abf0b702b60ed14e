"""Why a command is refused, each with a stable code."""

from huleedu_service_libs.errors import Conflict, Forbidden, NotFound, Unauthenticated, Unprocessable


class BatchNotFound(NotFound):
    """There is no batch {batch_id}.

    Or it belongs to somebody else, who is not to be given away.
    """

    code = "BATCH_NOT_FOUND"


class UserUnknown(Unauthenticated):
    """Who asks is not known: the X-User-ID header is missing."""

    code = "USER_UNKNOWN"


class NotAnOperator(Forbidden):
    """This is for operators: send the operators' token, or ask from the machine that the service runs on.

    Without a token (HULEEDU_OPERATOR_TOKEN) only the latter is possible.
    """

    code = "NOT_AN_OPERATOR"


class IdentityMismatch(Forbidden):
    """The body's user_id is not that of whoever asks."""

    code = "IDENTITY_MISMATCH"


class ClassManagementNotAvailable(Unprocessable):
    """Batches of a class need class management and student matching, which are not available here.

    Register the batch without class_id.
    """

    code = "CLASS_MANAGEMENT_NOT_AVAILABLE"


class TooManyEssays(Unprocessable):
    """A batch holds at most {most} essays: register several."""

    code = "TOO_MANY_ESSAYS"


class BatchIdMismatch(Unprocessable):
    """The body's batch_id is not the one in the address."""

    code = "BATCH_ID_MISMATCH"


class BatchNotReady(Conflict):
    """The batch still waits for its content."""

    code = "BATCH_NOT_READY"


class StudentsNotConfirmed(Conflict):
    """The batch waits until it is confirmed which students of its class wrote the essays."""

    code = "STUDENT_VALIDATION_PENDING"


class ContentIngestionFailed(Conflict):
    """None of the batch's files could be used, so there is nothing to work on."""

    code = "CONTENT_INGESTION_FAILED"


class RunActive(Conflict):
    """Run {run_id} of pipeline {pipeline} is still active."""

    code = "PIPELINE_ALREADY_ACTIVE"


class BatchPaused(Conflict):
    """The batch is paused: resume it first."""

    code = "BATCH_PAUSED"


class BatchCancelled(Conflict):
    """The batch was cancelled. It takes a further pipeline once its content is closed, and nothing else.

    If it belongs to a class, that pipeline begins when it is confirmed who wrote the essays.
    """

    code = "BATCH_CANCELLED"


class BatchHasEnded(Conflict):
    """The batch has ended already: it is {status}."""

    code = "BATCH_HAS_ENDED"


class PhaseNeverRan(Conflict):
    """Phase {phase} has not been carried out for this batch: request a pipeline that has it."""

    code = "PHASE_NEVER_RAN"


class NothingFailed(Conflict):
    """No essay of this batch has failed in phase {phase}."""

    code = "NOTHING_FAILED"


class EssaysNotFailed(Conflict):
    """These essays have not failed in phase {phase}: {essays}."""

    code = "ESSAYS_NOT_FAILED"


class PhaseUnknown(NotFound):
    """There is no phase {phase}."""

    code = "PHASE_UNKNOWN"


class OperationNotFound(NotFound):
    """There is no operation {operation_id}."""

    code = "OPERATION_NOT_FOUND"


class OperationHasEnded(Conflict):
    """The operation has come to its end: there is nothing to stop."""

    code = "OPERATION_HAS_ENDED"


class UnknownStatus(Unprocessable):
    """There is no such status: give a batch's or a client's word, one `status=` for each.

    As in common_core.enums: BatchStatus, BatchClientStatus.
    """

    code = "UNKNOWN_STATUS"


class MalformedClassId(Unprocessable):
    """class_id must have 1 to 255 characters."""

    code = "MALFORMED_CLASS_ID"


class MalformedOwner(Unprocessable):
    """owner must have 1 to 255 characters."""

    code = "MALFORMED_OWNER"


class MalformedSince(Unprocessable):
    """since must be a moment as RFC 3339 writes it, such as 2026-09-01T08:00:00Z (in an address, + is written %2B)."""

    code = "MALFORMED_SINCE"


class MalformedStuck(Unprocessable):
    """stuck must be true or false."""

    code = "MALFORMED_STUCK"


class MalformedStuckAfter(Unprocessable):
    """stuck_after must be a number of seconds, more than 0 and at most ten years."""

    code = "MALFORMED_STUCK_AFTER"


class LimitOutOfRange(Unprocessable):
    """limit must be a whole number from 1 to 100."""

    code = "LIMIT_OUT_OF_RANGE"


class MalformedCursor(Unprocessable):
    """cursor must be the next_cursor of the page before."""

    code = "MALFORMED_CURSOR"


class PromptFixed(Conflict):
    """The prompt cannot be changed while the batch is {status}."""

    code = "PROMPT_FIXED"


class PromptNotFound(NotFound):
    """Content Service has no content {storage_id}: store the prompt there first."""

    code = "CONTENT_NOT_FOUND"


class PhaseNotAvailable(Unprocessable):
    """The pipeline needs {phases}, for which there is no service here."""

    code = "PHASE_NOT_AVAILABLE"


class PipelineRefused(Unprocessable):
    """The pipeline cannot be resolved for this batch."""

    code = "PIPELINE_REFUSED"


class PipelineUnresolved(PipelineRefused):
    """There is no such pipeline."""

    code = "BCS_PIPELINE_DEPENDENCY_RESOLUTION_FAILED"


class PipelineIncompatible(PipelineRefused):
    """The batch lacks something that the pipeline needs, such as a prompt."""

    code = "BCS_PIPELINE_COMPATIBILITY_FAILED"
