"""A message on its way through a poll, where it comes from, and how it is read."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Protocol

import msgspec

from common_core.message import Envelope, Message, envelope_of
from common_core.topics import may_say, spellings
from huleedu_service_libs.runtime import log
from huleedu_service_libs.runtime.blame import storable
from huleedu_service_libs.runtime.connection import Connection
from huleedu_service_libs.runtime.routing import Route
from huleedu_service_libs.runtime.unit_of_work import UnitOfWork


class Delivery(msgspec.Struct):
    """A message on its way through one poll; `receipt` is what its source needs to acknowledge it."""

    topic: str
    key: str
    raw: bytes
    receipt: Any
    route: Route | None = None
    envelope: Envelope[Any] | None = None
    result: Any = None
    error: Exception | None = None
    known: bool = False  # an earlier delivery of the same event has taken effect

    @property
    def origin(self) -> str | None:
        """Where in Kafka it stands, if it came from there."""
        return getattr(self.receipt, "origin", None)

    @property
    def repeats_matter(self) -> bool:
        """Somebody has to remember that it has been handled: it is sound, and handled twice it would count twice."""
        return self.error is None and self.route is not None and not self.route.idempotent


def runs_of(deliveries: Iterable[Delivery]) -> list[tuple[Route, list[Delivery]]]:
    """What can be handled together: all of a route, as far as the order of what is about one key allows.

    Only that order is promised; what is about different keys may overtake each other. Broken deliveries are left out.
    """
    runs: list[tuple[Route, list[Delivery]]] = []
    newest: dict[type[Message], int] = {}  # the last run of each route
    reached: dict[str, int] = {}  # the last run with each key
    for delivery in deliveries:
        if delivery.route is None or delivery.error is not None:
            continue
        place = newest.get(delivery.route.message, -1)
        if place < reached.get(delivery.key, 0):
            place = newest[delivery.route.message] = len(runs)
            runs.append((delivery.route, []))
        reached[delivery.key] = place
        runs[place][1].append(delivery)
    return runs


class Source(Protocol):
    """Where a group's deliveries come from, and how they are acknowledged: the log, Kafka, or timers.

    `drained`: the last `take` left nothing there, and a wake-up says when there is more. Never so where `take` itself
    waits a while for the first message.
    """

    drained: bool

    async def take(self, limit: int) -> list[Delivery]:
        """What is there, at most `limit`; never waits to fill."""

    async def sift(self, deliveries: Sequence[Delivery]) -> None:
        """Mark those as known that are quickly seen to be, before anything is prepared."""

    async def admit(self, con: Connection, deliveries: Sequence[Delivery]) -> Sequence[Delivery]:
        """Those of them to be handled in this transaction, as far as they are not known."""

    async def acknowledge(self, con: Connection, deliveries: Sequence[Delivery]) -> log.Move | None:
        """Write the receipt, in the transaction of the effect, or say which move is to be written with what is said.

        Raises Fenced if somebody else has them now.
        """

    async def bury(self, unit: UnitOfWork, deliveries: Sequence[Delivery]) -> None:
        """Set these aside, in the same transaction."""

    def settled(self, deliveries: Sequence[Delivery]) -> None:
        """The transaction of these has been committed."""

    async def close(self) -> None:
        """Nobody takes from it any more: let go of what it holds outside the database."""


class WrongProducer(Exception):
    """This message is not its sender's to say."""


class Decoders:
    """A group's topics, in every spelling, and how their envelopes are read."""

    def __init__(self, routes: Iterable[Route], trusted: str | None = None) -> None:
        """`trusted` may say everything here, as a service may to itself in work items."""
        self._trusted = trusted
        self._by_topic = {
            topic: (route, msgspec.json.Decoder(envelope_of(route.message)).decode)
            for route in routes
            for topic in spellings(route.message)
        }

    def __iter__(self) -> Iterator[str]:
        """The topics on which others say these; what stays in its service is a timer's or a work item's alone."""
        return (topic for topic, (route, _) in self._by_topic.items() if not route.message.stays)

    def decode(self, delivery: Delivery) -> None:
        """Fill in route and envelope, or the error that keeps them out."""
        try:
            delivery.route, decode = self._by_topic[delivery.topic]
            delivery.envelope = envelope = decode(delivery.raw)
            delivery.key = delivery.key or storable(envelope.data.key)  # a timer's row has none
            sender = envelope.source_service
            if sender != self._trusted and not may_say(delivery.route.message, sender):
                delivery.error = WrongProducer(f"{sender} may not say {delivery.topic}")
        except Exception as error:
            delivery.error = error
