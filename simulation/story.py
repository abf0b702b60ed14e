"""What happened, in order: as a digest that tells two runs apart, and as lines that people can read."""

from collections.abc import Iterator
from datetime import datetime
from hashlib import blake2b
from typing import Any

import msgspec

from common_core.message import Message

_TOLD = ("run_id", "attempt", "phase_name", "requested_pipeline", "reason", "version", "succeeded", "failed", "total")
_MANY = ("essay_ids", "essays_to_process", "processed_essays", "ready_essays", "essays_for_processing")
_ALWAYS = ("error_code", "validation_error_code", "final_status", "successful_essay_count", "failed_essay_count")


class Line(msgspec.Struct, frozen=True):
    """Who did what, and with which message."""

    at: datetime
    who: str
    did: str
    batch_id: str
    message: Message | None = None


class Story:
    """One run, told as it goes on."""

    def __init__(self) -> None:
        self._lines: list[Line] = []
        self._digest = blake2b(digest_size=16)
        self.messages = 0

    @property
    def digest(self) -> str:
        """The same for the same run, and for no other."""
        return self._digest.hexdigest()

    def heard(self, at: datetime, who: str, message: Message, event_id: str, *, again: bool) -> None:
        """A group has handled this."""
        self.messages += 1
        self._digest.update(f"{at.timestamp()} {who} {event_id}\n".encode())
        self._lines.append(Line(at, who, "hears again" if again else "hears", message.key, message))

    def said(
        self, at: datetime, who: str, messages: list[Message], raws: Iterator[tuple[str, str, list[bytes]]]
    ) -> None:
        """A unit of work has been committed."""
        for _, _, envelopes in raws:
            for raw in envelopes:
                self._digest.update(raw)
        self._lines += [Line(at, who, "says", message.key, message) for message in messages]

    def happened(self, at: datetime, who: str, what: str, batch_id: str = "") -> None:
        """Anything else."""
        self._digest.update(f"{at.timestamp()} {who} {what} {batch_id}\n".encode())
        self._lines.append(Line(at, who, what, batch_id))

    def of(self, batch_id: str) -> Iterator[str]:
        """All that concerns this batch."""
        return (_text(line) for line in self._lines if line.batch_id in (batch_id, ""))


def _text(line: Line) -> str:
    what = "" if line.message is None else f" {type(line.message).__name__} {_facts(line.message)}"
    return f"{line.at:%d. %H:%M:%S}  {line.who:<42} {line.did}{what}"


def _facts(message: Message) -> str:
    found: list[str] = [f"{name}={_short(value)}" for name in (*_TOLD, *_ALWAYS) if (value := _of(message, name))]
    found += [f"{name}={len(value)}" for name in _MANY if (value := _of(message, name)) is not None]
    return " ".join(found)


def _of(message: Message, name: str) -> Any:
    return getattr(message, name, None)


def _short(value: Any) -> str:
    """Counted ids differ in their ends."""
    text = str(value)
    return text[-4:] if text.startswith("01990000-") else text
