"""Services in one process: their databases, event buses and process pool, and what they are for each other."""

import asyncio
import errno
import gc
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from socket import socket
from typing import Self

import asyncpg

from huleedu import run_file
from huleedu.buses import NoEventBus, bus_over, recall_of, run_all
from huleedu.composition import Composition, Part, agreed
from huleedu.servers import Attempt, away_if_cut_off, database_there, kafka_there, place
from huleedu.waiting import Door, wait_until_there
from huleedu_service_libs import migrations
from huleedu_service_libs.embedded_postgres import EmbeddedPostgres, create_database, with_database
from huleedu_service_libs.logging_utils import set_log_level
from huleedu_service_libs.process_pool import ProcessPool
from huleedu_service_libs.runtime import EventBus
from huleedu_service_libs.runtime.recall import NO_RECALL, Recall
from huleedu_service_libs.server import ServedApp, bind, serve_on
from huleedu_service_libs.service import Platform, ServiceDefinition

DATABASE = "huleedu"


class PortTaken(Exception):
    """Something else listens on a port that others know a service by."""


@dataclass(frozen=True)
class Up:
    """Services that are up here."""

    services: tuple[str, ...]
    databases: dict[str, str]  # by service; those that have none are not in it
    addresses: dict[str, str]  # of these services, and of those that they are beside
    moved: dict[str, int]  # services whose own port was taken, with the port they would have had
    reading: asyncio.Task[None]  # ends only when an event bus has failed


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


@asynccontextmanager
async def databases_of(composition: Composition, data_dir: Path) -> AsyncIterator[dict[str, list[Part]]]:
    """The databases of these services, with the embedded one up if it is among them."""
    if not composition.needs_embedded:
        yield composition.databases(None)
        return
    async with embedded_database(data_dir) as (_, dsn):
        yield composition.databases(dsn)


async def migrate(dsn: str, services: Sequence[ServiceDefinition]) -> None:
    """Bring the runtime's schema and each service's to what the code expects."""
    await migrations.upgrade(dsn, "runtime", migrations.RUNTIME_SCRIPTS)
    for service in services:
        if service.scripts is not None:
            await migrations.upgrade(dsn, service.name, service.scripts)


@asynccontextmanager
async def running(
    composition: Composition, data_dir: Path, embedded: str | None = None, *, take_over: bool = False
) -> AsyncIterator[Up]:
    """These services, up and answering once their servers are; on the way out they drain and hand their groups over.

    Waits for servers as long as START_PATIENCE says. Raises PortTaken, StillAway, UnusableDatabase, WrongSettings.
    """
    stopping = asyncio.Event()
    async with AsyncExitStack() as stack:
        doors = {part.name: _door(stack, part, composition.event_bus) for part in composition.parts}
        databases = composition.databases(embedded)
        await bring_up(composition, databases, _brokers(composition, databases), list(doors.values()))
        addresses = {**_neighbours(data_dir, embedded), **{name: _url(door.listening) for name, door in doors.items()}}
        pool = await stack.enter_async_context(ProcessPool(os.cpu_count() or 1))
        around = _Surroundings.over(databases, pool, data_dir, addresses, take_over=take_over)
        served = [
            await _start(stack, part, around.of(part), doors[part.name].listening, stopping)
            for part in composition.parts
        ]
        spare_the_collector()
        reading = asyncio.create_task(run_all(around.buses.values()), name="event buses")
        try:
            yield Up(tuple(doors), around.homes, addresses, _moved(doors), reading)
        finally:
            stopping.set()
            await asyncio.gather(*(app.stopped() for app in served))
            reading.cancel()
            await asyncio.wait([reading])


@dataclass(frozen=True)
class _Surroundings:
    """What the services of this process share."""

    homes: dict[str, str]  # the database of each service that has one
    buses: Mapping[str, EventBus]  # by database, as recalls are
    recalls: Mapping[str, Recall]
    pool: ProcessPool
    data_dir: Path
    addresses: dict[str, str]

    @classmethod
    def over(
        cls,
        databases: Mapping[str, Sequence[Part]],
        pool: ProcessPool,
        data_dir: Path,
        addresses: dict[str, str],
        *,
        take_over: bool,
    ) -> Self:
        """A bus for each database."""
        recalls = {dsn: recall_of(parts) for dsn, parts in databases.items()}
        buses = {dsn: bus_over(dsn, parts, recalls[dsn], take_over=take_over) for dsn, parts in databases.items()}
        homes = {part.name: dsn for dsn, parts in databases.items() for part in parts}
        return cls(homes, buses, recalls, pool, data_dir, addresses)

    def of(self, part: Part) -> Platform:
        """As this service sees them."""
        dsn = self.homes.get(part.name, "")
        return Platform(
            bus=self.buses.get(dsn) or NoEventBus(),
            recall=self.recalls.get(dsn, NO_RECALL),
            pool=self.pool,
            dsn=dsn,
            data_dir=self.data_dir,
            addresses=self.addresses,
        )


def _door(stack: AsyncExitStack, part: Part, event_bus: str) -> Door:
    """Where others on one machine find each other another port will do; behind a known address it would be lost."""
    own = part.settings
    try:
        listening = bind(own.host, own.port, fall_back=event_bus == "postgres")
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        setting = own.names("port")[0]
        raise PortTaken(f"Port {own.port}, where others look for {part.name}, is taken. See {setting}.") from None
    return Door(own, stack.enter_context(listening))


async def bring_up(
    composition: Composition,
    databases: Mapping[str, Sequence[Part]],
    others: Mapping[str, Attempt] = {},
    doors: Sequence[Door] = (),
) -> None:
    """Wait for the databases, their schemas up, and for `others`; `doors` tell meanwhile what is missing."""
    attempts = {f"database {place(dsn)}": partial(_schemas_there, dsn, parts) for dsn, parts in databases.items()}
    patience = max(part.settings.start_patience for part in composition.parts)
    await wait_until_there({**attempts, **others}, doors, patience)


async def _schemas_there(dsn: str, parts: Sequence[Part]) -> None:
    """Make the database if it is missing, and bring its schemas up. Raises ServerAway, UnusableDatabase."""
    with away_if_cut_off():
        await database_there(dsn)
        await migrate(dsn, [part.definition for part in parts])


def _brokers(composition: Composition, databases: Mapping[str, Sequence[Part]]) -> dict[str, Attempt]:
    if composition.event_bus == "postgres" or not databases:
        return {}
    brokers = agreed(composition.parts, "KAFKA_BOOTSTRAP_SERVERS", lambda own: own.kafka_bootstrap_servers)
    return {f"Kafka at {brokers}": partial(kafka_there, brokers)}


def _neighbours(data_dir: Path, embedded: str | None) -> dict[str, str]:
    """Where the services of the platform that is up on the same database answer."""
    others = run_file.read(data_dir) if embedded else None
    return others.addresses if others else {}


async def _start(
    stack: AsyncExitStack, part: Part, platform: Platform, listening: socket, stopping: asyncio.Event
) -> ServedApp:
    set_log_level(part.name, part.settings.log_level)
    service = await part.definition.start(part.settings, platform)
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


def _moved(doors: Mapping[str, Door]) -> dict[str, int]:
    ports = {name: (door.settings.port, door.listening.getsockname()[1]) for name, door in doors.items()}
    return {name: wanted for name, (wanted, got) in ports.items() if wanted not in (0, got)}
