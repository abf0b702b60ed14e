"""Class management on a real database and bus, with the other services around it."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest

from class_management_service.config import SERVICE_NAME, ClassManagementSettings
from class_management_service.startup_setup import DEFINITION, SCRIPTS
from class_management_service.tests.teacher import Teacher
from class_management_service.tests.world import HEARD, Watch, World
from huleedu_service_libs import migrations
from huleedu_service_libs.runtime.database import Database
from huleedu_service_libs.runtime.postgres_event_bus import PostgresEventBus
from huleedu_service_libs.service import Platform
from huleedu_service_libs.testing import Others

T = TypeVar("T")


class Here:
    """A process pool that has no processes."""

    async def run(self, function: Callable[..., T], *args: Any) -> T:
        """At once."""
        return function(*args)


@pytest.fixture
async def service_dsn(database_dsn: str) -> str:
    """An empty database with this service's tables."""
    await migrations.upgrade(database_dsn, SERVICE_NAME, SCRIPTS)
    return database_dsn


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
