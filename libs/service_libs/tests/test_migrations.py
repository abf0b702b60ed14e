"""Schemas come up, go down and come up again, whoever starts at the same time."""

import asyncio
import shutil
from pathlib import Path

import asyncpg
import pytest

from huleedu_service_libs import migrations
from huleedu_service_libs.embedded_postgres import create_database, drop_database
from huleedu_service_libs.migrations import RUNTIME_SCRIPTS

TABLES = "select array_agg(tablename::text order by tablename) from pg_tables where schemaname = 'runtime'"


async def tables(dsn: str) -> list[str]:
    con = await asyncpg.connect(dsn)
    try:
        return list(await con.fetchval(TABLES))
    finally:
        await con.close()


async def test_the_runtimes_schema_goes_up_and_down_and_up(database_dsn: str) -> None:
    there = await tables(database_dsn)

    await migrations.downgrade(database_dsn, "runtime", RUNTIME_SCRIPTS)
    assert await tables(database_dsn) == ["alembic_version"]

    await migrations.upgrade(database_dsn, "runtime", RUNTIME_SCRIPTS)
    assert await tables(database_dsn) == there


async def test_processes_that_start_at_once_migrate_once(database_dsn: str) -> None:
    await migrations.downgrade(database_dsn, "runtime", RUNTIME_SCRIPTS)

    await asyncio.gather(*(migrations.upgrade(database_dsn, "runtime", RUNTIME_SCRIPTS) for _ in range(4)))

    assert "log" in await tables(database_dsn)


async def test_one_process_migrates_many_databases_at_once_each_its_own(postgres_dsn: str) -> None:
    names = [f"migrated_{number}" for number in range(4)]
    databases = [await create_database(postgres_dsn, name) for name in names]

    await asyncio.gather(*(migrations.upgrade(dsn, "runtime", RUNTIME_SCRIPTS) for dsn in databases))

    for dsn, name in zip(databases, names, strict=True):
        assert "log" in await tables(dsn)
        await drop_database(postgres_dsn, name)


ENVIRONMENT = """
from sqlalchemy import Column, Integer, MetaData, Table
from huleedu_service_libs.migrations import run_environment

metadata = MetaData()
Table("essay", metadata, Column("id", Integer, primary_key=True))
run_environment(metadata)
"""


async def test_a_migration_is_written_where_models_and_schema_differ_and_only_there(
    database_dsn: str, tmp_path: Path
) -> None:
    scripts = tmp_path / "half a folder, 50%"
    (scripts / "versions").mkdir(parents=True)
    (scripts / "env.py").write_text(ENVIRONMENT)
    shutil.copy(RUNTIME_SCRIPTS / "script.py.mako", scripts)

    written = await migrations.revise(database_dsn, "school", scripts, "Essays")
    assert written is not None
    assert "create_table('essay'" in written.read_text()

    await migrations.upgrade(database_dsn, "school", scripts)
    assert await migrations.revise(database_dsn, "school", scripts, "Again") is None


async def test_a_schema_of_another_version_of_the_code_is_refused_in_a_sentence(
    database_dsn: str, tmp_path: Path
) -> None:
    shutil.copytree(RUNTIME_SCRIPTS, tmp_path, dirs_exist_ok=True)
    for script in (tmp_path / "versions").glob("*.py"):
        script.unlink()

    with pytest.raises(migrations.WrongSchema, match="another data folder"):
        await migrations.upgrade(database_dsn, "runtime", tmp_path)
