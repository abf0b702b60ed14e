"""How what a database's log says comes to stand on Kafka: where, in which order, and in which bytes."""

import asyncio
import json
from collections import defaultdict
from collections.abc import Sequence
from random import Random
from typing import Any, ClassVar

import pytest
import zstandard
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError
from aiokafka.partitioner import DefaultPartitioner
from hypothesis import given
from hypothesis import strategies as st

from common_core.message import Message
from common_core.topics import OLDER_SPELLINGS
from huleedu_service_libs.runtime import Cause, Group, log, on
from huleedu_service_libs.runtime.kafka import relay
from huleedu_service_libs.runtime.kafka.relay import Letterbox, partition_of
from huleedu_service_libs.runtime.kafka.topics import MAX_MESSAGE_BYTES
from libs.service_libs.tests.bus_world import COUNTER, PARTITIONS, Essay, KafkaWorld, Said, said, until, written
from libs.service_libs.tests.watching import Whispered, whispered

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@given(st.binary(max_size=100), st.integers(1, 200))
def test_a_key_belongs_where_every_other_client_puts_it(key: bytes, partitions: int) -> None:
    everywhere = list(range(partitions))

    assert partition_of(key, partitions) == DefaultPartitioner()(key, everywhere, everywhere)


async def test_the_batch_decides_the_partition_and_headers_tell_what_the_envelope_says(kafka_world: KafkaWorld) -> None:
    cause = Cause("00000000-0000-4000-8000-000000000002", {"traceparent": TRACE})
    await kafka_world.say(*(said(n, batch_id=f"b{n % 7}")[0] for n in range(1, 40)), cause=cause)

    records = await sent(kafka_world, Said.topic)

    assert len(records) == 39
    for record in records:
        envelope = json.loads(record.value)
        assert record.key.decode() == envelope["data"]["batch_id"]
        assert record.partition == partition_of(record.key, PARTITIONS)
        assert dict(record.headers) == {
            "content_type": b"application/json",
            "event_id": envelope["event_id"].encode(),
            "event_type": Said.topic.encode(),
            "correlation_id": cause.correlation_id.encode(),
            "source_service": b"test_service",
            "traceparent": TRACE.encode(),
        }


async def sent(world: KafkaWorld, topic: str) -> list[Any]:
    """What stands on a topic, once all that was said has been sent."""
    async with world.reading():
        await world.until_sent()
    return await world.broker.records(world.spelt(topic))


async def test_the_stored_bytes_are_sent_as_they_are(kafka_world: KafkaWorld) -> None:
    await kafka_world.say(*said(1, 2, 3))
    payload = await kafka_world.database.pool.fetchval("select payload from runtime.log")

    records = await sent(kafka_world, Said.topic)

    assert [record.value for record in records] == zstandard.ZstdDecompressor().decompress(payload).split(b"\n")


async def test_what_a_service_says_to_itself_stays(kafka_world: KafkaWorld) -> None:
    await kafka_world.say(*whispered(1), *said(1))
    await kafka_world.say(*whispered(2))

    records = await sent(kafka_world, Said.topic)

    assert len(records) == 1
    assert log.topic_of(Whispered) not in await kafka_world.broker.admin.list_topics()
    assert await kafka_world.dead() == []


async def test_topics_are_made_as_the_settings_say(kafka_world: KafkaWorld) -> None:
    await kafka_world.say(*said(1))
    await sent(kafka_world, Said.topic)
    name = kafka_world.spelt(Said.topic)

    [topic] = await kafka_world.broker.admin.describe_topics([name])
    [answer] = await kafka_world.broker.admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name)])

    settings = {entry[0]: entry[1] for entry in answer.resources[0][4]}
    assert len(topic["partitions"]) == kafka_world.options.partitions
    assert settings["max.message.bytes"] == str(MAX_MESSAGE_BYTES)
    assert settings["retention.ms"] == str(kafka_world.options.retention_hours * 3_600_000)


async def test_a_message_of_four_mebibytes_passes(kafka_world: KafkaWorld) -> None:
    heard: list[str] = []

    async def hear(message: Essay) -> None:
        heard.append(message.text)

    text = Random(1).randbytes(2 * 1024 * 1024).hex()
    await kafka_world.say(Essay(batch_id="b", text=text))
    async with kafka_world.reading(Group(name="hear", routes=(on(Essay, hear),))):
        await kafka_world.at_rest("hear")

    assert heard == [text]


async def test_what_kafka_could_never_take_is_set_aside_and_holds_up_nothing(kafka_world: KafkaWorld) -> None:
    await kafka_world.say(Essay(batch_id="b", text="x" * MAX_MESSAGE_BYTES))
    await kafka_world.say(*said(1))
    await kafka_world.database.pool.execute(
        """insert into runtime.log select next, 1, 'test.said', 'b', 'not zstd' from runtime.head;
        update runtime.head set next = next + 1"""
    )
    await kafka_world.say(*said(2))

    records = await sent(kafka_world, Said.topic)

    assert [json.loads(record.value)["data"]["number"] for record in records] == [1, 2]
    unsent = await kafka_world.dead()
    assert [letter.group for letter in unsent] == ["relay", "relay"]
    assert unsent[0].reason == "broken record batch"
    assert unsent[1].reason.endswith("bytes are too many for Kafka")


