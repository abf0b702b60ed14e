"""What cannot be handled is set aside, in the database and on its topic's own topic of dead letters: once."""

import base64
from typing import Any

import msgspec

from huleedu_service_libs.runtime import Group, on
from huleedu_service_libs.runtime.kafka.dead_letter_topic import PublishedLetter
from libs.service_libs.tests.bus_world import COUNTER, TALLY, Echoed, KafkaWorld, Owned, Said, count, said, written

REFUSED_BY_THE_RULE = written(said(-7)[0])
REFUSED_BY_THE_DATABASE = written(said(0)[0])
NO_MESSAGE = b"\xff\x00 no message"
OF_ANOTHER_SHAPE = b'{"event_id": 7}'
WITH_NUL = written(said(1, batch_id="b\0")[0])
FROM_THE_WRONG_PRODUCER = written(Owned(batch_id="b"), sender="somebody_else")


async def ignore(message: Owned) -> None:
    """Must not be called with what these tests send."""
    raise AssertionError(message)


GROUP = Group(name="counter", routes=(on(Said, count), on(Owned, ignore)), states=TALLY)


async def send_bad_messages(world: KafkaWorld) -> None:
    """Two good messages, and between them everything that cannot be handled."""
    await world.made(Said, Owned)
    topic = world.spelt(Said.topic)
    await world.broker.put(topic, written(said(1)[0]))
    for raw in (NO_MESSAGE, OF_ANOTHER_SHAPE, REFUSED_BY_THE_RULE, REFUSED_BY_THE_DATABASE, b"", None):
        await world.broker.put(topic, raw)
    await world.broker.put(topic, NO_MESSAGE, key=b"nul \0 and \xff")
    await world.broker.put(topic, WITH_NUL, key=None, partition=0)
    await world.broker.put(world.spelt(Owned.topic), FROM_THE_WRONG_PRODUCER)
    await world.broker.put(topic, written(said(2)[0]))


async def published(world: KafkaWorld) -> list[tuple[Any, PublishedLetter]]:
    """The records on the topics of dead letters, and what they say."""
    await world.until_sent()
    topics = [f"{world.spelt(kind.topic)}.dlq" for kind in (Said, Owned)]
    records = await world.broker.records(*topics)
    return [(record, msgspec.json.decode(record.value, type=PublishedLetter)) for record in records]


async def test_whatever_cannot_be_handled_is_set_aside_with_its_bytes_and_holds_up_nobody(
    kafka_world: KafkaWorld,
) -> None:
    await send_bad_messages(kafka_world)
    async with kafka_world.reading(GROUP):
        await kafka_world.at_rest("counter")
        letters = [letter for _, letter in await published(kafka_world)]

    bad = [NO_MESSAGE, OF_ANOTHER_SHAPE, REFUSED_BY_THE_RULE, REFUSED_BY_THE_DATABASE, b"", b"", NO_MESSAGE, WITH_NUL]
    assert await kafka_world.tally("b") == [1, 2]
    assert sorted(base64.b64decode(letter.raw) for letter in letters) == sorted([*bad, FROM_THE_WRONG_PRODUCER])
    assert sorted(letter.raw for letter in await kafka_world.dead()) == sorted([*bad, FROM_THE_WRONG_PRODUCER])
    assert {letter.group for letter in letters} == {kafka_world.named("counter")}


async def test_a_published_letter_tells_where_the_message_stood_and_why_it_failed(kafka_world: KafkaWorld) -> None:
    await kafka_world.say(*said(-7))
    async with kafka_world.reading(COUNTER):
        await kafka_world.at_rest("counter")
        [(record, letter)] = await published(kafka_world)
    [origin] = await kafka_world.broker.records(kafka_world.spelt(Said.topic))

    assert record.key == b"b"
    assert letter.topic == Said.topic
    assert letter.origin == f"{origin.topic}/{origin.partition}/{origin.offset}"
    assert letter.reason == "ValueError: this number is refused by the rule"
    assert base64.b64decode(letter.raw) == origin.value


async def test_a_bad_message_is_set_aside_once_however_often_it_is_delivered(kafka_world: KafkaWorld) -> None:
    await send_bad_messages(kafka_world)
    async with kafka_world.reading(GROUP):
        await kafka_world.at_rest("counter")
    await kafka_world.broker.rewind(kafka_world.named("counter"))
    second = kafka_world.beside()
    async with second.reading(GROUP):
        await second.at_rest("counter")
        letters = await published(second)

    assert len(letters) == len(await second.dead()) == 9
    assert await second.tally("b") == [1, 2]


async def test_what_somebody_publishes_again_from_the_letters_is_handled(kafka_world: KafkaWorld) -> None:
    hearing: list[int] = []

    async def hear(message: Echoed) -> None:
        if not hearing:
            hearing.append(0)
            raise ValueError("deaf")
        hearing.append(message.number)

    await kafka_world.say(Echoed(batch_id="b", number=5))
    async with kafka_world.reading(Group(name="hear", routes=(on(Echoed, hear),))):
        await kafka_world.at_rest("hear")
        await kafka_world.until_sent()
        [record] = await kafka_world.broker.records(f"{kafka_world.spelt(Echoed.topic)}.dlq")
        raw = base64.b64decode(msgspec.json.decode(record.value, type=PublishedLetter).raw)
        await kafka_world.broker.put(kafka_world.spelt(Echoed.topic), raw, key=record.key)
        await kafka_world.at_rest("hear")

    assert hearing == [0, 5]
