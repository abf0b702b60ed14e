"""The shape that everything said on the wire has: a frozen message in an envelope."""

from datetime import datetime
from typing import Any, ClassVar, Generic, TypeVar

import msgspec


class Value(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A part of a message.

    Messages and their parts are `gc=False`: what was read from JSON has no cycles, and the collector took a third of a
    busy process's time to find that out.
    """


class Message(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Something said. Its class names the topic, who says it (`*`: anybody) and which field is its key.

    What a service says to itself (`stays`), in a timer or a work item, never leaves its database.
    """

    topic: ClassVar[str] = ""
    producer: ClassVar[str] = ""
    also_said_by: ClassVar[tuple[str, ...]] = ()
    key_field: ClassVar[str] = "batch_id"
    stays: ClassVar[bool] = False

    @property
    def key(self) -> str:
        """What orders this message among others: nearly always its batch."""
        return str(getattr(self, self.key_field))


M = TypeVar("M", bound=Message)


class Envelope(msgspec.Struct, Generic[M], frozen=True, kw_only=True, gc=False):
    """A message on its way: who said it, when, and because of which request."""

    event_id: str
    event_type: str
    event_timestamp: datetime
    source_service: str
    schema_version: int = 1
    correlation_id: str
    data_schema_uri: str | None = None
    data: M
    metadata: dict[str, Any] | None = None


def envelope_of(message: type[M]) -> type[Envelope[M]]:
    """The envelope of a kind of message that is known only when the program runs."""
    envelope: Any = Envelope  # with an argument that is a value, which no checker can follow
    made: type[Envelope[M]] = envelope[message]
    return made
