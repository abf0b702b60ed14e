"""A database with this service's tables, and the stores that one contract suite is run over."""

import uuid
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from essay_lifecycle_service.domain.window import Policy
from essay_lifecycle_service.startup_setup import DEFINITION
from essay_lifecycle_service.tests.stores import InMemoryStore, MakeStore, PostgreSQLStore, Store
from huleedu_service_libs import migrations
from huleedu_service_libs.embedded_postgres import create_database, drop_database
from huleedu_service_libs.runtime import Database


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def service_template(postgres_dsn: str, runtime_template: str) -> str:
    """A database with this service's tables, to be copied: quicker than migrating for each test."""
    dsn = await create_database(postgres_dsn, "with_essays", template=runtime_template)
    assert DEFINITION.scripts is not None
    await migrations.upgrade(dsn, DEFINITION.name, DEFINITION.scripts)
    return "with_essays"


@pytest.fixture
async def service_dsn(postgres_dsn: str, service_template: str) -> AsyncIterator[str]:
    """An empty database that this service can work on."""
    name = f"essays_{uuid.uuid4().hex}"
    yield await create_database(postgres_dsn, name, template=service_template)
    await drop_database(postgres_dsn, name)


@pytest.fixture
async def database(service_dsn: str) -> AsyncIterator[Database]:
    """Connections to it."""
    database = await Database.connect(service_dsn, DEFINITION.name)
    yield database
    await database.close()


@pytest.fixture
def in_memory() -> MakeStore:
    """Makes a store in memory, for a policy."""
    return InMemoryStore


@pytest.fixture
def on_postgresql(database: Database) -> MakeStore:
    """Makes a store on PostgreSQL, for a policy."""
    return lambda policy: PostgreSQLStore(database, policy)


@pytest.fixture(params=["in_memory", "on_postgresql"])
def make_store(request: pytest.FixtureRequest) -> MakeStore:
    """Makes the store of either implementation, for a policy."""
    made: MakeStore = request.getfixturevalue(request.param)
    return made


@pytest.fixture
def store(make_store: MakeStore) -> Store:
    """A store with room for everybody."""
    return make_store(Policy(window=1000))
