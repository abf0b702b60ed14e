"""Consumer groups sent back to where Kafka's memory begins: after a restore, inboxes know what has been handled."""

from collections.abc import Sequence

from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import CommitFailedError, IllegalGenerationError, RebalanceInProgressError, UnknownMemberIdError

_IN_USE = (CommitFailedError, IllegalGenerationError, RebalanceInProgressError, UnknownMemberIdError)


class StillRunning(Exception):
    """Services read from Kafka meanwhile: stop them all, and restore again into empty databases."""


async def read_again(bootstrap_servers: str, groups: Sequence[str]) -> None:
    """Have each group begin again with the oldest messages. Where it never was it begins with them anyway.

    That is safe from repeats because inboxes remember for longer than Kafka does, and from loss because nothing that a
    dump does not know is passed over. Raises StillRunning.
    """
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    await admin.start()
    try:
        for group in groups:
            places = list(await admin.list_consumer_group_offsets(group))
            if places:
                await _move_to_beginning(bootstrap_servers, group, places)
    finally:
        await admin.close()


async def _move_to_beginning(bootstrap_servers: str, group: str, places: Sequence[object]) -> None:
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap_servers, group_id=group, enable_auto_commit=False)
    await consumer.start()
    try:
        consumer.assign(places)
        await consumer.commit(await consumer.beginning_offsets(places))
    except _IN_USE:
        raise StillRunning from None
    finally:
        await consumer.stop()
