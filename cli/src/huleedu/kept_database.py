"""The embedded database, which outlives the process that started it."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from huleedu.composition import Composition
from huleedu.platform import embedded_database
from huleedu_service_libs.embedded_postgres import EmbeddedPostgres, EmbeddedPostgresError
from huleedu_service_libs.logging_utils import create_service_logger
from huleedu_service_libs.runtime.blame import pause

_logger = create_service_logger("huleedu", "database")


@asynccontextmanager
async def database_if_needed(composition: Composition, data_dir: Path) -> AsyncIterator[str | None]:
    """The embedded database, kept alive; None where servers hold all data."""
    if not composition.needs_embedded:
        yield None
        return
    async with embedded_database(data_dir) as (postgres, dsn), kept_alive(postgres):
        yield dsn


@asynccontextmanager
async def kept_alive(postgres: EmbeddedPostgres) -> AsyncIterator[None]:
    """Start the database again should the process that ran it die: the first survivor to notice does it."""
    keeping = asyncio.create_task(_keep(postgres), name="database")
    try:
        yield
    finally:
        keeping.cancel()


async def _keep(postgres: EmbeddedPostgres) -> None:
    while True:
        await postgres.watch()
        await _start_again(postgres)


async def _start_again(postgres: EmbeddedPostgres) -> None:
    """As often as it takes: there may be no room on the disk just now."""
    for tries in itertools.count(1):
        try:
            await asyncio.to_thread(postgres.start)
        except (EmbeddedPostgresError, OSError) as error:
            _logger.error("the database is gone and does not start", reason=str(error), tries=tries)
            await asyncio.sleep(pause(tries))
        else:
            _logger.warning("the database was gone and runs again", tries=tries)
            return
