"""Why a request is refused, each with a stable code."""

from huleedu_service_libs.errors import BadRequest


class EmptyContent(BadRequest):
    """There is no content in the body."""

    code = "EMPTY_CONTENT"


class InvalidContentType(BadRequest):
    """The content type must have at most 255 characters, all of them printable ASCII."""

    code = "INVALID_CONTENT_TYPE"


class InvalidStorageId(BadRequest):
    """A content id has 32 hex digits."""

    code = "INVALID_STORAGE_ID"
