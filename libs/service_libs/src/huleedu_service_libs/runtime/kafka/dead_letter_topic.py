"""What is published of a message that could not be handled, on its topic's own topic of dead letters."""

import base64

import msgspec

from huleedu_service_libs.runtime.blame import reason
from huleedu_service_libs.runtime.delivery import Delivery

_encode = msgspec.json.Encoder().encode


class PublishedLetter(msgspec.Struct, frozen=True, kw_only=True):
    """Where it stood (`origin` is topic/partition/offset), who could not handle it and why, and its bytes in base64."""

    topic: str
    key: str
    origin: str | None
    group: str
    reason: str
    raw: str


def letter_of(group: str, delivery: Delivery) -> bytes:
    """The dead letter in JSON."""
    return _encode(
        PublishedLetter(
            topic=delivery.topic,
            key=delivery.key,
            origin=delivery.origin,
            group=group,
            reason=reason(delivery.error),
            raw=base64.b64encode(delivery.raw).decode(),
        )
    )
