"""What every suite can ask for: a real PostgreSQL server for the session, and a database of its own for a test."""

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

TEMPLATE = "with_runtime"
ROOM_BYTES = 3_000_000_000


@pytest.fixture(scope="session")
def postgres_dsn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server that lives as long as the session."""
    with _quick_folder(tmp_path_factory) as folder:
        server = EmbeddedPostgres(folder)
        try:
            yield server.start().dsn
        finally:
            server.stop()


@contextmanager
def _quick_folder(factory: pytest.TempPathFactory) -> Iterator[Path]:
    """In memory where there is room: what a test's server writes need not outlive it."""
    memory = Path("/dev/shm")
    if not (os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > ROOM_BYTES):
        yield factory.mktemp("postgres")
        return
    with tempfile.TemporaryDirectory(prefix="huleedu-test-", dir=memory) as folder:
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
