"""A group's poll: read what is there, prepare, then one transaction for effect and receipt together."""

import asyncio
import itertools
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import asyncpg
import msgspec

from common_core.message import Envelope
from common_core.topics import may_say, spellings
from huleedu_service_libs.correlation import correlated
from huleedu_service_libs.runtime import dead_letters, log
from huleedu_service_libs.runtime.blame import Fenced, blames_data, pause, reason
from huleedu_service_libs.runtime.connection import Connection
from huleedu_service_libs.runtime.routing import Group, Prepared, Route
from huleedu_service_libs.runtime.telemetry import Telemetry
from huleedu_service_libs.runtime.unit_of_work import UnitOfWork, cause_of

if TYPE_CHECKING:
    from huleedu_service_libs.runtime.database import Database

BRAKE = 25  # so many failures in a row, from two keys or more, are a bug and not bad messages


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


class Source(Protocol):
    """Where a group's deliveries come from, and how they are acknowledged: the log, Kafka, or timers."""

    async def take(self, limit: int) -> list[Delivery]:
        """What is there, at most `limit`; never waits to fill."""

    async def acknowledge(self, con: Connection, deliveries: Sequence[Delivery]) -> log.Move | None:
        """Write the receipt, in the transaction of the effect, or say which move is to be written with what is said.

        Raises Fenced if somebody else has them now.
        """


class WrongProducer(Exception):
    """This message is not its sender's to say."""


class Braked(Exception):
    """Message after message of several batches fails: the group stops rather than bury them all."""


class Decoders:
    """A group's topics, in every spelling, and how their envelopes are read."""

    def __init__(self, routes: Iterable[Route], trusted: str | None = None) -> None:
        """`trusted` may say everything here, as a service may to itself in work items."""
        self._trusted = trusted
        self._by_topic = {
            topic: (route, msgspec.json.Decoder(Envelope[route.message]).decode)  # type: ignore[name-defined]
            for route in routes
            for topic in spellings(route.message)
        }

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_topic)

    def decode(self, delivery: Delivery) -> None:
        """Fill in route and envelope, or the error that keeps them out."""
        try:
            delivery.route, decode = self._by_topic[delivery.topic]
            delivery.envelope = envelope = decode(delivery.raw)
            delivery.key = delivery.key or envelope.data.key  # a timer's row has none
            sender = envelope.source_service
            if sender != self._trusted and not may_say(delivery.route.message, sender):
                delivery.error = WrongProducer(f"{sender} may not say {delivery.topic}")
        except Exception as error:
            delivery.error = error


class Settler:
    """Takes deliveries through one transaction; in halves when the database refuses their data."""

    def __init__(
        self,
        database: "Database",
        group: Group,
        source: Source,
        said: Callable[[set[str]], None],
        telemetry: Telemetry,
        brake: float = BRAKE,
    ) -> None:
        self._database, self._group, self._source = database, group, source
        self._said, self._telemetry, self._most_failures = said, telemetry, brake
        self._failed_keys: list[str] = []

    async def settle(self, deliveries: Sequence[Delivery]) -> None:
        """All in one transaction; if their data is refused, each half by itself, until one message stands alone."""
        broken = [delivery.error for delivery in deliveries]
        try:
            await self._effect(deliveries)
        except Exception as error:
            if not blames_data(error) or isinstance(error, Braked) or (len(deliveries) == 1 and deliveries[0].error):
                raise
            for delivery, before in zip(deliveries, broken, strict=True):
                delivery.error = before  # what a rule said of a state that is rolled back is void
            if len(deliveries) == 1:
                deliveries[0].error = error
                await self._effect(deliveries)
                return
            half = len(deliveries) // 2
            await self.settle(deliveries[:half])
            await self.settle(deliveries[half:])

    async def _effect(self, deliveries: Sequence[Delivery]) -> None:
        started = time.perf_counter()
        with self._telemetry.polling(self._group, deliveries):
            unit = await self._transact(deliveries)
        self._said(unit.wakes())
        self._telemetry.settled(self._group, deliveries, time.perf_counter() - started)

    async def _transact(self, deliveries: Sequence[Delivery]) -> UnitOfWork:
        async with self._database.transaction() as con:
            unit = UnitOfWork(con, self._group.name, self._database.producer, self._database.clock())
            with unit.ambient():
                await self._handle_all(unit, deliveries)
            receipt = await self._source.acknowledge(con, deliveries)
            await dead_letters.bury(con, self._group.name, [d for d in deliveries if d.error])
            failed_keys = self._brake(deliveries)
            await unit.flush(receipt)
        self._failed_keys = failed_keys
        return unit

    async def _handle_all(self, unit: UnitOfWork, deliveries: Sequence[Delivery]) -> None:
        if self._group.states is not None:
            keys = [d.envelope.data.key for d in deliveries if _single(d) and d.envelope]
            await unit.states(self._group.states).prefetch(keys)
        for route, run in itertools.groupby(deliveries, key=lambda d: None if d.error else d.route):
            if route is not None and route.in_runs:
                await self._handle_run(unit, route, list(run))
            elif route is not None:
                for delivery in run:
                    await self._handle_one(unit, route, delivery)

    async def _handle_one(self, unit: UnitOfWork, route: Route, delivery: Delivery) -> None:
        assert delivery.envelope is not None
        unit.begin(cause_of(delivery.envelope))
        try:
            with self._telemetry.handling(self._group, delivery.envelope):
                await route.handle(delivery.envelope.data)
        except Exception as error:
            if isinstance(error, asyncpg.PostgresError) or not blames_data(error):
                raise
            unit.undo()
            delivery.error = error

    async def _handle_run(self, unit: UnitOfWork, route: Route, run: Sequence[Delivery]) -> None:
        first = run[0].envelope
        assert first is not None
        unit.begin(cause_of(first), undoable=False)
        if route.prepare is None:
            await route.handle([d.envelope for d in run])
        else:
            await route.handle([Prepared(d.envelope, d.result) for d in run if d.envelope is not None])

    def _brake(self, deliveries: Sequence[Delivery]) -> list[str]:
        """The keys of the failures in a row up to here. Raises Braked when they are too many to be bad luck."""
        failed = self._failed_keys
        for delivery in deliveries:
            failed = [*failed, delivery.key] if delivery.error else []
            if len(failed) >= self._most_failures and len(set(failed)) > 1:
                raise Braked(f"{len(failed)} messages in a row failed, at last with {reason(delivery.error)}")
        return failed


