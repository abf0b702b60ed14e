"""Processes that start before their servers, at the same time as each other, or with settings that cannot be used."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import aiohttp
import asyncpg
import pytest

from huleedu_service_libs.embedded_postgres import drop_database, with_database
from huleedu_service_libs.server import bind
from infra.cluster import SERVE
from infra.ports import quiet_port
from infra.postgres import PostgresServer
from infra.replica import Replica

BOS = "batch_orchestrator_service"
HULEEDU = (sys.executable, "-m", "huleedu")


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """With a data folder of the test's own."""
    return {**os.environ, "HULEEDU_DATA_DIR": str(tmp_path / "data")}


@pytest.fixture
def replica(tmp_path: Path) -> Iterator[Replica]:
    """BOS, not started yet; ended whatever happens."""
    made = Replica(BOS, 0, tmp_path / "bos.log")
    yield made
    made.kill()


@pytest.fixture
def late_server(tmp_path: Path) -> Iterator[PostgresServer]:
    """A PostgreSQL that the test may start, at an address known before."""
    server = PostgresServer(tmp_path / "server")
    server.start()  # it has made its password; now it is away
    server.stop()
    yield server
    server.stop()


@pytest.fixture
async def new_database(postgres_dsn: str) -> AsyncIterator[str]:
    """The address of a database that is not there yet."""
    yield with_database(postgres_dsn, "made_at_the_start")
    await drop_database(postgres_dsn, "made_at_the_start")


async def waits_for(replica: Replica) -> str:
    """What it says at /readyz while it cannot do its work."""
    async with aiohttp.ClientSession() as session:
        while True:
            try:
                async with session.get(f"{replica.url}/readyz") as response:
                    assert response.status == 503
                    return await response.text()
            except aiohttp.ClientConnectionError:
                assert replica.pid is not None, replica.log.read_text()
                await asyncio.sleep(0.05)


async def test_a_service_that_is_up_before_its_database_waits_and_begins_by_itself(
    replica: Replica, late_server: PostgresServer, environment: dict[str, str]
) -> None:
    environment["DATABASE_URL"] = with_database(late_server.dsn, "huleedu")
    replica.start([*SERVE, BOS], environment)
    assert f"database huleedu on {late_server.address}" in await waits_for(replica)

    late_server.start()

    await replica.ready()
    assert (await replica.stop()).exit_code == 0


async def test_a_service_that_waits_is_ended_by_a_signal_and_not_by_force(
    replica: Replica, environment: dict[str, str]
) -> None:
    environment["DATABASE_URL"] = f"postgresql://huleedu@127.0.0.1:{quiet_port()}/huleedu"
    replica.start([*SERVE, BOS], environment)
    await waits_for(replica)

    assert (await replica.stop()).exit_code == 0


async def test_processes_that_start_at_once_make_and_migrate_a_database_once(
    new_database: str, environment: dict[str, str]
) -> None:
    environment["DATABASE_URL"] = new_database
    command = [*HULEEDU, "migrate", "upgrade", BOS]
    started = [await asyncio.create_subprocess_exec(*command, env=environment) for _ in range(3)]

    assert [await process.wait() for process in started] == [0, 0, 0]
    con = await asyncpg.connect(new_database)
    for schema in ("runtime", BOS):
        assert await con.fetchval(f"select count(*) from {schema}.alembic_version") == 1
    await con.close()


Told = Callable[..., str]


@pytest.fixture
def told(environment: dict[str, str]) -> Told:
    """What is said, in one line, by a service that does not start."""

    def said(**settings: str) -> str:
        ended = subprocess.run(
            [*HULEEDU, "serve", BOS], env=environment | settings, stderr=subprocess.PIPE, text=True, check=False
        )
        assert ended.returncode == 1
        assert "Traceback" not in ended.stderr
        return " ".join(ended.stderr.split())

    return said


def test_a_password_that_is_wrong_is_told(told: Told, postgres_dsn: str) -> None:
    wrong = f"postgresql://huleedu:guess@{postgres_dsn.partition('@')[2]}"

    assert "does not let huleedu in" in told(DATABASE_URL=wrong)


def test_brokers_that_do_not_come_are_told(told: Told, new_database: str) -> None:
    broker = f"127.0.0.1:{quiet_port()}"

    said = told(DATABASE_URL=new_database, EVENT_BUS="kafka", KAFKA_BOOTSTRAP_SERVERS=broker, START_PATIENCE="0.1")

    assert f"in vain for Kafka at {broker}" in said


def test_a_port_that_others_know_it_by_is_not_exchanged_silently(told: Told, new_database: str) -> None:
    with bind("127.0.0.1", 0) as taken:
        port = str(taken.getsockname()[1])

        said = told(DATABASE_URL=new_database, EVENT_BUS="kafka", BATCH_ORCHESTRATOR_SERVICE_PORT=port)

    assert f"Port {port}" in said
