"""What every suite can ask for: real servers for the session, started when first asked for, and databases for tests."""

import os
import shutil
import tempfile
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import pytest_asyncio
from spellchecker_service.lexicon import prepare_lexicon

from common_core.enums import Language
from huleedu.places import data_dir
from huleedu_service_libs import migrations
from huleedu_service_libs.embedded_postgres import EmbeddedPostgres, create_database, drop_database
from infra.kafka import KafkaBroker
from infra.postgres import PostgresServer
from infra.redis import RedisServer
from infra.rings import left_out, ring, stand_in

TEMPLATE = "with_runtime"
ROOM_BYTES = 3_000_000_000


@pytest.fixture(scope="session")
def postgres_dsn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server that lives as long as the session."""
    with _quick_folder(tmp_path_factory, "postgres") as folder:
        server = EmbeddedPostgres(folder)
        try:
            yield server.start().dsn
        finally:
            server.stop()


@contextmanager
def _quick_folder(factory: pytest.TempPathFactory, name: str) -> Iterator[Path]:
    """In memory where there is room: what a test's server writes need not outlive it."""
    memory = Path("/dev/shm")
    if not (os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > ROOM_BYTES):
        yield factory.mktemp(name)
        return
    with tempfile.TemporaryDirectory(prefix=f"huleedu-{name}-", dir=memory) as folder:
        yield Path(folder)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def runtime_template(postgres_dsn: str) -> str:
    """A database with the runtime's schema, to be copied: quicker than migrating for each test."""
    dsn = await create_database(postgres_dsn, TEMPLATE)
    await migrations.upgrade(dsn, "runtime", migrations.RUNTIME_SCRIPTS)
    return TEMPLATE


@pytest.fixture(scope="session")
def lexicons() -> Path:
    """The folder with both spelling lexicons, built once per checkout: where the demo keeps them too."""
    folder = data_dir() / "lexicons"
    folder.mkdir(parents=True, exist_ok=True)
    for language in Language:
        prepare_lexicon(language, folder)
    return folder


@pytest.fixture
async def database_dsn(postgres_dsn: str, runtime_template: str) -> AsyncIterator[str]:
    """A database for one test, with the runtime's schema in it."""
    name = f"test_{uuid.uuid4().hex}"
    yield await create_database(postgres_dsn, name, template=runtime_template)
    await drop_database(postgres_dsn, name)


@pytest.fixture(scope="session")
def kafka_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaBroker]:
    """Apache Kafka for the session. A test may kill it, and must have started it again when it ends."""
    with _quick_folder(tmp_path_factory, "kafka") as folder, ring(KafkaBroker(folder)) as broker:
        yield broker


@pytest.fixture(scope="session")
def kafka_bootstrap(kafka_broker: KafkaBroker) -> str:
    """The broker's address. Topics and groups stay for the session: give them names of your own."""
    return kafka_broker.address


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """The machine's own PostgreSQL for the session, for tests of many processes; the others take `postgres_dsn`."""
    with _quick_folder(tmp_path_factory, "own-postgres") as folder, ring(PostgresServer(folder)) as server:
        if server.installation is None:
            stand_in(server.name, "the embedded PostgreSQL")
        yield server


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """Redis for the session. A test may kill it, and must have started it again when it ends."""
    with ring(RedisServer(tmp_path_factory.mktemp("redis"))) as server:
        yield server


@pytest.fixture(scope="session")
def redis_url(redis_server: RedisServer) -> str:
    """The server's address. Keys stay for the session: give them a prefix of your own."""
    return redis_server.url


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say which servers were missing, whatever else was skipped."""
    for name, reason in left_out.items():
        terminalreporter.write_line(f"Tests without {name}: {reason}", yellow=True)
