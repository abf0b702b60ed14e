"""A server and services of their own for one benchmark, in this process, with the event bus under our hand."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg

from benchmarks.carriers import Carrier, OverPostgres
from huleedu.platform import migrate, spare_the_collector
from huleedu.services import definition
from huleedu_service_libs.app_factory import ServiceApp
from huleedu_service_libs.embedded_postgres import EmbeddedPostgres, create_database
from huleedu_service_libs.process_pool import ProcessPool
from huleedu_service_libs.runtime import EventBus
from huleedu_service_libs.server import bind, serve_on
from huleedu_service_libs.service import Platform
from infra.kafka import QUICK_UNDER_LOAD, KafkaBroker


@dataclass(frozen=True)
class Server:
    """A database server of our own: its address and the process to charge its CPU to."""

    dsn: str
    pid: int


@dataclass(frozen=True)
class Stage:
    """Services that are started, whose events flow only `while_reading`."""

    server: Server
    dsn: str
    carrier: Carrier
    apps: dict[str, ServiceApp]
    addresses: dict[str, str]

    @property
    def bus(self) -> EventBus:
        """Where stand-ins subscribe."""
        return self.carrier.bus

    @property
    def server_pids(self) -> Sequence[int]:
        """PostgreSQL's and those of what carries the events."""
        return (self.server.pid, *self.carrier.pids)

    @property
    def service_pids(self) -> Sequence[int]:
        """None: all services are here."""
        return ()

    def while_reading(self) -> AbstractAsyncContextManager[None]:
        """Within: every group reads."""
        return self.carrier.reading()

    async def post(self, path: str, body: Mapping[str, object]) -> Any:
        """What BOS answers, in the same event loop; it must accept."""
        response = await self.apps["batch_orchestrator_service"].test_client().post(path, json=dict(body))
        assert response.status_code == 202, await response.get_data(as_text=True)
        return await response.get_json()

    async def until(self, service: str, question: str, *arguments: object) -> None:
        """Wait until the service's database answers yes."""
        await wait_until(self.dsn, question, *arguments)

    async def fetch(self, query: str, *arguments: object) -> Sequence[asyncpg.Record]:
        """What the databases of all services answer."""
        return await fetch(self.dsn, query, *arguments)


async def wait_until(dsn: str, question: str, *arguments: object) -> None:
    """Look again and again until that database answers yes."""
    con = await asyncpg.connect(dsn)
    try:
        async with asyncio.timeout(600):
            while not await con.fetchval(question, *arguments):
                await asyncio.sleep(0.025)
    finally:
        await con.close()


async def fetch(dsn: str, query: str, *arguments: object) -> Sequence[asyncpg.Record]:
    """What that database answers."""
    con = await asyncpg.connect(dsn)
    try:
        return await con.fetch(query, *arguments)
    finally:
        await con.close()


@asynccontextmanager
async def server() -> AsyncIterator[Server]:
    """A fresh server in a folder that goes with it."""
    with tempfile.TemporaryDirectory(prefix="huleedu-bench-") as folder:
        Path(folder).chmod(0o755)
        postgres = EmbeddedPostgres(Path(folder) / "postgres")
        await _have_statements_counted(postgres)
        started = await asyncio.to_thread(postgres.start)
        try:
            pid = int((Path(folder) / "postgres/cluster/postmaster.pid").read_text().split()[0])
            yield Server(started.dsn, pid)
        finally:
            await asyncio.to_thread(postgres.stop)


@asynccontextmanager
async def broker() -> AsyncIterator[KafkaBroker]:
    """A fresh Kafka in a folder that goes with it."""
    with tempfile.TemporaryDirectory(prefix="huleedu-bench-") as folder:
        kafka = KafkaBroker(Path(folder), jvm=QUICK_UNDER_LOAD)
        await asyncio.to_thread(kafka.start)
        try:
            yield kafka
        finally:
            await asyncio.to_thread(kafka.stop)


async def _have_statements_counted(postgres: EmbeddedPostgres) -> None:
    """The counter must be there when the server starts; it counts nothing until it is told to."""
    started = await asyncio.to_thread(postgres.start)
    con = await asyncpg.connect(started.dsn)
    await con.execute("alter system set shared_preload_libraries = 'pg_stat_statements'")
    await con.execute("alter system set pg_stat_statements.track = 'none'")
    await con.execute("create extension pg_stat_statements")
    await con.close()
    await asyncio.to_thread(postgres.stop)


@asynccontextmanager
async def counting(on: Server) -> AsyncIterator[Callable[[], Awaitable[int]]]:
    """Within: the server counts statements, all told, and the value says how many by now."""
    con = await asyncpg.connect(on.dsn)

    async def count() -> int:
        return int(await con.fetchval("select coalesce(sum(calls), 0)::bigint from pg_stat_statements"))

    await con.execute("alter system set pg_stat_statements.track = 'top'")
    await con.execute("select pg_reload_conf()")
    try:
        yield count
    finally:
        await con.execute("alter system set pg_stat_statements.track = 'none'")
        await con.execute("select pg_reload_conf()")
        await con.close()


@asynccontextmanager
async def stage(
    on: Server,
    name: str,
    services: Sequence[str],
    settings: Mapping[str, Mapping[str, Any]],
    carrier: Callable[[str], Carrier] = OverPostgres,
) -> AsyncIterator[Stage]:
    """These services over a database of this name; `settings` are by service."""
    dsn = await create_database(on.dsn, name)
    definitions = [definition(service) for service in services]
    await migrate(dsn, definitions)
    stopping = asyncio.Event()
    async with AsyncExitStack() as stack:
        sockets = {each.name: bind("127.0.0.1", 0) for each in definitions}
        addresses = {name: f"http://127.0.0.1:{made.getsockname()[1]}" for name, made in sockets.items()}
        pool = await stack.enter_async_context(ProcessPool(1))
        carried = carrier(dsn)
        data_dir = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="huleedu-bench-")))
        platform = Platform(bus=carried.bus, pool=pool, dsn=dsn, data_dir=data_dir, addresses=addresses)
        apps, served = {}, []
        for each in definitions:
            own = each.settings.load(log_level="WARNING", **settings.get(each.name, {}))
            service = await each.start(own, platform)
            stack.push_async_callback(service.close)
            apps[each.name] = service.app
            served.append(await serve_on(service.app, sockets[each.name], stopping))
        spare_the_collector()
        try:
            yield Stage(on, dsn, carried, apps, addresses)
        finally:
            stopping.set()
            await asyncio.gather(*(app.stopped() for app in served))
