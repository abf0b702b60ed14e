"""The whole platform in the test's own process and event loop: a breakpoint anywhere stops all of it."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from huleedu.api import Api
from huleedu.composition import compose
from huleedu.platform import Up, running
from huleedu.services import SERVICES, definitions
from huleedu_service_libs.embedded_postgres import create_database


@pytest.fixture(scope="session")
def any_ports() -> Iterator[None]:
    """Every service on whatever port is free."""
    with pytest.MonkeyPatch.context() as environment:
        for name in SERVICES:
            environment.setenv(f"{name.upper()}_PORT", "0")
        yield


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def platform(
    postgres_dsn: str, lexicons: Path, any_ports: None, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Up]:
    """All services, up."""
    data_dir = tmp_path_factory.mktemp("data")
    (data_dir / "lexicons").symlink_to(lexicons)
    dsn = await create_database(postgres_dsn, "acceptance")
    async with running(compose(definitions()), data_dir, dsn) as up:
        yield up


@pytest_asyncio.fixture(loop_scope="session")
async def api(platform: Up) -> AsyncIterator[Api]:
    """A teacher's client."""
    async with Api(platform.addresses) as made:
        yield made
