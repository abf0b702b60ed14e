"""`infra up`'s process: three servers that services can use, kept running until it is told to stop."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from huleedu_service_libs.embedded_postgres.cluster import ticks
from infra.keeping import Note, read
from infra.ports import quiet_port
from infra.postgres import PostgresServer
from infra.redis import RedisServer
from infra.server import Server

PATIENCE_S = 60


@pytest.fixture
def keeper(
    tmp_path: Path, kafka_broker: Server, postgres_server: PostgresServer, redis_server: RedisServer
) -> Iterator[subprocess.Popen[bytes]]:
    """One in `tmp_path`, on a machine that has all three, as the other fixtures have shown."""
    process = subprocess.Popen([sys.executable, "-m", "infra.keeping", str(tmp_path), str(quiet_port())])
    yield process
    process.kill()
    process.wait()


def ready(folder: Path, *, without: int = 0) -> Note:
    """The note with all three servers in it, none of them the process `without`."""
    for _ in ticks(PATIENCE_S):
        note = read(folder)
        if note is not None and note.ready and without not in {server.pid for server in note.servers}:
            return note
    raise AssertionError(read(folder))


async def test_three_servers_are_kept_running_until_the_keeper_is_told_to_stop(
    tmp_path: Path, keeper: subprocess.Popen[bytes]
) -> None:
    note = ready(tmp_path)
    await connects(note.environment["FILE_SERVICE_DATABASE_URL"], "huleedu_file")
    assert note.environment["BCS_URL"] == "http://127.0.0.1:4002"
    redis = next(server.pid for server in note.servers if server.name == "Redis")

    os.kill(redis, signal.SIGKILL)

    later = ready(tmp_path, without=redis)
    assert later.environment == note.environment
    keeper.terminate()
    assert keeper.wait(PATIENCE_S) == 0
    assert read(tmp_path) is None
    for server in later.servers:
        with pytest.raises(ProcessLookupError):
            os.kill(server.pid, 0)


async def connects(address: str, database: str) -> None:
    connection = await asyncpg.connect(address.replace("+asyncpg", ""))
    try:
        assert await connection.fetchval("select current_database()") == database
    finally:
        await connection.close()
