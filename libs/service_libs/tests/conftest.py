"""Worlds with a bus in them."""

from collections.abc import AsyncIterator

import pytest

from huleedu_service_libs.runtime.kafka import source
from libs.service_libs.tests.bus_world import (
    KafkaWorld,
    PostgresWorld,
    World,
    open_broker_side,
    own_options,
    own_token,
    prepared,
)


@pytest.fixture
async def postgres_world(database_dsn: str) -> AsyncIterator[PostgresWorld]:
    """A bus over the log."""
    database = await prepared(database_dsn)
    yield PostgresWorld(database)
    await database.close()


@pytest.fixture
async def kafka_world(
    database_dsn: str, kafka_bootstrap: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[KafkaWorld]:
    """A bus over Kafka, whose groups notice sooner than usual when replicas come and go."""
    monkeypatch.setattr(source, "SESSION_MS", 2_000)
    database, token = await prepared(database_dsn), own_token()
    async with open_broker_side(kafka_bootstrap) as broker:
        yield KafkaWorld(database, own_options(kafka_bootstrap, token), broker, token)
    await database.close()


@pytest.fixture(params=["postgres", "kafka"])
def world(request: pytest.FixtureRequest) -> World:
    """Either bus: what is promised over one is promised over the other."""
    found: World = request.getfixturevalue(f"{request.param}_world")
    return found
