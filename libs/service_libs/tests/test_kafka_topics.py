"""Topics as Kafka lets them be made."""

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import InvalidTopicError

from huleedu_service_libs.runtime.kafka import KafkaOptions
from huleedu_service_libs.runtime.kafka.topics import Topics
from libs.service_libs.tests.bus_world import own_token


async def test_of_two_spellings_that_kafka_takes_for_one_the_first_is_made_and_read(kafka_bootstrap: str) -> None:
    """Phase outcomes are read under two: whoever makes one first must not keep readers of both from starting."""
    token = own_token()
    ours, older = f"{token}.batch_phase", f"{token}.batch.phase"
    topics = Topics(KafkaOptions(bootstrap_servers=kafka_bootstrap, partitions=1))
    await topics.ensure([ours])

    there = await topics.ensure_some([older, ours])

    assert there == [ours]
    with pytest.raises(InvalidTopicError):
        await topics.ensure([older])

    consumer = AIOKafkaConsumer(bootstrap_servers=kafka_bootstrap, group_id=token, auto_offset_reset="earliest")
    consumer.subscribe(there)
    async with AIOKafkaProducer(bootstrap_servers=kafka_bootstrap) as producer, consumer:
        await producer.send_and_wait(ours, b"outcome")
        assert (await consumer.getone()).value == b"outcome"
