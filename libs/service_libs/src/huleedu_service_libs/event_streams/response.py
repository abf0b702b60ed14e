"""A stream of events as an answer over HTTP."""

from collections.abc import AsyncIterator, Callable

from pydantic import BaseModel
from quart import Response, request

from huleedu_service_libs.event_streams.frames import EVENT_STREAM
from huleedu_service_libs.openapi import streams
from huleedu_service_libs.problems import View

_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}  # no proxy shall keep anything, or keep it back

_ABOUT = (
    "Server-sent events, without end: each with an `id` to go on after, an `event` and its `data`, JSON in one line."
    " Every few seconds without one there is a comment. A client that does not keep up is cut off, and goes on later."
)


def event_stream(chunks: AsyncIterator[bytes]) -> Response:
    """The answer to the current request; it may last."""
    body = b"" if request.method == "HEAD" else chunks
    response = Response(body, content_type=EVENT_STREAM, headers=_HEADERS)
    response.timeout = None
    return response


def streams_events(snapshot: type[BaseModel], **events: str) -> Callable[[View], View]:
    """Document the events that a route streams: first a snapshot, whose data is that model, then these, in words."""
    first = f"comes first, unless the stream goes on after Last-Event-ID. Its data is a {snapshot.__name__}."
    lines = [f"- `{name}`: {text}" for name, text in {"snapshot": first, **events}.items()]
    return streams(EVENT_STREAM, "\n".join([_ABOUT, "", *lines]), snapshot)
