"""A database with this service's tables."""

import pytest

from essay_lifecycle_service.startup_setup import DEFINITION
from huleedu_service_libs import migrations


@pytest.fixture
async def service_dsn(database_dsn: str) -> str:
    """An empty database that this service can work on."""
    assert DEFINITION.scripts is not None
    await migrations.upgrade(database_dsn, DEFINITION.name, DEFINITION.scripts)
    return database_dsn
