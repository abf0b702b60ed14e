"""The tables are what the models say, and every migration can be taken back."""

import re

from common_core.enums import PhaseName
from essay_lifecycle_service.startup_setup import DEFINITION
from huleedu_service_libs import migrations
from huleedu_service_libs.runtime import Database


async def test_migrations_go_up_down_and_up_again(database_dsn: str) -> None:
    assert DEFINITION.scripts is not None
    await migrations.upgrade(database_dsn, DEFINITION.name, DEFINITION.scripts)
    await migrations.downgrade(database_dsn, DEFINITION.name, DEFINITION.scripts)
    await migrations.upgrade(database_dsn, DEFINITION.name, DEFINITION.scripts)

    await migrations.check(database_dsn, DEFINITION.name, DEFINITION.scripts)


async def test_every_phase_has_its_row_and_no_other_name_is_let_in(database: Database) -> None:
    rows = await database.pool.fetch("select phase from fan_out")
    assert {row["phase"] for row in rows} == set(PhaseName)

    check = await database.pool.fetchval(
        "select pg_get_constraintdef(oid) from pg_constraint where conname = 'ck_fan_out_known_phase'"
    )
    assert set(re.findall(r"'(\w+)'", check)) == set(PhaseName)
