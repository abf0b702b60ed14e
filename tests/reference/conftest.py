"""Every service, started once, on a bus that only remembers who wants to read what."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from huleedu.services import definitions
from huleedu_service_libs.embedded_postgres import create_database
from tests.reference.services import Started, started


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def services(
    postgres_dsn: str, runtime_template: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[dict[str, Started]]:
    """All services, by name."""
    dsn = await create_database(postgres_dsn, "references", template=runtime_template)
    async with started(definitions(), dsn, tmp_path_factory.mktemp("references")) as made:
        yield {service.name: service for service in made}
