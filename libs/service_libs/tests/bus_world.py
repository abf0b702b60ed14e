"""A database with a bus over it, for tests of what every bus promises; and, over Kafka, the broker's side of it."""

import asyncio
import uuid
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import asyncpg
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import GroupCoordinatorNotAvailableError
from msgspec import structs

from common_core.message import Envelope, Message
from huleedu_service_libs.runtime import (
    Cause,
    Database,
    Group,
    GroupCommit,
    KafkaEventBus,
    KafkaOptions,
    Later,
    Never,
    PostgresEventBus,
    Work,
    current_unit,
    on,
)
from huleedu_service_libs.runtime.connection import Connection
from huleedu_service_libs.runtime.database_event_bus import DatabaseEventBus
from huleedu_service_libs.runtime.dead_letters import DeadLetter, letters
from huleedu_service_libs.runtime.kafka.topics import Topics
from huleedu_service_libs.runtime.unit_of_work import encode

CAUSE = Cause("00000000-0000-4000-8000-000000000001")
PATIENCE_S = 25
PARTITIONS = 2
_HAS_READ = """select not exists (select from runtime.log where first + n > at and topic = any($2::text[]))
  from runtime.cursor where grp = $1"""


class Said(Message, frozen=True, kw_only=True):
    """Something for one batch, with a number to tell it by."""

    topic: ClassVar[str] = "test.said"
    producer: ClassVar[str] = "*"
    batch_id: str
    number: int


class Echoed(Message, frozen=True, kw_only=True):
    """The answer to what was said."""

    topic: ClassVar[str] = "test.echoed"
    producer: ClassVar[str] = "*"
    batch_id: str
    number: int


class Owned(Message, frozen=True, kw_only=True):
    """Only one service may say this."""

    topic: ClassVar[str] = "test.owned"
    producer: ClassVar[str] = "owner_service"
    batch_id: str


class Essay(Message, frozen=True, kw_only=True):
    """Something long."""

    topic: ClassVar[str] = "test.essay"
    producer: ClassVar[str] = "*"
    batch_id: str
    text: str


class Tally:
    """A Table of one number per batch, in SQL, so that effects are what the database says."""

    async def read(self, con: Connection, keys: Sequence[str]) -> dict[str, list[int]]:
        rows = await con.fetch("select batch_id, numbers from tally where batch_id = any($1) for update", list(keys))
        return {row["batch_id"]: list(row["numbers"]) for row in rows}

    async def write(self, con: Connection, states: Any) -> None:
        for key, numbers in states.items():
            await con.execute(
                "insert into tally values ($1, $2) on conflict (batch_id) do update set numbers = excluded.numbers",
                key,
                numbers,
            )


TALLY = Tally()


async def count(message: Said) -> None:
    """Append the number to its batch's tally; some numbers are refused by a rule, some by the database."""
    unit = current_unit()
    numbers = await unit.states(TALLY).get(message.batch_id) or []
    unit.states(TALLY).put(message.batch_id, [*numbers, message.number])
    unit.say(Echoed(batch_id=message.batch_id, number=message.number))
    if message.number < 0:
        raise ValueError("this number is refused by the rule")


COUNTER = Group(name="counter", routes=(on(Said, count),), states=TALLY)


def said(*numbers: int, batch_id: str = "b") -> list[Said]:
    return [Said(batch_id=batch_id, number=number) for number in numbers]


def written(message: Message, *, event_id: str | None = None, sender: str = "test_service") -> bytes:
    """The message as somebody else writes it down: in an envelope, in JSON."""
    return encode(
        Envelope(
            event_id=event_id or str(uuid.uuid4()),
            event_type=message.topic,
            event_timestamp=datetime.now(UTC),
            source_service=sender,
            correlation_id="",
            data=message,
        )
    )


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Look again until it holds; the test's own time limit ends it otherwise."""
    while not await condition():
        await asyncio.sleep(0.01)


