"""Databases on a server: reached, made where they are missing, or refused in words."""

import asyncio
import uuid
from collections.abc import AsyncIterator

import asyncpg
import pytest

from huleedu.servers import (
    NoDatabase,
    ServerAway,
    UnusableDatabase,
    away_if_cut_off,
    connect,
    database_there,
    kafka_there,
)
from huleedu_service_libs import migrations
from huleedu_service_libs.embedded_postgres import drop_database, with_database
from huleedu_service_libs.settings import WrongSettings
from infra.ports import quiet_port


@pytest.fixture
async def missing(postgres_dsn: str) -> AsyncIterator[str]:
    """The address of a database that is not there."""
    name = f"missing_{uuid.uuid4().hex}"
    yield with_database(postgres_dsn, name)
    await drop_database(postgres_dsn, name)


@pytest.fixture
async def stranger(postgres_dsn: str) -> AsyncIterator[str]:
    """A user who may make nothing, with the password `guest`."""
    name = f"stranger_{uuid.uuid4().hex}"
    con = await asyncpg.connect(postgres_dsn)
    await con.execute(f"create role {name} login password 'guest'")
    yield name
    await con.execute(f"drop role {name}")
    await con.close()


def as_user(dsn: str, user: str, password: str) -> str:
    return f"postgresql://{user}:{password}@{dsn.partition('@')[2]}"


async def test_a_database_that_is_missing_is_made_once(missing: str) -> None:
    with pytest.raises(NoDatabase):
        await connect(missing)

    await database_there(missing)
    await database_there(missing)

    await (await connect(missing)).close()


async def test_whoever_may_not_make_it_is_told_so(missing: str, stranger: str) -> None:
    with pytest.raises(UnusableDatabase, match="may not make it: have it made"):
        await database_there(as_user(missing, stranger, "guest"))


async def test_a_wrong_password_is_no_reason_to_wait_and_is_not_repeated(postgres_dsn: str) -> None:
    with pytest.raises(UnusableDatabase, match="does not let huleedu in") as refusal:
        await database_there(as_user(postgres_dsn, "huleedu", "guess"))

    assert "guess" not in str(refusal.value)


async def test_servers_that_nobody_has_started_may_still_come() -> None:
    port = quiet_port()

    with pytest.raises(ServerAway):
        await database_there(f"postgresql://huleedu@127.0.0.1:{port}/huleedu")
    with pytest.raises(ServerAway):
        await kafka_there(f"127.0.0.1:{port}")


async def test_a_database_that_hangs_up_in_the_middle_of_a_start_may_still_come() -> None:
    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    dsn = f"postgresql://huleedu@127.0.0.1:{server.sockets[0].getsockname()[1]}/huleedu"
    async with server:
        with pytest.raises(ServerAway), away_if_cut_off():
            await migrations.upgrade(dsn, "runtime", migrations.RUNTIME_SCRIPTS)


def test_what_else_goes_wrong_at_a_start_is_told_as_it_is() -> None:
    with pytest.raises(KeyError), away_if_cut_off():
        raise KeyError("a bug")


async def test_brokers_without_a_port_that_is_one_are_refused() -> None:
    with pytest.raises(WrongSettings, match="KAFKA_BOOTSTRAP_SERVERS"):
        await kafka_there("kafka:ninety")
