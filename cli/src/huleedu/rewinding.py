"""Consumer groups sent back to where Kafka's memory begins: after a restore, inboxes know what has been handled."""

import asyncio
from collections.abc import Sequence

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import CommitFailedError, IllegalGenerationError, KafkaError, UnknownMemberIdError

PATIENCE_S = 60  # in which a broker that has just started, or has never had a group, is ready for one
PAUSE_S = 0.5
_IN_USE = (CommitFailedError, IllegalGenerationError, UnknownMemberIdError)


class StillRunning(Exception):
    """Services read from Kafka meanwhile: stop them all, and restore again into empty databases."""


async def read_again(bootstrap_servers: str, groups: Sequence[str]) -> None:
    """Have each group begin again with the oldest messages. Where it never was it begins with them anyway.

    That is safe from repeats because inboxes, and the keys of results, remember for longer than Kafka does, and from
    loss because nothing that a dump does not know is passed over. Raises StillRunning, KafkaError.
    """
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    await admin.start()
    try:
        for group in groups:
            places = await _places(admin, group)
            if places:
                await _move_to_beginning(bootstrap_servers, group, places)
    finally:
        await admin.close()


async def _places(admin: AIOKafkaAdminClient, group: str) -> list[TopicPartition]:
    """Where the group has ever been."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                return list(await admin.list_consumer_group_offsets(group))
            except KafkaError as error:
                if not error.retriable:
                    raise
                await asyncio.sleep(PAUSE_S)


async def _move_to_beginning(bootstrap_servers: str, group: str, places: Sequence[TopicPartition]) -> None:
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap_servers, group_id=group, enable_auto_commit=False)
    await consumer.start()
    try:
        consumer.assign(places)
        await consumer.commit(await consumer.beginning_offsets(places))
    except _IN_USE:
        raise StillRunning from None
    finally:
        await consumer.stop()
