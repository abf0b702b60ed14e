"""Class management on a real database and bus, with the other services around it."""

import uuid
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest
import pytest_asyncio

from class_management_service.config import SERVICE_NAME, ClassManagementSettings
from class_management_service.startup_setup import DEFINITION, SCRIPTS
from class_management_service.tests.teacher import Teacher
from class_management_service.tests.world import HEARD, Watch, World
from huleedu_service_libs import migrations
from huleedu_service_libs.embedded_postgres import create_database, drop_database
from huleedu_service_libs.runtime.database import Database
from huleedu_service_libs.runtime.postgres_event_bus import PostgresEventBus
from huleedu_service_libs.service import Platform
from huleedu_service_libs.testing import Others

T = TypeVar("T")

TEMPLATE = "with_class_management"


class Here:
    """A process pool that has no processes."""

    async def run(self, function: Callable[..., T], *args: Any) -> T:
        """At once."""
        return function(*args)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def service_template(postgres_dsn: str, runtime_template: str) -> str:
    """A database with this service's tables, to be copied: quicker than migrating for each test."""
    dsn = await create_database(postgres_dsn, TEMPLATE, template=runtime_template)
    await migrations.upgrade(dsn, SERVICE_NAME, SCRIPTS)
    return TEMPLATE


@pytest.fixture
async def service_dsn(postgres_dsn: str, service_template: str) -> AsyncIterator[str]:
    """An empty database with this service's tables."""
    name = f"test_{uuid.uuid4().hex}"
    yield await create_database(postgres_dsn, name, template=service_template)
    await drop_database(postgres_dsn, name)


@pytest.fixture
async def world(service_dsn: str, tmp_path: Path) -> AsyncIterator[World]:
    """The service, hearing and answering."""
    watch = Watch()
    bus = PostgresEventBus(service_dsn, clock=watch)
    platform = Platform(bus=bus, pool=Here(), dsn=service_dsn, data_dir=tmp_path, clock=watch)
    settings = ClassManagementSettings.load(
        environment="testing",
        max_students_per_class=600,
        huleedu_internal_api_key="sesame",
        http_graceful_timeout=0.1,
    )
    service = await DEFINITION.start(settings, platform)
    nlp = await Database.connect(service_dsn, "nlp_service", clock=watch)
    others = Others(nlp, *HEARD)
    try:
        async with others.listening(bus, seconds=60):
            yield World(others, watch, service.app, service_dsn)
    finally:
        await nlp.close()
        await service.close()


@pytest.fixture
def anna(world: World) -> Teacher:
    """A teacher."""
    return Teacher(world.app.test_client(), "anna")


@pytest.fixture
def bo(world: World) -> Teacher:
    """Another one."""
    return Teacher(world.app.test_client(), "bo")
