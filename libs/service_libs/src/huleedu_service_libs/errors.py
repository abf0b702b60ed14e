"""The few errors that services share: a refused command, and something that is away."""

import inspect
from typing import ClassVar


class Unavailable(Exception):
    """Something this needs is away: try again later."""

    def __init__(self, detail: str = "", *, retry_after: float = 5.0) -> None:
        """`retry_after` is in seconds."""
        super().__init__(detail or inspect.getdoc(type(self)))
        self.retry_after = retry_after


class RefusedCommand(Exception):
    """The command cannot be carried out.

    A subclass is a reason. The first paragraph of its docstring is the message and may name facts in braces, which are
    given as keywords: `raise BatchNotFound(batch_id=batch_id)`. `code` is stable, for machines.
    """

    code: ClassVar[str] = "REFUSED"
    status: ClassVar[int] = 409

    def __init__(self, detail: str = "", **facts: object) -> None:
        self.detail = detail or self.message().format(**facts)
        super().__init__(self.detail)

    @classmethod
    def message(cls) -> str:
        """The docstring's first paragraph on one line, facts still in braces."""
        paragraph, _, _ = (inspect.getdoc(cls) or cls.__name__).partition("\n\n")
        return " ".join(paragraph.split())


class BadRequest(RefusedCommand):
    """The request is not well formed."""

    code = "BAD_REQUEST"
    status = 400


class Unauthenticated(RefusedCommand):
    """Who asks is not known: sign in first."""

    code = "UNAUTHENTICATED"
    status = 401


class Forbidden(RefusedCommand):
    """This is not allowed to whoever asks."""

    code = "FORBIDDEN"
    status = 403


class NotFound(RefusedCommand):
    """There is nothing here by that name."""

    code = "NOT_FOUND"
    status = 404


class Conflict(RefusedCommand):
    """The command does not fit the present state."""

    code = "CONFLICT"
    status = 409


class TooLarge(RefusedCommand):
    """The request is larger than what is accepted."""

    code = "TOO_LARGE"
    status = 413


class UnsupportedType(RefusedCommand):
    """The body is not of a type that is understood here."""

    code = "UNSUPPORTED_MEDIA_TYPE"
    status = 415


class Unprocessable(RefusedCommand):
    """The request is well formed, but asks for something that cannot be done."""

    code = "UNPROCESSABLE"
    status = 422


class ServiceUnavailable(RefusedCommand):
    """Something this needs is away: try again later."""

    code = "SERVICE_UNAVAILABLE"
    status = 503

    def __init__(self, detail: str = "", *, retry_after: float = 5.0, **facts: object) -> None:
        """`retry_after` is in seconds."""
        super().__init__(detail, **facts)
        self.retry_after = retry_after
