"""Several replicas of the running service on one database, and clients that ask all of them at once."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from quart.typing import TestClientProtocol as Client

from batch_orchestrator_service.config import BatchOrchestratorSettings
from batch_orchestrator_service.startup_setup import DEFINITION
from batch_orchestrator_service.tests.conductor import Conductor
from batch_orchestrator_service.tests.others import Watch
from huleedu_service_libs.runtime.postgres_event_bus import PostgresEventBus
from huleedu_service_libs.service import Platform
from huleedu_service_libs.testing import NoPool

OPERATOR = {"Authorization": "Bearer sesame"}


@asynccontextmanager
async def replicas(
    count: int, dsn: str, conductor: Conductor, watch: Watch, data_dir: Path
) -> AsyncIterator[Sequence[Client]]:
    """So many, each with a bus of its own; one of them reads, all of them answer."""
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(_replica(dsn, conductor, watch, data_dir)) for _ in range(count)]


@asynccontextmanager
async def _replica(dsn: str, conductor: Conductor, watch: Watch, data_dir: Path) -> AsyncIterator[Client]:
    bus = PostgresEventBus(dsn, clock=watch)
    addresses = {"batch_conductor_service": conductor.url}
    platform = Platform(bus=bus, pool=NoPool(), dsn=dsn, data_dir=data_dir, addresses=addresses, clock=watch)
    settings = BatchOrchestratorSettings.load(environment="testing", http_client_attempts=1, operator_token="sesame")
    service = await DEFINITION.start(settings, platform)
    reading = asyncio.create_task(bus.run())
    try:
        yield service.app.test_client()
    finally:
        reading.cancel()
        await asyncio.wait([reading])
        await service.close()


Answer = tuple[int, dict[str, Any]]


async def ask(client: Client, path: str, headers: dict[str, str] | None = None, **body: Any) -> Answer:
    """POST this; the status and the body of the answer."""
    answer = await client.post(path, json=body, headers=headers)
    return answer.status_code, await answer.get_json()


async def ask_all(clients: Sequence[Client], path: str, *, key: str | None = None, **body: Any) -> list[Answer]:
    """The same of each at once, under one key or none."""
    headers = {"Idempotency-Key": key} if key else None
    return list(await asyncio.gather(*(ask(client, path, headers, **body) for client in clients)))
