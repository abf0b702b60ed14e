"""The platform in one process: a database, an event bus, a process pool and the services on them."""

import asyncio
import gc
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from socket import socket

import asyncpg

from huleedu import run_file
from huleedu_service_libs import migrations
from huleedu_service_libs.embedded_postgres import EmbeddedPostgres, create_database, with_database
from huleedu_service_libs.process_pool import ProcessPool
from huleedu_service_libs.runtime import PostgresEventBus
from huleedu_service_libs.server import ServedApp, bind, serve_on
from huleedu_service_libs.service import Platform, ServiceDefinition
from huleedu_service_libs.settings import ServiceSettings

DATABASE = "huleedu"


@dataclass(frozen=True)
class Up:
    """A platform that is up here."""

    dsn: str
    addresses: dict[str, str]
    moved: dict[str, int]  # services whose own port was taken, with the port they would have had
    reading: asyncio.Task[None]  # ends only when the event bus has failed


@asynccontextmanager
async def embedded_database(data_dir: Path) -> AsyncIterator[tuple[EmbeddedPostgres, str]]:
    """PostgreSQL in the data folder, ours or another process's, and the address of the platform's database in it."""
    postgres = EmbeddedPostgres(data_dir / "postgres")
    server = await asyncio.to_thread(postgres.start)
    try:
        yield postgres, await _database(server.dsn)
    finally:
        await asyncio.to_thread(postgres.stop)


async def _database(server_dsn: str) -> str:
    try:
        return await create_database(server_dsn, DATABASE)
    except (asyncpg.DuplicateDatabaseError, asyncpg.UniqueViolationError):
        return with_database(server_dsn, DATABASE)


async def migrate(dsn: str, services: Sequence[ServiceDefinition]) -> None:
    """Bring the runtime's schema and each service's to what the code expects."""
    await migrations.upgrade(dsn, "runtime", migrations.RUNTIME_SCRIPTS)
    for service in services:
        if service.scripts is not None:
            await migrations.upgrade(dsn, service.name, service.scripts)


@asynccontextmanager
async def running(
    services: Sequence[ServiceDefinition], data_dir: Path, dsn: str, *, take_over: bool = False
) -> AsyncIterator[Up]:
    """These services, up and answering; on the way out they drain and hand their groups over."""
    others = run_file.read(data_dir)
    stopping = asyncio.Event()
    async with AsyncExitStack() as stack:
        settings = {service.name: service.settings.load() for service in services}
        sockets = {name: bind(own.host, own.port) for name, own in settings.items()}
        addresses = {**(others.addresses if others else {}), **{name: _url(s) for name, s in sockets.items()}}
        pool = await stack.enter_async_context(ProcessPool(os.cpu_count() or 1))
        bus = PostgresEventBus(dsn, take_over=take_over)
        platform = Platform(bus=bus, pool=pool, dsn=dsn, data_dir=data_dir, addresses=addresses)
        served = [
            await _start(stack, service, settings[service.name], platform, sockets[service.name], stopping)
            for service in services
        ]
        spare_the_collector()
        reading = asyncio.create_task(bus.run(), name="event bus")
        try:
            yield Up(dsn, addresses, _moved(settings, sockets), reading)
        finally:
            stopping.set()
            await asyncio.gather(*(app.stopped() for app in served))
            reading.cancel()
            await asyncio.wait([reading])


async def _start(
    stack: AsyncExitStack,
    definition: ServiceDefinition,
    settings: ServiceSettings,
    platform: Platform,
    listening: socket,
    stopping: asyncio.Event,
) -> ServedApp:
    service = await definition.start(settings, platform)
    stack.push_async_callback(service.close)
    return await serve_on(service.app, listening, stopping)


def spare_the_collector() -> None:
    """What is loaded by now stays; messages die young and have no cycles. A third of the CPU went to looking anyway."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)


def _url(listening: socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://{host}:{port}"


def _moved(settings: dict[str, ServiceSettings], sockets: dict[str, socket]) -> dict[str, int]:
    return {name: own.port for name, own in settings.items() if own.port and sockets[name].getsockname()[1] != own.port}
