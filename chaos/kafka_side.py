"""What is done to Kafka from outside: events sent again, messages nobody can handle, a look at all that it holds."""

import asyncio
import random
import uuid
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

import msgspec
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from chaos.bookkeeper import DLQ, KafkaContents, tally
from chaos.diary import Diary, Planted

POISON = "poison-"
LATE = (0.05, 4.0)  # seconds
BETWEEN_POISONS = (2.0, 6.0)  # seconds
TRY_AGAIN_SECONDS = 0.5
FAREWELL_SECONDS = 5.0
REST_SECONDS = 30.0
LOOK_SECONDS = 5.0  # between two looks whether there are new topics


class Duplicator:
    """Reads what is committed to Kafka and sends some of it again: late, in another order, the very same bytes."""

    def __init__(self, bootstrap: str, chance: random.Random, share: float) -> None:
        """`share` of all events is sent again."""
        self._bootstrap, self._chance, self._share = bootstrap, chance, share
        self._later: set[asyncio.Task[None]] = set()
        self.sent = 0

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                async with _producer(self._bootstrap) as producer, _reader(self._bootstrap) as consumer:
                    await self._follow(consumer, producer)
            except (KafkaError, OSError):
                await asyncio.sleep(TRY_AGAIN_SECONDS)

    async def _follow(self, consumer: Any, producer: Any) -> None:
        look, clock = 0.0, asyncio.get_running_loop().time
        while True:
            if clock() >= look:
                look = clock() + LOOK_SECONDS
                await _assign_all(consumer, self._bootstrap)
            found = await consumer.getmany(timeout_ms=500)
            for record in (record for records in found.values() for record in records):
                if self._chance.random() < self._share and _is_event(record):
                    self._send_later(producer, record)

    def _send_later(self, producer: Any, record: Any) -> None:
        task = asyncio.create_task(self._send_again(producer, record, self._chance.uniform(*LATE)))
        self._later.add(task)
        task.add_done_callback(self._later.discard)

    async def _send_again(self, producer: Any, record: Any, wait: float) -> None:
        await asyncio.sleep(wait)
        try:
            await producer.send_and_wait(
                record.topic, record.value, record.key, partition=record.partition, headers=list(record.headers)
            )
            self.sent += 1
        except (KafkaError, OSError):
            return  # what could not be sent again was sent once all the same

    async def rest(self) -> None:
        """Wait for what is still to be sent again."""
        if later := list(self._later):
            await asyncio.wait(later, timeout=REST_SECONDS)


def _is_event(record: Any) -> bool:
    return not record.topic.endswith(DLQ) and POISON.encode() not in (record.value or b"")


class Poisoner:
    """Hands topics messages that nobody can handle, and writes down which."""

    def __init__(
        self, bootstrap: str, chance: random.Random, readers: Mapping[str, Sequence[str]], diary: Diary
    ) -> None:
        self._bootstrap, self._chance, self._diary = bootstrap, chance, diary
        self._readers = {
            topic: tuple(groups) for topic, groups in sorted(readers.items()) if topic.startswith("huleedu")
        }

    async def run(self, keys: Sequence[str]) -> None:
        """Until cancelled; `keys` are batches among whose messages it is put, if there are any."""
        number = 0
        while True:
            await asyncio.sleep(self._chance.uniform(*BETWEEN_POISONS))
            number += 1
            topic = self._chance.choice(list(self._readers))
            mark = f"{POISON}{number}-{uuid.UUID(int=self._chance.getrandbits(128), version=4).hex}"
            key = self._chance.choice(keys) if keys else str(uuid.uuid4())
            await self._plant(topic, key, mark, self._chance.choice((_garbage, _stranger, _misshapen))(topic, mark))

    async def _plant(self, topic: str, key: str, mark: str, value: bytes) -> None:
        """Once; where nobody knows whether it arrived, as at the end of a run, nobody has to have set it aside."""
        groups: tuple[str, ...] = ()
        try:
            with suppress(KafkaError, OSError):
                async with _producer(self._bootstrap) as producer:
                    await producer.send_and_wait(topic, value, key.encode())
                    groups = self._readers[topic]
        finally:
            self._diary.write(Planted(mark=mark, topic=topic, groups=groups))


