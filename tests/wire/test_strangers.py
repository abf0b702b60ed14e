"""What older and foreign peers put on the bus: understood if it is theirs to say, else set aside, on either bus."""

import uuid
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any, Protocol

import msgspec
import pytest

from common_core.message import Envelope, Message, envelope_of
from common_core.messages.batch import BatchEssaysRegistered, BatchPipelineCompletedV1
from common_core.messages.pipeline import (
    BatchServiceNLPInitiateCommandDataV1,
    BatchServiceSpellcheckInitiateCommandDataV1,
    ELSBatchPhaseOutcomeV1,
)
from common_core.topics import PRODUCER_ALIASES, spellings
from huleedu_service_libs.runtime import Group, KafkaOptions, log, on_run
from huleedu_service_libs.runtime.kafka.topics import Topics
from libs.service_libs.tests.bus_world import (
    KafkaWorld,
    PostgresWorld,
    World,
    open_broker_side,
    own_token,
    prepared,
    until,
)
from tests.wire.any_message import richer

SAMPLES = Path(__file__).parents[2] / "libs/common_core/tests/samples"
READS: tuple[type[Message], ...] = (
    ELSBatchPhaseOutcomeV1,
    BatchServiceSpellcheckInitiateCommandDataV1,
    BatchServiceNLPInitiateCommandDataV1,
    BatchEssaysRegistered,
    BatchPipelineCompletedV1,
)
"""Those with an older spelling, and two whose producer goes by three names."""


class Outside(Protocol):
    """Where strangers stand: they see topics, keys and bytes."""

    @property
    def world(self) -> World:
        """Where they are outside of."""

    async def put(self, topic: str, key: str, raw: bytes) -> None:
        """Put a record there."""


class OutsideOfPostgres:
    """Strangers write into the log."""

    def __init__(self, world: PostgresWorld) -> None:
        self.world = world

    async def put(self, topic: str, key: str, raw: bytes) -> None:
        """See `Outside`."""
        async with self.world.database.transaction() as con:
            await log.append(con, {(topic, key): [raw]})
        self.world.bus.said([topic])


class OutsideOfKafka:
    """Strangers are producers like others."""

    def __init__(self, world: KafkaWorld) -> None:
        self.world, self._kafka = world, world

    async def put(self, topic: str, key: str, raw: bytes) -> None:
        """See `Outside`."""
        await self._kafka.broker.put(self._kafka.spelt(topic), raw, key.encode())


@pytest.fixture
async def postgres_outside(database_dsn: str) -> AsyncIterator[Outside]:
    """Outside of a log."""
    database = await prepared(database_dsn)
    yield OutsideOfPostgres(PostgresWorld(database))
    await database.close()


@pytest.fixture
async def kafka_outside(database_dsn: str, kafka_bootstrap: str) -> AsyncIterator[Outside]:
    """Outside of Kafka; topics bear names of the test's own, but for their older spellings."""
    database, token = await prepared(database_dsn), own_token()
    own = {kind.topic: f"{kind.topic}.{token}" for kind in READS}
    options = KafkaOptions(bootstrap_servers=kafka_bootstrap, partitions=1, topic_names=own)
    # All at once: Kafka refuses a topic whose name differs from that of another only in "." and "_".
    await Topics(options).ensure([*own.values(), *(topic for kind in READS for topic in spellings(kind))])
    async with open_broker_side(kafka_bootstrap) as broker:
        yield OutsideOfKafka(KafkaWorld(database, options, broker, token))
    await database.close()


@pytest.fixture(params=["postgres", "kafka"])
def outside(request: pytest.FixtureRequest) -> Outside:
    """Outside of either bus."""
    found: Outside = request.getfixturevalue(f"{request.param}_outside")
    return found


def sample(kind: type[Message]) -> Envelope[Any]:
    """What is committed for this message."""
    return msgspec.json.decode((SAMPLES / f"{kind.topic}.json").read_bytes(), type=envelope_of(kind))


def from_(source_service: str, kind: type[Message], event_type: str) -> Envelope[Any]:
    """The sample, said by them under that name."""
    return msgspec.structs.replace(
        sample(kind), event_id=str(uuid.uuid4()), event_type=event_type, source_service=source_service
    )


def names(producer: str) -> list[str]:
    """What this producer calls itself, or has called itself."""
    return [producer, *(alias for alias, name in PRODUCER_ALIASES.items() if name == producer)]


async def test_what_is_theirs_to_say_is_understood_and_the_rest_is_set_aside(outside: Outside) -> None:
    world, heard = outside.world, dict[str, Message]()
    places = [(kind, topic) for kind in READS for topic in spellings(kind)]
    theirs = [
        (topic, from_(name, kind, event_type))
        for kind, topic in places
        for name, event_type in zip(names(kind.producer), ["anything", topic, "batch.phase"], strict=False)
    ]
    others = [(topic, from_(name, kind, topic)) for kind, topic in places for name in ("nlp-service", "somebody")]

    async def hear(envelopes: Sequence[Envelope[Any]]) -> None:
        heard.update({envelope.event_id: envelope.data for envelope in envelopes})

    async with world.reading(Group(name="listener", routes=tuple(on_run(kind, hear) for kind in READS))):
        for topic, envelope in others + theirs:
            await outside.put(topic, envelope.data.key, msgspec.json.encode(richer(envelope)))
        await world.until_sql("select count(*) = $1 from runtime.dead_letter", len(others))
        await until(lambda: all_in(heard, theirs))

    # Others in this session may speak on the older spellings, which have no name of this test's own.
    ours = {envelope.event_id for _, envelope in others + theirs}
    assert {event_id: message for event_id, message in heard.items() if event_id in ours} == {
        envelope.event_id: envelope.data for _, envelope in theirs
    }
    reasons = {(letter.topic, letter.reason) for letter in await world.dead()}
    assert reasons == {
        (topic, f"WrongProducer: {envelope.source_service} may not say {topic}") for topic, envelope in others
    }


async def all_in(heard: dict[str, Message], said: Sequence[tuple[str, Envelope[Any]]]) -> bool:
    """Whether all of these have been heard."""
    return all(envelope.event_id in heard for _, envelope in said)
