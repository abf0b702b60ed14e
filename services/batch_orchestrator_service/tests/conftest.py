"""BOS on a real database and bus, with a BCS to ask and the other services to talk to."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from quart.typing import TestClientProtocol as Client

from batch_orchestrator_service.config import SERVICE_NAME, BatchOrchestratorSettings
from batch_orchestrator_service.startup_setup import DEFINITION, SCRIPTS
from batch_orchestrator_service.tests.conductor import Conductor, conducting
from batch_orchestrator_service.tests.others import Others, Watch
from huleedu_service_libs import migrations
from huleedu_service_libs.runtime.postgres_event_bus import PostgresEventBus
from huleedu_service_libs.service import Platform
from huleedu_service_libs.testing import NoPool


@pytest.fixture
async def service_dsn(database_dsn: str) -> str:
    """An empty database with BOS's tables."""
    await migrations.upgrade(database_dsn, SERVICE_NAME, SCRIPTS)
    return database_dsn


@pytest.fixture
async def conductor() -> AsyncIterator[Conductor]:
    """A BCS."""
    async with conducting() as found:
        yield found


@pytest.fixture
def watch() -> Watch:
    """The clock of the running service."""
    return Watch()


@pytest.fixture
async def running(
    service_dsn: str, conductor: Conductor, watch: Watch, tmp_path: Path
) -> AsyncIterator[tuple[Others, Client]]:
    """The service, hearing and answering."""
    bus = PostgresEventBus(service_dsn, clock=watch)
    platform = Platform(
        bus=bus,
        pool=NoPool(),
        dsn=service_dsn,
        data_dir=tmp_path,
        addresses={"batch_conductor_service": conductor.url},
        clock=watch,
    )
    settings = BatchOrchestratorSettings.load(environment="testing", http_client_attempts=1, operator_token="sesame")
    service = await DEFINITION.start(settings, platform)
    others = Others(service_dsn, bus)
    await others.listen()
    reading = asyncio.create_task(bus.run())
    try:
        yield others, service.app.test_client()
    finally:
        reading.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await reading
        await others.close()
        await service.close()


@pytest.fixture
def others(running: tuple[Others, Client]) -> Others:
    """The other services."""
    return running[0]


@pytest.fixture
def client(running: tuple[Others, Client]) -> Client:
    """Asks the running service over HTTP."""
    return running[1]