def _garbage(topic: str, mark: str) -> bytes:
    return b'{"event_id": \x00\xff' + mark.encode()


def _stranger(topic: str, mark: str) -> bytes:
    """An envelope from somebody who may not say this, or whose data nobody can read: either way it is refused."""
    return _envelope(topic, mark, "nobody", {"batch_id": mark, "entity_id": mark})


def _misshapen(topic: str, mark: str) -> bytes:
    return _envelope(topic, mark, "batch_orchestrator_service", {"batch_id": 7, "attempt": "first"})


def _envelope(topic: str, mark: str, source: str, data: Mapping[str, Any]) -> bytes:
    return msgspec.json.encode(
        {
            "event_id": mark,
            "event_type": topic,
            "event_timestamp": "2026-01-01T00:00:00Z",
            "source_service": source,
            "correlation_id": mark,
            "data": data,
        }
    )


async def contents(bootstrap: str, groups: Sequence[str]) -> KafkaContents:
    """All that stands in Kafka, and how far these groups are behind it."""
    carried, in_dlq = tally(iter([pair async for pair in _everything(bootstrap)]))
    return KafkaContents(carried, in_dlq, await behind(bootstrap, groups))


async def _everything(bootstrap: str) -> AsyncIterator[tuple[str, bytes]]:
    async with _reader(bootstrap, offset="earliest") as consumer:
        await _assign_all(consumer, bootstrap)
        ends = await consumer.end_offsets(list(consumer.assignment()))
        while any([await consumer.position(place) < end for place, end in ends.items()]):
            for place, records in (await consumer.getmany(timeout_ms=500)).items():
                for record in records:
                    yield place.topic, record.value or b""


async def behind(bootstrap: str, groups: Sequence[str]) -> dict[str, int]:
    """Events in Kafka that each group has not committed. Raises KafkaError."""
    async with _admin(bootstrap) as admin, _reader(bootstrap) as consumer:
        found: dict[str, int] = {}
        for group in groups:
            offsets = await admin.list_consumer_group_offsets(group)
            ends = await consumer.end_offsets(list(offsets))
            found[group] = sum(max(0, ends[place] - max(0, at.offset)) for place, at in offsets.items())
        return found


async def _assign_all(consumer: Any, bootstrap: str) -> None:
    """Read every partition there is by now; those that are read already go on where they are."""
    async with _admin(bootstrap) as admin:
        topics = await admin.describe_topics()
    there = {
        TopicPartition(topic["topic"], partition["partition"])
        for topic in topics
        for partition in topic["partitions"]
        if not topic["is_internal"]
    }
    if there - consumer.assignment():
        consumer.assign(list(there))


@asynccontextmanager
async def _admin(bootstrap: str) -> AsyncIterator[Any]:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=5_000)
    try:
        await admin.start()
        yield admin
    finally:
        await _ended(admin.close)


@asynccontextmanager
async def _producer(bootstrap: str) -> AsyncIterator[Any]:
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, enable_idempotence=True, request_timeout_ms=20_000)
    try:
        await producer.start()
        yield producer
    finally:
        await _ended(producer.stop)


@asynccontextmanager
async def _reader(bootstrap: str, offset: str = "latest") -> AsyncIterator[Any]:
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset=offset, enable_auto_commit=False)
    try:
        await consumer.start()
        yield consumer
    finally:
        await _ended(consumer.stop)


async def _ended(end: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """In a task of its own: aiokafka cancels what it is waiting for, and so whoever has asked it to end."""
    await asyncio.wait([asyncio.create_task(end())], timeout=FAREWELL_SECONDS)