def _single(delivery: Delivery) -> bool:
    return delivery.error is None and delivery.route is not None and not delivery.route.in_runs


class Preparer:
    """Does what messages need before their transaction, within the group's time budget."""

    def __init__(self, group: Group) -> None:
        self._budget, self._most = group.prepare_seconds, group.max_messages
        self._heavy = any(route.prepare for route in group.routes)
        self.limit = 32 if self._heavy else self._most

    async def prepare(self, deliveries: Sequence[Delivery]) -> None:
        """Prepare all at once; a failure stays with its message."""
        heavy = [d for d in deliveries if d.error is None and d.route and d.route.prepare]
        if not heavy:
            return
        started = time.perf_counter()
        await asyncio.gather(*map(self._prepare_one, heavy))
        self._adapt(len(heavy), time.perf_counter() - started)

    async def _prepare_one(self, delivery: Delivery) -> None:
        assert delivery.route is not None
        assert delivery.route.prepare is not None
        assert delivery.envelope is not None
        try:
            with correlated(delivery.envelope.correlation_id):
                delivery.result = await delivery.route.prepare(delivery.envelope)
        except Exception as error:
            delivery.error = error

    def _adapt(self, count: int, seconds: float) -> None:
        affordable = int(count * self._budget / max(seconds, 1e-6))
        self.limit = max(1, min(self._most, affordable, 2 * self.limit))


class Reader:
    """Keeps a group going: poll, wait for a wake-up, poll again."""

    def __init__(
        self, group: Group, source: Source, settler: Settler, decoders: Decoders, telemetry: Telemetry
    ) -> None:
        self.group, self._source, self._settler, self._decoders = group, source, settler, decoders
        self._telemetry = telemetry
        self._preparer = Preparer(group)
        self._tries = 0
        self.wake = asyncio.Event()
        self.trouble: str | None = None

    async def run(self) -> None:
        """Until cancelled, or until the brake goes on."""
        while True:
            self.wake.clear()
            try:
                found = await self.poll()
            except Fenced:
                continue
            except Braked as error:
                self.trouble = reason(error)
                return
            except Exception as error:
                await self._wait_out(error)
                continue
            self._tries, self.trouble = 0, None
            if not found:
                await self.wake.wait()

    async def _wait_out(self, error: Exception) -> None:
        self._tries += 1
        self.trouble = reason(error)
        self._telemetry.waited(self.group, error, self._tries)
        await asyncio.sleep(pause(self._tries))

    async def poll(self) -> bool:
        """Read, prepare, settle. False if there was nothing to do."""
        deliveries = await self._source.take(self._preparer.limit)
        for delivery in deliveries:
            if delivery.error is None:
                self._decoders.decode(delivery)
        await self._preparer.prepare(deliveries)
        able, waiting = _until_unavailable(deliveries)
        if able:
            await self._settler.settle(able)
        if waiting:
            raise waiting
        return bool(deliveries)


def _until_unavailable(deliveries: list[Delivery]) -> tuple[list[Delivery], Exception | None]:
    """What comes before the first message that has to wait, and what it waits for."""
    for index, delivery in enumerate(deliveries):
        if delivery.error is not None and not blames_data(delivery.error):
            return deliveries[:index], delivery.error
    return deliveries, None
