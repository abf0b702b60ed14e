"""Errors over HTTP: `application/problem+json` (RFC 9457) for everything that can go wrong, from one table."""

import errno
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import quote

from pydantic import BaseModel, Field, ValidationError
from quart import Quart, Response, request
from quart_schema import RequestSchemaValidationError, ResponseSchemaValidationError
from quart_schema.validation import QuerystringValidationError, RequestHeadersValidationError
from structlog.stdlib import BoundLogger
from werkzeug.exceptions import HTTPException

from huleedu_service_libs.correlation import current_correlation_id
from huleedu_service_libs.errors import (
    BadRequest,
    Conflict,
    Forbidden,
    NotFound,
    RefusedCommand,
    ServiceUnavailable,
    TooLarge,
    Unauthenticated,
    Unavailable,
    Unprocessable,
    UnsupportedType,
)
from huleedu_service_libs.json_body import MalformedJson
from huleedu_service_libs.runtime.blame import causes, says_database_is_away

__all__ = [
    "PROBLEM_JSON",
    "BadRequest",
    "Conflict",
    "Forbidden",
    "MalformedJson",
    "NotFound",
    "Problem",
    "ProblemBody",
    "RefusedCommand",
    "ServiceUnavailable",
    "TooLarge",
    "Unauthenticated",
    "Unprocessable",
    "UnsupportedType",
    "WrongField",
    "install_problem_handlers",
    "problem_response",
    "refusals",
    "refuses",
]

PROBLEM_JSON = "application/problem+json"

_REFUSALS = "_huleedu_refusals"
_DISK_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


class WrongField(BaseModel):
    """One thing that is wrong with a request."""

    pointer: str = Field(description="JSON pointer into the body (#/essay_ids/3), or ?name, or the header's name")
    detail: str
    code: str


class ProblemBody(BaseModel):
    """What went wrong, as RFC 9457 has it."""

    type: str = Field(description="urn:huleedu:problem:<code in lower case>")
    title: str
    status: int
    detail: str
    instance: str
    code: str = Field(description="stable, for machines")
    correlation_id: str | None = None
    errors: list[WrongField] = []
    error: str = Field(description="the detail again, for old clients")


class Problem(Exception):
    """A problem as it will be answered; `retry_after` is in seconds."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        errors: Sequence[WrongField] = (),
        retry_after: float | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.errors = list(errors)
        self.headers = dict(headers or {})
        if retry_after is not None:
            self.headers["Retry-After"] = str(max(1, round(retry_after)))

    def body(self, *, instance: str, correlation_id: str | None) -> ProblemBody:
        """The document, for an occurrence at the path `instance`."""
        return ProblemBody(
            type=f"urn:huleedu:problem:{self.code.lower().replace('_', '-')}",
            title=self.code.replace("_", " ").capitalize(),
            status=self.status,
            detail=self.detail,
            instance=instance,
            code=self.code,
            correlation_id=correlation_id,
            errors=self.errors,
            error=self.detail,
        )


View = TypeVar("View", bound=Callable[..., Any])


def refuses(*refused: type[RefusedCommand]) -> Callable[[View], View]:
    """Document which refusals a route answers with."""

    def decorate(view: View) -> View:
        setattr(view, _REFUSALS, (*refusals(view), *refused))
        return view

    return decorate


def refusals(view: Callable[..., Any]) -> tuple[type[RefusedCommand], ...]:
    """What `refuses` said about a route."""
    documented: tuple[type[RefusedCommand], ...] = getattr(view, _REFUSALS, ())
    return documented


def install_problem_handlers(app: Quart, logger: BoundLogger) -> None:
    """Answer every exception of the app's routes with a problem; log those that are our own fault."""

    async def answer(error: Exception) -> Response:
        problem = _problem_of(error)
        if problem.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            _log(logger, problem, error)
        return problem_response(problem)

    app.register_error_handler(HTTPException, answer)
    app.register_error_handler(Exception, answer)


