"""`python -m tests.reference`: write every committed reference anew."""

import asyncio
import sys
import tempfile
from pathlib import Path

from huleedu.services import definitions
from huleedu_service_libs.embedded_postgres import EmbeddedPostgres
from tests.reference import batch_states, event_tables, schemas
from tests.reference.documents import documents
from tests.reference.files import BATCH_STATES, SCHEMAS, commit
from tests.reference.services import started


async def write_all() -> None:
    """Schemas first: they refuse what would break a promise."""
    schemas.write(SCHEMAS, schemas.promised())
    BATCH_STATES.write_text(batch_states.page(), encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        postgres = EmbeddedPostgres(Path(folder) / "postgres")
        dsn = postgres.start().dsn
        try:
            async with started(definitions(), dsn, Path(folder)) as services:
                for path, document in documents(services).items():
                    commit(path, document)
                for service in services:
                    event_tables.write(event_tables.readme(service.name), event_tables.table(service.events))
        finally:
            postgres.stop()


try:
    asyncio.run(write_all())
except schemas.BreakingChange as broken:
    sys.exit(f"Nothing was written: this would break whoever relies on a message within its version.\n{broken}")
