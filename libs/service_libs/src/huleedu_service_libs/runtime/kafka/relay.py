"""From the log to Kafka: record batches become Kafka's batches, in order for each key, the stored bytes as they are."""

import asyncio
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import msgspec
import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.partitioner import murmur2

from huleedu_service_libs.runtime import log
from huleedu_service_libs.runtime.blame import Fenced, pause, reason
from huleedu_service_libs.runtime.database import Database
from huleedu_service_libs.runtime.kafka.farewells import Farewells
from huleedu_service_libs.runtime.kafka.options import KafkaOptions
from huleedu_service_libs.runtime.kafka.topics import MAX_MESSAGE_BYTES, Topics, has_room_for

RELAY = "relay"  # its name among the groups
LIMIT = 4000  # messages in one round
BATCH_BYTES = 1 << 20
LEAVE_SECONDS = 2.0  # for which a process that ends waits until its producer has ended

_BURY = """insert into runtime.dead_letter(grp, topic, key, reason, raw, origin)
  values ('relay', $1, $2, $3, $4, $5) on conflict (grp, origin) do nothing"""
_JSON = ("content_type", b"application/json")
_logger = structlog.get_logger("huleedu_service_libs.runtime")


class Trace(msgspec.Struct, gc=False):
    """Of an envelope's metadata, the trace that it belongs to."""

    traceparent: str = ""


class Outline(msgspec.Struct, gc=False):
    """What an envelope says about its message: it becomes headers, which readers may do without."""

    event_id: str = ""
    event_type: str = ""
    correlation_id: str = ""
    source_service: str = ""
    metadata: Trace | None = None

    def headers(self) -> list[tuple[str, bytes]]:
        """In Kafka's form."""
        trace = self.metadata.traceparent if self.metadata else ""
        shared = _shared_headers(self.event_type, self.correlation_id, self.source_service, trace)
        return [("event_id", self.event_id.encode()), *shared] if self.event_id else shared


@lru_cache(maxsize=10_000)
def _shared_headers(event_type: str, correlation_id: str, source_service: str, trace: str) -> list[tuple[str, bytes]]:
    """What a batch's messages of one kind have in common."""
    said = {
        "event_type": event_type,
        "correlation_id": correlation_id,
        "source_service": source_service,
        "traceparent": trace,
    }
    return [_JSON, *((name, value.encode()) for name, value in said.items() if value)]


_outline = msgspec.json.Decoder(Outline).decode


@lru_cache(maxsize=10_000)
def partition_of(key: bytes, partitions: int) -> int:
    """Where everybody puts this key."""
    return int(murmur2(key) & 0x7FFFFFFF) % partitions


