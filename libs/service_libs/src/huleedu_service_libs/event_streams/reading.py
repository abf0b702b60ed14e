"""Server-sent events as a client reads them, however the bytes are cut on their way."""

import msgspec


class StreamedEvent(msgspec.Struct, frozen=True):
    """An event; `id` is what to go on after."""

    id: str
    event: str
    data: str


class EventReader:
    """Puts together what comes in pieces. Comments, and what it does not know, it skips."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, chunk: bytes) -> list[StreamedEvent]:
        """The events that are whole by now, each once."""
        *blocks, self._rest = (self._rest + chunk).split(b"\n\n")
        return [event for block in blocks if (event := _event(block.decode()))]


def _event(block: str) -> StreamedEvent | None:
    fields = dict(line.split(": ", 1) for line in block.split("\n") if ": " in line and not line.startswith(":"))
    if "data" not in fields:
        return None
    return StreamedEvent(fields.get("id", ""), fields.get("event", "message"), fields["data"])
