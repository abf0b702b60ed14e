"""The process behind `infra up`: it owns all three servers, leaves a note of where they are, and ends them when told.

The servers die with it, so there is one process to look for and one to end, and nothing is left behind by kill -9.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple, NoReturn

import asyncpg
import msgspec

from huleedu.addresses import setting_names
from huleedu.services import SERVICES, definition
from huleedu_service_libs.embedded_postgres import create_database, with_database
from huleedu_service_libs.embedded_postgres.folder_lock import FolderLock
from infra.errors import InfraError
from infra.kafka import QUICK_UNDER_LOAD, KafkaBroker
from infra.ports import free_from
from infra.postgres import PostgresServer
from infra.redis import RedisServer
from infra.server import Server

ROOT = Path(__file__).resolve().parents[1]
KAFKA_PORT, POSTGRES_PORT, REDIS_PORT = 9093, 5432, 6379
LOOK_EVERY_S = 0.5


class Servers(NamedTuple):
    """All three."""

    kafka: KafkaBroker
    postgres: PostgresServer
    redis: RedisServer


class ServerNote(msgspec.Struct, frozen=True):
    """Where one server is; `remark` is what a person should know about it, if anything."""

    name: str
    address: str
    pid: int
    folder: str
    log: str
    remark: str


class Note(msgspec.Struct, frozen=True):
    """What the keeper has running so far; all of it once `ready`.

    `environment` has the variables with which services use it. It holds a password: it is for the owner's eyes.
    """

    pid: int
    ready: bool
    servers: Sequence[ServerNote]
    environment: dict[str, str]


def read(folder: Path) -> Note | None:
    """The note of the keeper that runs in this folder now; None if none does."""
    if not folder.exists() or FolderLock(folder).is_free():
        return None
    try:
        return msgspec.json.decode(_path(folder).read_bytes(), type=Note)
    except (FileNotFoundError, msgspec.DecodeError):  # it has only just begun
        return None


def keep(folder: Path, kafka_port: int) -> None:
    """Run the servers until SIGTERM or SIGINT; raises an `InfraError` if one of them cannot be had."""
    folder.mkdir(parents=True, exist_ok=True)
    lock = FolderLock(folder)
    if not lock.take():
        return  # somebody was quicker
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, lambda *_: sys.exit(0))
    _write(folder, Note(os.getpid(), False, [], {}))
    three = Servers(
        KafkaBroker(folder / "kafka", kafka_port, jvm=QUICK_UNDER_LOAD),
        PostgresServer(folder / "postgres", free_from(POSTGRES_PORT)),
        RedisServer(folder / "redis", free_from(REDIS_PORT)),
    )
    with ExitStack() as stack:
        for server in three:
            stack.callback(server.stop)
        _keep_running(three, folder)


def _keep_running(three: Servers, folder: Path) -> NoReturn:
    """Start whichever does not run, again and again: somebody may kill one to see what the services do."""
    while True:
        if any(server.pid is None for server in three):
            for server in reversed(three):  # Kafka, the slowest, last: what cannot be had is known sooner
                server.start()
            asyncio.run(_make_databases(three.postgres))
            _write(folder, Note(os.getpid(), True, _notes(three), environment(*three)))
        time.sleep(LOOK_EVERY_S)


def environment(kafka: KafkaBroker, postgres: PostgresServer, redis: RedisServer) -> dict[str, str]:
    """The variables with which services run on these servers, find each other at their usual ports, and are found."""
    server = postgres.dsn.replace("postgresql://", "postgresql+asyncpg://")
    shared = {"EVENT_BUS": "kafka", "KAFKA_BOOTSTRAP_SERVERS": kafka.address, "REDIS_URL": redis.url}
    own = {f"{name.upper()}_DATABASE_URL": with_database(server, database_of(name)) for name in SERVICES}
    addresses = {setting_names(name)[0]: f"http://127.0.0.1:{usual_port(name)}" for name in SERVICES}
    return shared | own | addresses


def usual_port(service: str) -> int:
    """Where a service listens unless settings say otherwise."""
    return int(definition(service).settings.model_fields["port"].default)


def database_of(service: str) -> str:
    """The database that a service has to itself, as its settings name it too."""
    return f"huleedu_{service.removesuffix('_service')}"


async def _make_databases(postgres: PostgresServer) -> None:
    for service in SERVICES:
        try:
            await create_database(postgres.dsn, database_of(service))
        except asyncpg.DuplicateDatabaseError:  # from the last time
            continue


def _notes(three: Servers) -> list[ServerNote]:
    kafka, postgres, redis = three
    return [_noted(kafka), _noted(postgres, _about(postgres)), _noted(redis, _moved(redis, REDIS_PORT))]


def _noted(server: Server, remark: str = "") -> ServerNote:
    return ServerNote(server.name, server.address, server.pid or 0, str(server.folder), str(server.log), remark)


def _about(postgres: PostgresServer) -> str:
    programs = str(postgres.installation or "the embedded one, since the machine has none")
    return ", ".join(filter(None, (programs, _moved(postgres, POSTGRES_PORT))))


def _moved(server: Server, usual: int) -> str:
    return f"port {usual} is taken by another program" if server.port != usual else ""


def _write(folder: Path, note: Note) -> None:
    draft = _path(folder).with_suffix(".draft")
    draft.touch(mode=0o600)
    draft.write_bytes(msgspec.json.encode(note))
    draft.replace(_path(folder))


def _path(folder: Path) -> Path:
    return folder / "run.json"


if __name__ == "__main__":
    try:
        keep(Path(sys.argv[1]), int(sys.argv[2]))
    except InfraError as problem:
        sys.exit(str(problem))