def problem_response(problem: Problem) -> Response:
    """The answer to the current request."""
    body = problem.body(instance=quote(request.path), correlation_id=current_correlation_id())
    # ASCII, because a detail may repeat a lone surrogate, which UTF-8 cannot hold.
    text = body.model_dump_json(exclude_none=True, exclude=set() if body.errors else {"errors"}, ensure_ascii=True)
    return Response(text, problem.status, {"Content-Type": PROBLEM_JSON, **problem.headers})


def _log(logger: BoundLogger, problem: Problem, error: Exception) -> None:
    if problem.status == HTTPStatus.SERVICE_UNAVAILABLE:
        logger.warning("something needed is away", code=problem.code, reason=f"{type(error).__name__}: {error}")
    else:
        logger.error("unforeseen error", code=problem.code, exc_info=error)


def _problem_of(error: Exception) -> Problem:
    """The one table from errors to HTTP."""
    match error:
        case Problem():
            return error
        case RefusedCommand():
            return Problem(error.status, error.code, error.detail, retry_after=getattr(error, "retry_after", None))
        case Unavailable():
            return Problem(503, "SERVICE_UNAVAILABLE", str(error), retry_after=error.retry_after)
        case RequestSchemaValidationError():
            return _invalid(error)
        case ResponseSchemaValidationError():
            return _unforeseen()
        case HTTPException():
            return _of_http(error)
        case _ if any(_is_away(cause) for cause in causes(error)):
            return Problem(503, "SERVICE_UNAVAILABLE", ServiceUnavailable.message(), retry_after=5)
        case _:
            return _unforeseen()


def _unforeseen() -> Problem:
    return Problem(500, "INTERNAL_ERROR", "Something went wrong here; the correlation id helps to find out what.")


def _is_away(cause: BaseException) -> bool:
    """A peer, the database, or room on the disk."""
    if isinstance(cause, OSError):
        return isinstance(cause, ConnectionError | TimeoutError) or cause.errno in _DISK_FULL
    return says_database_is_away(cause)


def _of_http(error: HTTPException) -> Problem:
    status = HTTPStatus(error.code or 500)
    headers = {name: value for name, value in error.get_headers() if name in ("Allow", "Retry-After", "Location")}
    detail = _DETAILS.get(status) or error.description or status.phrase
    return Problem(status, _CODES.get(status, status.name), detail, headers=headers)


_CODES = {
    HTTPStatus.INTERNAL_SERVER_ERROR: "INTERNAL_ERROR",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: TooLarge.code,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: UnsupportedType.code,
}
_DETAILS = {
    HTTPStatus.NOT_FOUND: "There is no such address here; /docs lists those there are.",
    HTTPStatus.METHOD_NOT_ALLOWED: "This address does not take that method; the Allow header lists those it takes.",
    HTTPStatus.REQUEST_TIMEOUT: "The body did not arrive in time.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: TooLarge.message(),
}


def _invalid(error: RequestSchemaValidationError) -> Problem:
    """All that is wrong with a body, a query or the headers, at once."""
    cause = error.validation_error
    errors = _wrong_fields(error, cause) if isinstance(cause, ValidationError) else []
    detail = (
        "; ".join(f"{wrong.pointer}: {wrong.detail}" for wrong in errors[:5]) or "The request does not fit its schema."
    )
    return Problem(400, "VALIDATION_ERROR", detail, errors=errors)


def _wrong_fields(error: RequestSchemaValidationError, cause: ValidationError) -> list[WrongField]:
    """Never with the input: it may be an essay."""
    return [
        WrongField(pointer=_pointer(error, wrong["loc"]), detail=wrong["msg"], code=wrong["type"])
        for wrong in cause.errors(include_url=False, include_context=False, include_input=False)
    ]


def _pointer(error: RequestSchemaValidationError, place: tuple[int | str, ...]) -> str:
    match error:
        case QuerystringValidationError():
            return f"?{place[0]}"  # what follows are the ways it was tried to be read
        case RequestHeadersValidationError():
            return ".".join(map(str, place)).replace("_", "-")
        case _:
            return "#" + "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in place)
