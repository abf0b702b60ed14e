"""Why a request is refused, each with a stable code."""

from huleedu_service_libs.errors import BadRequest, Conflict, Forbidden, NotFound, TooLarge, UnsupportedType


class NotAForm(UnsupportedType):
    """Files must be sent as multipart/form-data."""

    code = "NOT_A_FORM"


class MalformedForm(BadRequest):
    """The form cannot be read: {reason}."""

    code = "MALFORMED_FORM"


class InvalidField(BadRequest):
    """The field {field} must have 1 to {most} characters and no NUL among them."""

    code = "INVALID_FIELD"


class InvalidFileName(BadRequest):
    """A file's name must not contain NUL characters."""

    code = "INVALID_FILE_NAME"


class NoFiles(BadRequest):
    """There are no files in the request, besides those that the computer keeps for itself."""

    code = "NO_FILES"


class TooManyFiles(TooLarge):
    """A request may have at most {most} files: send several."""

    code = "TOO_MANY_FILES"


class IdentityMismatch(Forbidden):
    """The form's user_id is not that of whoever asks."""

    code = "IDENTITY_MISMATCH"


class BatchNotFound(NotFound):
    """There is no batch {batch_id}.

    Or it belongs to somebody else, who is not to be given away.
    """

    code = "BATCH_NOT_FOUND"


class BatchLocked(Conflict):
    """The batch takes no more files: {reason}."""

    code = "BATCH_LOCKED"
