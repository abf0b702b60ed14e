"""What Kafka delivers more than once takes effect once: the inbox decides, and Redis only saves it work."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from functools import partial
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from chaos.replacing import replace
from common_core.message import Envelope
from huleedu_service_libs.runtime import Database, Group, KafkaEventBus, KafkaOptions, Prepared, on, on_prepared, on_run
from huleedu_service_libs.runtime.connection import Connection
from huleedu_service_libs.runtime.dead_letters import ask_replay
from huleedu_service_libs.runtime.delivery import Delivery, Source
from huleedu_service_libs.runtime.kafka.inbox import event_key
from huleedu_service_libs.runtime.recall import InMemoryRecall, RedisRecall
from libs.service_libs.tests.bus_world import (
    COUNTER,
    TALLY,
    Essay,
    KafkaWorld,
    MakeBus,
    Owned,
    Said,
    count,
    said,
    until,
    written,
)


@given(st.text())
def test_whatever_an_event_is_called_its_key_is_a_uuid_and_stays_what_it_is(event_id: str) -> None:
    key = event_key(event_id)

    assert str(UUID(key)) == key
    assert event_key(key) == key


@given(st.uuids())
def test_a_uuid_is_the_same_event_however_it_is_spelt(event_id: UUID) -> None:
    spellings = str(event_id), str(event_id).upper(), event_id.hex, f"{{{event_id}}}", event_id.urn

    assert {event_key(spelling) for spelling in spellings} == {str(event_id)}


@given(st.lists(st.text(alphabet="ghxyz _-", min_size=1), unique=True))
def test_different_names_are_different_events(names: list[str]) -> None:
    assert len({event_key(name) for name in names}) == len(names)


async def test_an_event_takes_effect_once_in_one_poll_in_two_and_at_two_replicas(kafka_world: KafkaWorld) -> None:
    twice = [written(message) for message in said(*range(1, 31))]
    topic = kafka_world.spelt(Said.topic)
    await kafka_world.made(Said)
    for raw in [*twice, *twice]:
        await kafka_world.broker.put(topic, raw)
    async with kafka_world.reading(COUNTER):
        await kafka_world.at_rest("counter")
        for raw in twice:
            await kafka_world.broker.put(topic, raw)
        await kafka_world.at_rest("counter")
    second = kafka_world.beside()
    async with second.reading(COUNTER):
        for partition in range(kafka_world.options.partitions):
            for raw in twice:
                await kafka_world.broker.put(topic, raw, partition=partition)
        await second.at_rest("counter")

    assert await kafka_world.tally("b") == list(range(1, 31))
    assert await inbox_size(kafka_world) == 30


async def inbox_size(world: KafkaWorld) -> int:
    return int(await world.database.pool.fetchval("select count(*) from runtime.inbox"))


async def test_an_event_that_is_twice_in_the_same_poll_and_fails_is_set_aside_once(kafka_world: KafkaWorld) -> None:
    raw = written(said(-1)[0])
    await kafka_world.made(Said)
    for _ in range(2):
        await kafka_world.broker.put(kafka_world.spelt(Said.topic), raw)

    async with kafka_world.reading(COUNTER):
        await kafka_world.at_rest("counter")

    assert len(await kafka_world.dead()) == 1


async def test_what_is_rolled_back_leaves_nothing_in_the_inbox_and_is_handled_next_time(
    kafka_world: KafkaWorld,
) -> None:
    failures: list[int] = []

    async def unlucky(message: Said) -> None:
        if len(failures) < 2:
            failures.append(await inbox_size(kafka_world))
            raise ConnectionError("the world around it")
        await count(message)

    await kafka_world.say(*said(1, 2, 3))
    async with kafka_world.reading(Group(name="unlucky", routes=(on(Said, unlucky),), states=TALLY)):
        await kafka_world.at_rest("unlucky")

    assert failures == [0, 0]
    assert await kafka_world.tally("b") == [1, 2, 3]
    assert await inbox_size(kafka_world) == 3


async def test_what_was_committed_here_and_not_yet_on_kafka_is_refused_when_it_comes_again(
    kafka_world: KafkaWorld,
) -> None:
    second = await delivered_again(kafka_world)

    assert await second.tally("b") == list(range(1, 101))


async def test_without_the_inbox_it_would_take_effect_again(kafka_world: KafkaWorld) -> None:
    second = await delivered_again(kafka_world, NoInbox)

    assert len(await second.tally("b")) == 200


async def test_what_is_idempotent_is_handled_each_time_it_comes_and_the_inbox_knows_the_others_alone(
    kafka_world: KafkaWorld,
) -> None:
    heard = Counter[int | str]()

    async def hear(run: Sequence[Envelope[Said]]) -> None:
        heard.update(envelope.data.number for envelope in run)

    async def count_essays(run: Sequence[Envelope[Essay]]) -> None:
        heard["essay"] += len(run)

    group = Group(name="open", routes=(on_run(Said, hear, idempotent=True), on_run(Essay, count_essays)))
    await kafka_world.say(*said(*range(20)), Essay(batch_id="b", text="."))
    async with kafka_world.reading(group):
        await kafka_world.at_rest("open")
    await kafka_world.broker.rewind(kafka_world.named("open"))
    second = kafka_world.beside()
    async with second.reading(group):
        await second.at_rest("open")

    assert heard == dict.fromkeys(range(20), 2) | {"essay": 1}
    assert await inbox_size(kafka_world) == 1


async def delivered_again(world: KafkaWorld, bus: MakeBus = KafkaEventBus) -> KafkaWorld:
    """A hundred messages are handled; then another process is given them all anew."""
    await world.say(*said(*range(1, 101)))
    async with world.reading(COUNTER):
        await world.at_rest("counter")
    await world.broker.rewind(world.named("counter"))
    second = world.beside(bus)
    async with second.reading(COUNTER):
        await second.at_rest("counter")
    return second


class NoInbox(KafkaEventBus):
    """A bus that believes every delivery to be new."""

    def source(self, database: Database, group: Group, topics: Sequence[str]) -> Source:
        source = super().source(database, group, topics)
        replace(source, "admit", admit_all)
        return source


async def admit_all(con: Connection, deliveries: Sequence[Delivery]) -> Sequence[Delivery]:
    return deliveries


async def test_a_replica_that_dies_while_it_handles_a_message_has_not_lost_it(kafka_world: KafkaWorld) -> None:
    second = await died_over(kafka_world, *said(1))

    async with second.reading(COUNTER):
        await second.at_rest("counter")
    assert await second.tally("b") == [1]


async def test_with_offsets_committed_when_messages_are_taken_it_would_have_lost_it(kafka_world: KafkaWorld) -> None:
    second = await died_over(kafka_world.beside(HastyBus), *said(1))

    async with second.reading(COUNTER):
        await second.at_rest("counter")
    assert await second.tally("b") == []


async def died_over(world: KafkaWorld, *messages: Said) -> KafkaWorld:
    """A replica is cut off while it handles these; another one."""
    handling = asyncio.Event()

    async def hang(_: Said) -> None:
        handling.set()
        await asyncio.Event().wait()

    await world.say(*messages)
    async with world.reading(Group(name="counter", routes=(on(Said, hang),), states=TALLY)):
        await handling.wait()
    return world.beside()


class HastyBus(KafkaEventBus):
    """A bus that counts as handled what it has only taken."""

    def source(self, database: Database, group: Group, topics: Sequence[str]) -> Source:
        source = super().source(database, group, topics)
        take = source.take

        async def hasty(limit: int) -> list[Delivery]:
            deliveries = await take(limit)
            if deliveries:
                source.settled(deliveries)
            return deliveries

        replace(source, "take", hasty)
        return source


async def test_a_bad_message_under_the_id_of_a_good_one_does_not_make_that_one_new_again(
    kafka_world: KafkaWorld,
) -> None:
    async def hear(_: Owned) -> None:
        raise AssertionError("must not be handled")

    group = Group(name="counter", routes=(on(Said, count), on(Owned, hear)), states=TALLY)
    event_id = str(uuid4())
    good, forged = written(said(1)[0], event_id=event_id), written(Owned(batch_id="b"), event_id=event_id)
    await kafka_world.made(Said, Owned)
    async with kafka_world.reading(group):
        for kind, raw in ((Said, good), (Owned, forged), (Said, good)):
            await kafka_world.broker.put(kafka_world.spelt(kind.topic), raw)
            await kafka_world.at_rest("counter")

    assert await kafka_world.tally("b") == [1]
    assert [letter.topic for letter in await kafka_world.dead()] == [Owned.topic]


class Mood:
    """Decides whether a handler that counts accepts anything."""

    def __init__(self) -> None:
        self.good = False

    @property
    def group(self) -> Group:
        """Who is in this mood."""
        return Group(name="moody", routes=(on(Said, self.handle),), states=TALLY)

    async def handle(self, message: Said) -> None:
        """Count, or refuse to."""
        if not self.good:
            raise ValueError("not today")
        await count(message)


async def test_a_letter_that_was_replayed_has_no_effect_when_kafka_delivers_it_again(kafka_world: KafkaWorld) -> None:
    mood, second = Mood(), kafka_world.beside()
    await kafka_world.say(*said(1))
    async with kafka_world.reading(mood.group):
        await kafka_world.at_rest("moody")
        mood.good = True
        await replay_all(kafka_world)
    await kafka_world.broker.rewind(kafka_world.named("moody"))
    async with second.reading(mood.group):
        await second.at_rest("moody")

    assert await second.tally("b") == [1]


async def test_a_letter_has_no_effect_once_kafka_has_delivered_it_again(kafka_world: KafkaWorld) -> None:
    mood, second = Mood(), kafka_world.beside()
    await kafka_world.say(*said(1))
    async with kafka_world.reading(mood.group):
        await kafka_world.at_rest("moody")
    await kafka_world.broker.rewind(kafka_world.named("moody"))
    mood.good = True
    async with second.reading(mood.group):
        await second.at_rest("moody")
        await replay_all(second)

    assert await second.tally("b") == [1]


async def replay_all(world: KafkaWorld) -> None:
    """Ask for all dead letters again, and wait until they have gone."""
    async with world.database.pool.acquire() as con:
        assert await ask_replay(con, [], everything=True) == 1
    await world.until_sql("select not exists (select from runtime.dead_letter)")


async def test_what_replicas_remember_together_is_not_even_prepared_again(kafka_world: KafkaWorld) -> None:
    memory, prepared = InMemoryRecall(), Counter[int]()

    async def prepare(envelope: Envelope[Said]) -> None:
        prepared[envelope.data.number] += 1

    async def handle(run: Sequence[Prepared[Said, None]]) -> None:
        pass

    group = Group(name="careful", routes=(on_prepared(Said, prepare, handle),))
    first, second = (kafka_world.beside(partial(KafkaEventBus, recall=memory)) for _ in range(2))
    await first.say(*said(*range(20)))
    async with first.reading(group):
        await first.at_rest("careful")
        await until(partial(remembers, first, memory, 20))
    await first.broker.rewind(first.named("careful"))
    async with second.reading(group):
        await second.at_rest("careful")

    assert prepared == dict.fromkeys(range(20), 1)


async def remembers(world: KafkaWorld, memory: InMemoryRecall, count: int) -> bool:
    """Whether so many of the group's events are remembered."""
    epoch = await world.database.pool.fetchval("select epoch::text from runtime.installation")
    ids = [row["event"] for row in await world.database.pool.fetch("select event::text from runtime.inbox")]
    return len(await memory.known(f"{epoch}:{world.named('careful')}", ids)) == count


async def test_with_redis_away_the_inbox_does_it_alone(kafka_world: KafkaWorld) -> None:
    nobody = RedisRecall("redis://127.0.0.1:9/0")

    def without_redis(dsn: str, options: KafkaOptions) -> KafkaEventBus:
        return KafkaEventBus(dsn, options, recall=nobody)

    second = await delivered_again(kafka_world, without_redis)

    assert await second.tally("b") == list(range(1, 101))
    assert nobody.trouble is not None
