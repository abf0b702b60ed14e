"""Each service's README says what it reads and says, as the code does."""

from pathlib import Path

import pytest

from huleedu.platform import migrate
from huleedu.services import SERVICES, definition
from tests.acceptance.event_tables import readme, shown, table


@pytest.mark.parametrize("name", SERVICES)
async def test_the_readme_shows_what_the_code_does(name: str, database_dsn: str, tmp_path: Path) -> None:
    service = definition(name)
    await migrate(database_dsn, [service])

    assert shown(readme(service).read_text(encoding="utf-8")) == await table(service, database_dsn, tmp_path)
