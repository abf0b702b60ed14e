"""A running service on a real database, with the other services around it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from huleedu_service_libs import migrations
from huleedu_service_libs.runtime.postgres_event_bus import PostgresEventBus
from huleedu_service_libs.service import Platform
from huleedu_service_libs.testing import NoPool
from result_aggregator_service.config import SERVICE_NAME, ResultAggregatorSettings
from result_aggregator_service.startup_setup import DEFINITION
from result_aggregator_service.tests.others import Client, Clock, Others


@pytest.fixture
async def result_dsn(database_dsn: str) -> str:
    """A database with this service's schema."""
    assert DEFINITION.scripts is not None
    await migrations.upgrade(database_dsn, SERVICE_NAME, DEFINITION.scripts)
    return database_dsn


@pytest.fixture
async def running(result_dsn: str, tmp_path: Path) -> AsyncIterator[tuple[Others, Client]]:
    """The service, hearing and answering."""
    clock = Clock()
    bus = PostgresEventBus(result_dsn, clock=clock)
    platform = Platform(bus=bus, pool=NoPool(), dsn=result_dsn, data_dir=tmp_path, clock=clock)
    service = await DEFINITION.start(ResultAggregatorSettings.load(environment="testing"), platform)
    reading, con = asyncio.create_task(bus.run()), await asyncpg.connect(result_dsn)
    try:
        yield Others(con, bus, clock), service.app.test_client()
    finally:
        reading.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await reading
        await con.close()
        await service.close()


@pytest.fixture
def others(running: tuple[Others, Client]) -> Others:
    """The other services."""
    return running[0]


@pytest.fixture
def client(running: tuple[Others, Client]) -> Client:
    """Asks the running service over HTTP."""
    return running[1]
