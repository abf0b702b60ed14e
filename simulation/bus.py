"""The bus in memory: each group reads each topic and key in order, and has its timers and its work."""

from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from common_core.message import Message
from huleedu_service_libs.runtime.connection import Connection
from huleedu_service_libs.runtime.delivery import Decoders, Delivery
from huleedu_service_libs.runtime.effects import Effect
from huleedu_service_libs.runtime.log import Move
from huleedu_service_libs.runtime.routing import Group, Route, WorkRoute
from huleedu_service_libs.runtime.unit_of_work import Cause, UnitOfWork
from simulation.still import START


class InMemoryUnit(UnitOfWork):
    """The runtime's unit of work, as far as its commit: what it has to say goes to the bus."""

    def __init__(self, group: str, service: str, now: datetime) -> None:
        super().__init__(cast(Connection, None), group, service, now)
        self.service = service
        self.messages: list[Message] = []
        self._seen = 0

    def say(self, *effects: Effect, cause: Cause | None = None) -> None:
        """As ever; and keep what others will hear."""
        self.messages += [effect for effect in effects if isinstance(effect, Message)]
        super().say(*effects, cause=cause)

    def news(self) -> Sequence[Message]:
        """What has been said since this was last asked."""
        seen, self._seen = self._seen, len(self.messages)
        return self.messages[seen:]

    async def flush(self, receipt: Move | None = None) -> None:
        """There is no database."""
        raise AssertionError("a unit of work in memory is committed by its bus")

    @property
    def said(self) -> Iterator[tuple[str, str, list[bytes]]]:
        """By topic and key, in order: the envelopes."""
        return ((topic, key, raws) for (topic, key), raws in self._said.items() if raws)

    @property
    def work(self) -> Sequence[tuple[str, bytes]]:
        """Items for the group's workers, by topic. Whose turn it is among them is left to chance."""
        return [(topic, raw) for _, topic, raw in self._work]

    @property
    def timers(self) -> dict[str, tuple[datetime, str, bytes] | None]:
        """To be set, by name, or (None) to be dropped."""
        return self._timers


@dataclass
class Channel:
    """What a group has still to read of one topic and key; nothing arrives before `not_before`."""

    topic: str
    key: str
    letters: deque[bytes] = field(default_factory=deque)
    not_before: datetime = START


@dataclass
class Item:
    """Slow work that nobody has finished."""

    topic: str
    raw: bytes
    not_before: datetime = START


class Reader:
    """One group, and all that is on its way to it."""

    def __init__(self, service: str, group: Group) -> None:
        self.service, self.group = service, group
        self._decoders = Decoders(group.routes, trusted=service)
        self._work_decoders = Decoders([Route(each.message, each.perform) for each in group.work], trusted=service)
        self._work_routes = {route.message.topic: route for route in group.work}
        self.channels: dict[tuple[str, str], Channel] = {}
        self.timers: dict[str, tuple[datetime, str, bytes]] = {}
        self.items: list[Item] = []
        self.again: list[tuple[datetime, Delivery]] = []

    @property
    def topics(self) -> list[str]:
        """What it hears."""
        return list(self._decoders)

    def read(self, topic: str, key: str, raw: bytes, receipt: Any) -> Delivery:
        """The message with its route. Raises what keeps it out."""
        return _decoded(self._decoders, Delivery(topic, key, raw, receipt))

    def read_item(self, item: Item) -> tuple[WorkRoute, Delivery]:
        """The item's message, and how it is done."""
        return self._work_routes[item.topic], _decoded(self._work_decoders, Delivery(item.topic, "", item.raw, item))

    def put(self, topic: str, key: str, raws: Sequence[bytes]) -> None:
        """These are on their way to it."""
        channel = self.channels.get((topic, key))
        if channel is None:
            channel = self.channels[topic, key] = Channel(topic, key)
        channel.letters.extend(raws)

    def ready(self, now: datetime) -> list[Channel]:
        """Where something can arrive now."""
        return [each for each in self.channels.values() if each.letters and each.not_before <= now]

    def due(self, now: datetime) -> tuple[str, datetime] | None:
        """The timer that fires next, if it is time for one."""
        if not self.timers:
            return None
        at, name = min((at, name) for name, (at, _, _) in self.timers.items())
        return (name, at) if at <= now else None

    def to_do(self, now: datetime) -> list[Item]:
        """What its workers can do now."""
        return [item for item in self.items if item.not_before <= now]

    def to_repeat(self, now: datetime) -> list[tuple[datetime, Delivery]]:
        """What is heard again, now or whenever it comes to be."""
        return [each for each in self.again if each[0] <= now]

    def hurry(self, now: datetime) -> None:
        """Whatever is on its way arrives now."""
        for channel in self.channels.values():
            channel.not_before = min(channel.not_before, now)

    def next_change(self, now: datetime) -> datetime | None:
        """When something more can be done than now."""
        times = [at for at, _, _ in self.timers.values()]
        times += [each.not_before for each in self.channels.values() if each.letters]
        times += [item.not_before for item in self.items]
        times += [at for at, _ in self.again]
        return min((at for at in times if at > now), default=None)

    @property
    def is_at_rest(self) -> bool:
        """Nothing is on its way to it, nothing is to be done, and no clock runs."""
        return not (self.items or self.timers or self.again or any(each.letters for each in self.channels.values()))


def _decoded(decoders: Decoders, delivery: Delivery) -> Delivery:
    decoders.decode(delivery)
    if delivery.error is not None:
        raise delivery.error
    return delivery


class Bus:
    """Who reads what."""

    def __init__(self) -> None:
        self.readers: dict[str, Reader] = {}
        self._of_topic: defaultdict[str, list[Reader]] = defaultdict(list)
        self.sent = 0

    def subscribe(self, service: str, groups: Sequence[Group]) -> None:
        """Have these read, from now on."""
        for group in groups:
            reader = self.readers[group.name] = Reader(service, group)
            for topic in reader.topics:
                self._of_topic[topic].append(reader)

    def post(self, topic: str, key: str, raws: Sequence[bytes]) -> None:
        """Everybody who reads the topic will hear these."""
        for reader in self._of_topic[topic]:
            reader.put(topic, key, raws)
            self.sent += len(raws)

    def commit(self, unit: InMemoryUnit) -> None:
        """All that the unit of work calls for is on its way."""
        for topic, key, raws in unit.said:
            self.post(topic, key, raws)
        if unit.work or unit.timers:
            own = self.readers[unit.group]
            own.items += [Item(topic, raw) for topic, raw in unit.work]
            for name, timer in unit.timers.items():
                own.timers.pop(name, None)
                if timer is not None:
                    own.timers[name] = timer