async def test_each_batchs_messages_stand_in_the_order_in_which_they_were_said(
    kafka_world: KafkaWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "LIMIT", 70)
    monkeypatch.setattr(relay, "BATCH_BYTES", 2_000)
    chance = Random(4)
    last: dict[str, int] = defaultdict(int)
    async with kafka_world.reading():
        for _ in range(40):
            batches = chance.choices("abcde", k=chance.randrange(1, 40))
            await kafka_world.say(*(said(count_up(last, batch), batch_id=batch)[0] for batch in batches))
        await kafka_world.until_sent()

    found: dict[str, list[int]] = defaultdict(list)
    for record in await kafka_world.broker.records(kafka_world.spelt(Said.topic)):
        found[record.key.decode()].append(json.loads(record.value)["data"]["number"])
    assert found == {batch: list(range(1, most + 1)) for batch, most in last.items()}


def count_up(last: dict[str, int], batch: str) -> int:
    last[batch] += 1
    return last[batch]


class RefusingProducer:
    """A producer whose brokers refuse the first batch of one partition."""

    def __init__(self) -> None:
        self.arrived: list[list[bytes]] = []

    def create_batch(self) -> "SmallBatch":
        return SmallBatch()

    async def send_batch(self, batch: "SmallBatch", topic: str, *, partition: int) -> "asyncio.Future[None]":
        answer = asyncio.get_running_loop().create_future()
        if b"refused" in batch.values:
            answer.set_exception(KafkaError("refused"))
        else:
            self.arrived.append(batch.values)
            answer.set_result(None)
        return answer


class SmallBatch:
    """A batch with room for two."""

    def __init__(self) -> None:
        self.values: list[bytes] = []

    def append(self, *, timestamp: None, key: bytes, value: bytes, headers: Sequence[Any]) -> bool | None:
        if len(self.values) == 2:
            return None
        self.values.append(value)
        return True

    def close(self) -> None:
        pass


async def test_what_follows_a_refused_batch_does_not_arrive_before_it() -> None:
    producer = RefusingProducer()
    letterbox = Letterbox(producer)

    with pytest.raises(KafkaError):
        await post(letterbox, [b"first", b"refused", b"third", b"fourth", b"fifth"])

    assert producer.arrived == []


async def post(letterbox: Letterbox, values: Sequence[bytes]) -> None:
    for value in values:
        await letterbox.put(("topic", 0), b"b", value)
    await letterbox.delivered()


async def test_a_relay_that_dies_between_sending_and_remembering_it_leaves_duplicates_that_have_no_effect(
    kafka_world: KafkaWorld,
) -> None:
    second = kafka_world.beside()
    await kafka_world.say(*said(*range(1, 4)))
    async with kafka_world.reading():
        await kafka_world.until_sent()
        async with kafka_world.relay_held():
            await kafka_world.say(*said(*range(4, 101)))
            await until(lambda: stand(kafka_world, 100))
            await kafka_world.cut_off()
    await kafka_world.database.pool.execute("delete from runtime.member")

    async with second.reading(COUNTER):
        await second.at_rest("counter")

    assert len(await second.broker.records(second.spelt(Said.topic))) == 3 + 2 * 97
    assert await second.tally("b") == list(range(1, 101))


async def stand(world: KafkaWorld, count: int) -> bool:
    return sum((await world.broker.ends(world.spelt(Said.topic))).values()) >= count


async def test_a_peer_is_understood_under_every_spelling_and_name_with_no_headers_at_all(
    kafka_world: KafkaWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Named(Message, frozen=True, kw_only=True):
        topic: ClassVar[str] = f"test.named.{kafka_world.token}"
        producer: ClassVar[str] = "batch_orchestrator_service"
        batch_id: str

    heard: list[str] = []

    async def hear(message: Named) -> None:
        heard.append(message.batch_id)

    older, published = f"{Named.topic}.older", f"{Named.topic}.published"
    kind: type[Message] = Named
    monkeypatch.setitem(OLDER_SPELLINGS, kind, (older,))
    world = kafka_world.beside(topic_names={Named.topic: published})
    async with world.reading(Group(name="hear", routes=(on(Named, hear),))):
        await until(lambda: there(world, older))
        for batch_id, topic in (("own", Named.topic), ("older", older), ("published", published)):
            await world.broker.put(topic, written(Named(batch_id=batch_id), sender="batch-service"))
        await until(lambda: all_of(heard, 3))

    assert sorted(heard) == ["older", "own", "published"]
    assert await world.dead() == []


async def there(world: KafkaWorld, topic: str) -> bool:
    return topic in await world.broker.admin.list_topics()


async def all_of(heard: Sequence[str], count: int) -> bool:
    return len(heard) >= count
