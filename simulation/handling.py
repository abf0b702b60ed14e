"""What the runtime does with messages, timers and work; a transaction here is whole, or has never been."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random

from common_core.messages.control import BatchPhaseDeadlinePassedV1
from common_core.messages.pipeline import ClientBatchPipelineRequestV1
from common_core.messages.spellcheck import EssayLifecycleSpellcheckRequestV1
from huleedu_service_libs.errors import Unavailable
from huleedu_service_libs.runtime.delivery import Delivery, runs_of
from huleedu_service_libs.runtime.routing import Prepared, Route
from huleedu_service_libs.runtime.unit_of_work import cause_of
from simulation.bus import Bus, Channel, InMemoryUnit, Item, Reader
from simulation.services.parts import BOS, ELS
from simulation.still import VirtualClock
from simulation.story import Story
from simulation.trouble import Trouble
from simulation.violation import Violation
from simulation.witness import Witness

_AGAIN = timedelta(seconds=5)
_REPEATED_AFTER = (timedelta(), timedelta(seconds=40), timedelta(minutes=1), timedelta(hours=1))
_ONLY_THE_INBOX_KNOWS = ClientBatchPipelineRequestV1 | EssayLifecycleSpellcheckRequestV1
"""What must not reach a handler twice, and never does: a client's second wish is another one, and a check that has
succeeded may fail when it is made again."""


class Desk:
    """Handles what has come, and commits what follows."""

    def __init__(
        self, bus: Bus, clock: VirtualClock, chance: Random, trouble: Trouble, witness: Witness, story: Story
    ) -> None:
        self._bus, self._clock, self._chance = bus, clock, chance
        self._trouble, self._witness, self._story = trouble, witness, story
        self._last: dict[tuple[str, str, str], str] = {}

    def begin(self, group: str, service: str) -> InMemoryUnit:
        """A unit of work of this group."""
        return InMemoryUnit(group, service, self._clock.now)

    def commit(self, unit: InMemoryUnit) -> None:
        """What it says is said."""
        self._story.said(unit.now, unit.service, unit.messages, unit.said)
        self._bus.commit(unit)
        self._witness.said(unit.news())

    async def poll(self, reader: Reader, ready: Sequence[Channel]) -> None:
        """Some of what has come, from some topics and keys; of each in order."""
        deliveries = [
            reader.read(channel.topic, channel.key, raw, channel)
            for channel in self._chance.sample(ready, min(len(ready), self._chance.randint(1, 3)))
            for raw in list(channel.letters)[: self._chance.randint(1, 3)]
        ]
        able = await self._prepared(deliveries)
        if not able or self._trouble.strikes("crash", 0.02):
            return
        await self._handle(reader, able)
        for delivery in able:
            self._in_order(reader.group.name, delivery)
            delivery.receipt.letters.popleft()
            if self._trouble.strikes("crash", 0.02):
                await self._hear_again(reader, delivery)
            if self._trouble.strikes("repetition", 0.1):
                reader.again.append((self._clock.now + self._chance.choice(_REPEATED_AFTER), delivery))

    def _in_order(self, group: str, delivery: Delivery) -> None:
        """I8: ids are counted."""
        assert delivery.envelope is not None
        event_id, place = delivery.envelope.event_id, (group, delivery.topic, delivery.key)
        if self._last.get(place, "") >= event_id:
            raise Violation("I8", delivery.key, f"{group} hears of {delivery.topic} in another order than was said")
        self._last[place] = event_id

    async def _prepared(self, deliveries: Sequence[Delivery]) -> Sequence[Delivery]:
        """Those before the first that has to wait for something."""
        for place, delivery in enumerate(deliveries):
            assert delivery.route is not None
            if delivery.route.prepare is not None:
                try:
                    delivery.result = await delivery.route.prepare(delivery.envelope)
                except Unavailable:
                    delivery.receipt.not_before = self._clock.now + _AGAIN
                    return deliveries[:place]
        return deliveries

    async def _handle(self, reader: Reader, deliveries: Sequence[Delivery], *, again: bool = False) -> InMemoryUnit:
        unit = self.begin(reader.group.name, reader.service)
        with unit.ambient():
            for route, run in runs_of(deliveries):
                await self._hand_over(unit, reader, route, run, again)
        self.commit(unit)
        return unit

    async def _hand_over(
        self, unit: InMemoryUnit, reader: Reader, route: Route, run: Sequence[Delivery], again: bool
    ) -> None:
        for delivery in run:
            envelope = delivery.envelope
            assert envelope is not None
            self._story.heard(unit.now, reader.group.name, envelope.data, envelope.event_id, again=again)
            self._witness.heard(reader.group.name, envelope.data)
            if not route.in_runs:
                unit.begin(cause_of(envelope))
                await route.handle(envelope.data)
                self._witness.said(unit.news())
        if route.in_runs:
            envelopes = [delivery.envelope for delivery in run if delivery.envelope is not None]
            unit.begin(cause_of(envelopes[0]), undoable=False)
            prepared = [Prepared(delivery.envelope, delivery.result) for delivery in run if delivery.envelope]
            await route.handle(envelopes if route.prepare is None else prepared)
            self._witness.said(unit.news())

    async def repeat(self, reader: Reader, repeated: Sequence[tuple[datetime, Delivery]]) -> None:
        """Something is heard again, much later than what came after it."""
        chosen = self._chance.choice(repeated)
        reader.again.remove(chosen)
        delivery = chosen[1]
        if await self._prepared([delivery]):
            await self._hear_again(reader, delivery)

    async def _hear_again(self, reader: Reader, delivery: Delivery) -> None:
        """I11: it changes nothing, and nothing follows from it; workers and RAS may say the same once more."""
        assert delivery.envelope is not None
        message = delivery.envelope.data
        if isinstance(message, _ONLY_THE_INBOX_KNOWS):
            return
        before = self._witness.batches.batches.get(message.key)
        unit = await self._handle(reader, [delivery], again=True)
        changed = self._witness.batches.batches.get(message.key) is not before
        if isinstance(message, BatchPhaseDeadlinePassedV1) or reader.service not in (BOS, ELS):
            return  # one that overtook its command closes, when it is heard again, what the command has opened
        told = [each for each in unit.messages if not each.stays]  # a stream shows twice what is heard twice
        if told or unit.timers or changed:
            raise Violation(
                "I11", message.key, f"{reader.service} acts on {type(message).__name__} for the second time"
            )

    async def fire(self, reader: Reader) -> None:
        """The timer that is due first; it goes with its effect."""
        due = reader.due(self._clock.now)
        assert due is not None
        _, topic, raw = reader.timers[due[0]]
        if self._trouble.strikes("crash", 0.02):
            return
        del reader.timers[due[0]]
        await self._handle(reader, [reader.read(topic, "", raw, None)])

    async def work(self, reader: Reader, items: Sequence[Item]) -> None:
        """An item is performed, and then concluded or abandoned; or its worker dies in between."""
        item = self._chance.choice(items)
        route, delivery = reader.read_item(item)
        assert delivery.envelope is not None
        message = delivery.envelope.data
        try:
            result = await route.perform(message)
        except Unavailable:
            item.not_before = self._clock.now + _AGAIN
            return
        if self._trouble.strikes("crash", 0.05):
            return
        reader.items.remove(item)
        unit = self.begin(reader.group.name, reader.service)
        self._story.heard(unit.now, f"{reader.group.name} at work", message, delivery.envelope.event_id, again=False)
        with unit.ambient():
            unit.begin(cause_of(delivery.envelope), undoable=False)
            await route.conclude(message, result)
        self.commit(unit)
