"""The other services, as far as this one meets them: they say things on the log, and read what is said there."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeAlias

import asyncpg
import msgspec
import zstandard
from quart.typing import TestClientProtocol

from common_core.message import Envelope, Message
from common_core.messages.results import BatchResultsReadyV1
from huleedu_service_libs.runtime import log
from huleedu_service_libs.runtime.postgres_event_bus import PostgresEventBus
from result_aggregator_service.kafka_consumer import GROUP
from result_aggregator_service.tests.messages import START, enveloped

Client: TypeAlias = TestClientProtocol

_READ = "select coalesce((select at >= $2 from runtime.cursor where grp = $1), false)"
_SAID = "select payload from runtime.log where topic = $1 order by first"

_decode = msgspec.json.Decoder(Envelope[BatchResultsReadyV1]).decode


class Clock:
    """Stands still until it is told to go on."""

    def __init__(self) -> None:
        self._now = START

    def __call__(self) -> datetime:
        """The time."""
        return self._now

    def go_on(self, seconds: float) -> None:
        """Let time pass."""
        self._now += timedelta(seconds=seconds)


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Wait for it."""
    async with asyncio.timeout(20):
        while not await condition():
            await asyncio.sleep(0.01)


class Others:
    """They wait until what they have said is read."""

    def __init__(self, con: "asyncpg.Connection[Any]", bus: PostgresEventBus, clock: Clock) -> None:
        self._con, self._bus, self.clock = con, bus, clock

    async def say(self, *messages: Message) -> None:
        """Say these in this order: consecutive ones of a topic as one record batch."""
        for (topic, key), run in itertools.groupby(messages, key=lambda message: (message.topic, message.key)):
            async with self._con.transaction():
                await log.append(self._con, {(topic, key): [msgspec.json.encode(enveloped(each)) for each in run]})
        end = await self._con.fetchval("select next from runtime.head")
        self._bus.said({message.topic for message in messages})

        async def read() -> bool:
            return bool(await self._con.fetchval(_READ, GROUP, end))

        await until(read)

    async def hear(self) -> Sequence[Envelope[BatchResultsReadyV1]]:
        """What this service has announced so far."""
        rows = await self._con.fetch(_SAID, BatchResultsReadyV1.topic)
        return [_decode(raw) for row in rows for raw in zstandard.decompress(row["payload"]).split(b"\n")]

    async def dead_letters(self) -> int:
        """How many messages this service could not handle."""
        return int(await self._con.fetchval("select count(*) from runtime.dead_letter"))