class World(ABC):
    """One database with a bus over it, and what was seen coming out.

    A broker outlives the test: groups bear names with this world's `token` in them, which `named` tells.
    """

    def __init__(self, database: Database, bus: DatabaseEventBus, token: str) -> None:
        self.database, self.bus, self.token = database, bus, token
        self.commit = GroupCommit(database, "teller", bus.said)
        self._reads: dict[str, list[str]] = {}
        self._running: asyncio.Task[None] | None = None

    @abstractmethod
    def beside(self) -> "World":
        """Another process of the same service, on the same database."""

    @abstractmethod
    async def at_rest(self, group: str) -> None:
        """Wait until the group has handled everything that was said."""

    def named(self, group: str) -> str:
        return f"{group}_{self.token}" if self.token else group

    def trouble(self, group: str) -> str | None:
        return self.bus.trouble(self.named(group))

    async def say(self, *effects: Message | Later | Never | Work, cause: Cause = CAUSE) -> None:
        async def action() -> None:
            current_unit().say(*effects)

        await self.commit.run(action, cause)

    async def tally(self, batch_id: str) -> list[int]:
        found = await self.database.pool.fetchval("select numbers from tally where batch_id = $1", batch_id)
        return list(found or [])

    async def dead(self) -> list[DeadLetter]:
        async with self.database.pool.acquire() as con:
            return await letters(con)

    async def until_sql(self, question: str, *arguments: object) -> None:
        """Wait until the database answers yes."""

        async def yes() -> bool:
            return bool(await self.database.pool.fetchval(question, *arguments))

        await until(yes)

    async def until_tally(self, batch_id: str, count: int) -> None:
        """Wait until so many messages of the batch have taken effect."""
        await self.until_sql("select cardinality(numbers) >= $2 from tally where batch_id = $1", batch_id, count)

    async def until_trouble(self, group: str, part: str) -> None:
        """Wait until this is what keeps the group from going on."""

        async def said_so() -> bool:
            return part in str(self.trouble(group))

        await until(said_so)

    async def until_well(self, group: str) -> None:
        """Wait until nothing keeps the group from going on."""

        async def well() -> bool:
            return self.trouble(group) is None

        await until(well)

    @asynccontextmanager
    async def reading(self, *groups: Group, seconds: float = PATIENCE_S) -> AsyncIterator[None]:
        """Within: the bus reads for these groups, for as long as the test is patient."""
        self._reads |= {group.name: [route.message.topic for route in group.routes] for group in groups}
        self.bus.subscribe(self.database, [replace(group, name=self.named(group.name)) for group in groups])
        self._running = asyncio.create_task(self.bus.run())
        try:
            async with asyncio.timeout(seconds):
                yield
        finally:
            await self.cut_off()

    async def cut_off(self) -> None:
        """End the bus, whatever it is doing."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.wait([self._running])


class PostgresWorld(World):
    """Over the log."""

    def __init__(self, database: Database, *, take_over: bool = False, keep: timedelta = timedelta(days=1)) -> None:
        super().__init__(database, PostgresEventBus(database.dsn, take_over=take_over, keep=keep), token="")

    def beside(self, *, take_over: bool = False) -> "PostgresWorld":
        return PostgresWorld(self.database, take_over=take_over)

    async def at_rest(self, group: str) -> None:
        await self.until_sql(_HAS_READ, group, self._reads[group])


class BrokerSide:
    """What any client of the broker sees and may do. `open_broker_side` makes it."""

    def __init__(self, bootstrap: str, admin: Any, consumer: Any, producer: Any) -> None:
        self._bootstrap, self.admin, self._consumer, self._producer = bootstrap, admin, consumer, producer

    async def ends(self, *topics: str) -> dict[TopicPartition, int]:
        """How far each partition that has something goes."""
        described = await self.admin.describe_topics(list(topics))
        places = [
            TopicPartition(topic["topic"], each["partition"])
            for topic in described
            for each in topic["partitions"]
            if not topic["error_code"]
        ]
        ends = await self._consumer.end_offsets(places) if places else {}
        return {place: end for place, end in ends.items() if end}

    async def committed(self, group: str) -> dict[TopicPartition, int]:
        """Where a group would go on, by partition."""
        try:
            found = await self.admin.list_consumer_group_offsets(group)
        except GroupCoordinatorNotAvailableError:  # nobody has committed anything yet
            return {}
        return {place: at.offset for place, at in found.items()}

    async def has_read(self, group: str, topics: Sequence[str]) -> bool:
        """Whether the group has committed all that these topics hold."""
        ends, committed = await self.ends(*topics), await self.committed(group)
        return all(committed.get(place, 0) >= end for place, end in ends.items())

    async def records(self, *topics: str) -> list[Any]:
        """Everything there is, partition by partition."""
        ends = await self.ends(*topics)
        self._consumer.assign(list(ends))
        found: list[Any] = []
        for place, end in sorted(ends.items()):
            self._consumer.seek(place, 0)
            record = await self._consumer.getone(place)
            found.append(record)
            while record.offset < end - 1:
                record = await self._consumer.getone(place)
                found.append(record)
        return found

    async def put(
        self,
        topic: str,
        value: bytes | None,
        key: bytes | None = b"b",
        partition: int | None = None,
        headers: Sequence[tuple[str, bytes]] = (),
    ) -> None:
        """Send something, as a foreign producer does."""
        await self._producer.send_and_wait(topic, value, key, partition, headers=headers)

    async def rewind(self, group: str) -> None:
        """Have a group that nobody is in read everything again."""
        places = dict.fromkeys(await self.committed(group), 0)
        consumer = AIOKafkaConsumer(bootstrap_servers=self._bootstrap, group_id=group, enable_auto_commit=False)
        consumer.assign(list(places))
        await consumer.start()
        try:
            await consumer.commit(places)
        finally:
            await consumer.stop()


@asynccontextmanager
async def open_broker_side(bootstrap: str) -> AsyncIterator[BrokerSide]:
    """Clients of the broker, for a while."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest", fetch_max_wait_ms=20)
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, max_request_size=1 << 24)
    for client in (admin, consumer, producer):
        await client.start()
    try:
        yield BrokerSide(bootstrap, admin, consumer, producer)
    finally:
        await producer.stop()
        await consumer.stop()
        await admin.close()


