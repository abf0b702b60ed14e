"""Server-sent events as bytes, and the ids by which a client says what it has seen."""

import re

from huleedu_service_libs.errors import Unprocessable
from huleedu_service_libs.runtime.tail import Place

EVENT_STREAM = "text/event-stream"
RETRY_MS = 1000  # after which a client that was cut off comes again
OPENED = f"retry: {RETRY_MS}\n\n".encode()
KEEP_ALIVE = b": keep-alive\n\n"

_ID = re.compile(r"([0-9a-f]{32})-([0-9]{1,18})")


class MalformedEventId(Unprocessable):
    """Last-Event-ID is not an id that was sent with an event: leave it out to begin with a snapshot."""

    code = "MALFORMED_EVENT_ID"


def frame(event: str, data: bytes, place: Place) -> bytes:
    """An event; `data` is JSON in one line, `place` is right after it."""
    return b"id: %b\nevent: %b\ndata: %b\n\n" % (event_id(place).encode(), event.encode(), data)


def event_id(place: Place) -> str:
    """`epoch-offset`."""
    return f"{place.epoch}-{place.offset}"


def place_of(last_event_id: str | None) -> Place | None:
    """Where to go on from; None without an id. Raises MalformedEventId."""
    if not last_event_id:
        return None
    found = _ID.fullmatch(last_event_id)
    if found is None:
        raise MalformedEventId
    return Place(found[1], int(found[2]))