class Relay:
    """Sends what a database's log says; one process at a time, the owner of the cursor named `relay`.

    What a service says to itself stays in the log: the cursor only passes it.
    """

    def __init__(self, dsn: str, owner: str, options: KafkaOptions, made: Topics) -> None:
        self._dsn, self._owner, self._options, self._made = dsn, owner, options, made
        self._database: Database | None = None
        self._producer: Any = None
        self._farewells = Farewells()
        self.wake = asyncio.Event()
        self.trouble: str | None = None

    async def run(self) -> None:
        """Until cancelled."""
        tries = 0
        while True:
            self.wake.clear()
            try:
                sent = await self._send_some()
            except Fenced:
                continue
            except Exception as error:
                tries, self.trouble = tries + 1, reason(error)
                _logger.warning("the relay waits", reason=self.trouble, tries=tries)
                self._drop_producer()
                await asyncio.sleep(pause(tries))
                continue
            tries, self.trouble = 0, None
            if not sent:
                await self.wake.wait()

    async def _send_some(self) -> bool:
        """One round: read, send, and move the cursor once the brokers have it all. False if there was nothing."""
        if self._database is None:
            # A move that a crash undoes is made again, and what was sent is sent again: readers know it.
            self._database = await Database.connect(self._dsn, "runtime", size=2, synchronous_commit="off")
        pool = self._database.pool
        position, records = await log.read(pool, RELAY, self._owner, None, LIMIT)
        if position is None or not records:
            return False
        leaving = [record for record in records if not record.topic.startswith(log.STAYS)]
        refused = {record.next: why for record in leaving if (why := _why_not(record))}
        for record in leaving:
            if record.next in refused:
                origin = f"log/{record.next}"
                await pool.execute(_BURY, record.topic, record.key, refused[record.next], record.raw, origin)
        if sendable := [record for record in leaving if record.next not in refused]:
            await self._send(sendable)
        await log.move(pool, log.Move(RELAY, position.at, records[-1].next, position.epoch))
        return True

    async def _send(self, records: Sequence[log.Record]) -> None:
        producer = self._producer or await self._start_producer()
        names = self._options.topic_names
        topics = {record.topic: names.get(record.topic, record.topic) for record in records}
        await self._made.ensure(topics.values())
        partitions = {topic: len(await producer.partitions_for(spelling)) for topic, spelling in topics.items()}
        letterbox = Letterbox(producer)
        for record in records:
            key = record.key.encode()
            place = topics[record.topic], partition_of(key, partitions[record.topic])
            await letterbox.put(place, key, record.raw)
        await letterbox.delivered()

    async def _start_producer(self) -> Any:
        producer = AIOKafkaProducer(
            bootstrap_servers=self._options.bootstrap_servers,
            enable_idempotence=True,
            acks="all",
            compression_type="zstd",
            linger_ms=0,
            max_batch_size=BATCH_BYTES,
            max_request_size=2 * MAX_MESSAGE_BYTES,
            request_timeout_ms=15_000,
        )
        try:
            await producer.start()
        except BaseException:
            self._farewells.begin(producer.stop)
            raise
        self._producer = producer
        return producer

    def _drop_producer(self) -> None:
        """After an error nobody knows which of its sequence numbers have arrived: a new one begins anew."""
        producer, self._producer = self._producer, None
        self._made.forget()
        if producer is not None:
            self._farewells.begin(producer.stop)

    async def close(self) -> None:
        """Let go of everything."""
        self._drop_producer()
        await self._farewells.finish(LEAVE_SECONDS)
        if self._database is not None:
            await self._database.close()
            self._database = None


class Letterbox:
    """Kafka's batches in the making: for each partition one open, and one at most on its way.

    With two on their way the first could be refused and the second arrive, ahead of what is said before it.
    """

    def __init__(self, producer: Any) -> None:
        self._producer = producer
        self._open: dict[tuple[str, int], Any] = {}
        self._under_way: dict[tuple[str, int], Any] = {}

    async def put(self, place: tuple[str, int], key: bytes, raw: bytes) -> None:
        """Add a message to its partition's batch; send the batch when it is full."""
        headers = _headers(raw)
        batch = self._open.get(place)
        if batch is None or batch.append(timestamp=None, key=key, value=raw, headers=headers) is None:
            if batch is not None:
                await self._post(place, batch)
            batch = self._open[place] = self._producer.create_batch()
            batch.append(timestamp=None, key=key, value=raw, headers=headers)

    async def delivered(self) -> None:
        """Send what is left, and wait until the brokers have everything. Raises KafkaError."""
        for place, batch in self._open.items():
            await self._post(place, batch)
        await asyncio.gather(*self._under_way.values())

    async def _post(self, place: tuple[str, int], batch: Any) -> None:
        topic, partition = place
        batch.close()
        if place in self._under_way:
            await self._under_way[place]
        self._under_way[place] = await self._producer.send_batch(batch, topic, partition=partition)


def _why_not(record: log.Record) -> str | None:
    """Why this cannot be sent, ever."""
    if record.broken:
        return "broken record batch"
    if not has_room_for(record.topic, record.raw):
        return f"{len(record.raw)} bytes are too many for Kafka"
    return None


def _headers(raw: bytes) -> list[tuple[str, bytes]]:
    try:
        return _outline(raw).headers()
    except msgspec.MsgspecError:
        return [_JSON]