MakeBus = Callable[[str, KafkaOptions], KafkaEventBus]


class KafkaWorld(World):
    """Over Kafka; topics are spelt in a way of this world's own."""

    def __init__(
        self, database: Database, options: KafkaOptions, broker: BrokerSide, token: str, bus: MakeBus = KafkaEventBus
    ) -> None:
        super().__init__(database, bus(database.dsn, options), token)
        self.options, self.broker = options, broker

    def beside(self, bus: MakeBus = KafkaEventBus, **settings: Any) -> "KafkaWorld":
        options = structs.replace(self.options, **settings)
        return KafkaWorld(self.database, options, self.broker, self.token, bus)

    def spelt(self, topic: str) -> str:
        """How the topic is called on the broker."""
        return self.options.topic_names.get(topic, topic)

    async def made(self, *kinds: type[Message]) -> None:
        """Have the topics of these, for whoever else wants to write there."""
        await Topics(self.options).ensure([self.spelt(kind.topic) for kind in kinds])

    async def at_rest(self, group: str) -> None:
        """Wait until all that was said is sent, and the group has committed all of it."""
        await self.until_sent()
        topics = [self.spelt(topic) for topic in self._reads[group]]
        await until(lambda: self.broker.has_read(self.named(group), topics))

    @asynccontextmanager
    async def relay_held(self) -> AsyncIterator[None]:
        """Within: the relay can send, but not write down that it has."""
        con = await asyncpg.connect(self.database.dsn)
        try:
            async with con.transaction():
                await con.execute("select from runtime.cursor where grp = 'relay' for update")
                yield
        finally:
            await con.close()

    async def until_sent(self) -> None:
        """Wait until the relay has sent all that was said."""
        await self.until_sql("select next = (select at from runtime.cursor where grp = 'relay') from runtime.head")


def own_options(bootstrap: str, token: str) -> KafkaOptions:
    """Few partitions, and spellings of topics that only this test uses."""
    names = {kind.topic: f"{kind.topic}.{token}" for kind in (Said, Echoed, Owned, Essay)}
    return KafkaOptions(bootstrap_servers=bootstrap, partitions=PARTITIONS, topic_names=names)


async def prepared(dsn: str) -> Database:
    """A service's connections, with the table that effects are counted in."""
    database = await Database.connect(dsn, "test_service")
    await database.pool.execute("create schema if not exists test_service")
    await database.pool.execute(
        "create table if not exists tally(batch_id text primary key, numbers int[] check (0 <> all(numbers)))"
    )
    return database


def own_token() -> str:
    return uuid.uuid4().hex[:8]
