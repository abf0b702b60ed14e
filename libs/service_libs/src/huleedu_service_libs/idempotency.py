"""`Idempotency-Key` on whatever changes something: the same key, the same answer, and its effect happens once."""

import hashlib
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any, TypeVar

from pydantic import BaseModel
from quart import Response, current_app, request

from huleedu_service_libs.errors import BadRequest, Unprocessable
from huleedu_service_libs.runtime.answers import Claim, claiming, find_answer
from huleedu_service_libs.runtime.database import Database
from huleedu_service_libs.runtime.housekeeping import ANSWERS_KEPT

HEADER = "Idempotency-Key"
MAX_KEY_LENGTH = 255

KEPT = (
    f"For {ANSWERS_KEPT.days} days the same key gives the same answer (with Idempotent-Replay: true), and its effect"
    " happens once. With another request it is refused."
)
NEEDLESS = "Not needed and not kept: the same request has one effect and one answer, however often it is sent."

View = Callable[..., Awaitable[BaseModel]]
Content = Callable[[], Awaitable[bytes]]
V = TypeVar("V", bound=Callable[..., Any])

_USE = "_huleedu_idempotency_key"


class KeyReused(Unprocessable):
    """This Idempotency-Key was used for a different request before."""

    code = "IDEMPOTENCY_KEY_REUSED"


def uses_key(how: str) -> Callable[[V], V]:
    """Document what a route makes of the key, in one sentence; every route that changes something has to."""

    def decorate(view: V) -> V:
        setattr(view, _USE, how)
        return view

    return decorate


def key_use(view: Callable[..., Any]) -> str | None:
    """What `uses_key` said about a route."""
    how: str | None = getattr(view, _USE, None)
    return how


async def _body() -> bytes:
    return await request.get_data(cache=True, as_text=False, parse_form_data=False)


def idempotent(status: int, content: Content = _body) -> Callable[[View], Callable[..., Awaitable[Response]]]:
    """For a view that returns the model its one transaction returned: answer it with `status`, once per key.

    The answer is kept in the transaction of the effect (`Transactions.run`), so a retry finds both or neither.
    `content` is what makes two requests the same; give one where the body is too large for memory, or where the same
    request has another body each time, as multipart forms do.
    """

    def decorate(view: View) -> Callable[..., Awaitable[Response]]:
        @uses_key(KEPT)
        @wraps(view)
        async def answer(*args: Any, **kwargs: Any) -> Response:
            key = request.headers.get(HEADER)
            if key is None:
                return _response((await view(*args, **kwargs)).model_dump_json().encode(), status)
            claim = await _claim(key, status, content)
            return await _kept(claim) or await _first(claim, view, *args, **kwargs)

        return answer

    return decorate


async def _claim(key: str, status: int, content: Content) -> Claim:
    if not 0 < len(key) <= MAX_KEY_LENGTH:
        raise BadRequest(f"{HEADER} must have 1 to {MAX_KEY_LENGTH} characters")
    asked = f"{request.method} {request.full_path}\n".encode() + await content()
    caller = request.headers.get("X-User-ID", "")
    fingerprint = hashlib.blake2b(asked, digest_size=16).digest()
    return Claim(current_app.name, f"{caller} {request.path}", key, fingerprint, status)


async def _kept(claim: Claim) -> Response | None:
    database: Database = current_app.extensions["huleedu_database"]
    found = await find_answer(database.pool, claim)
    if found is None:
        return None
    fingerprint, status, body = found
    if fingerprint != claim.fingerprint:
        raise KeyReused
    replay = _response(body, status)
    replay.headers["Idempotent-Replay"] = "true"
    return replay


async def _first(claim: Claim, view: View, *args: Any, **kwargs: Any) -> Response:
    try:
        with claiming(claim):
            result = await view(*args, **kwargs)
    except Exception:
        # Two requests with one key at once: the other has won, and its answer is ours.
        if (kept := await _kept(claim)) is not None:
            return kept
        raise
    return _response(result.model_dump_json().encode(), claim.status)


def _response(body: bytes, status: int) -> Response:
    return Response(body, status, content_type="application/json")
