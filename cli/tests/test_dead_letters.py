"""Dead letters of one database or of several."""

import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from huleedu.dead_letters import NoSuchLetter, replay, show_list, show_one
from huleedu.screen import screen
from huleedu_service_libs.embedded_postgres import create_database, drop_database

RAS = "result_aggregator_service"


@pytest.fixture
async def other_dsn(postgres_dsn: str, runtime_template: str) -> AsyncIterator[str]:
    """A second database with the runtime's schema."""
    name = f"other_{uuid.uuid4().hex}"
    yield await create_database(postgres_dsn, name, template=runtime_template)
    await drop_database(postgres_dsn, name)


async def bury(dsn: str, reason: str) -> None:
    con = await asyncpg.connect(dsn)
    await con.execute(
        "insert into runtime.dead_letter(grp, topic, key, reason, raw) values ('g', 't', 'b', $1, '{}')", reason
    )
    await con.close()


async def wanted(dsn: str) -> list[str]:
    """The reasons of those that are to be handled again."""
    con = await asyncpg.connect(dsn)
    rows = await con.fetch("select reason from runtime.dead_letter where wanted")
    await con.close()
    return [row["reason"] for row in rows]


@pytest.fixture
async def two_databases(database_dsn: str, other_dsn: str, monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
    """All services' but the result aggregator's, and the latter's, with a letter in each."""
    monkeypatch.setenv("EVENT_BUS", "kafka")
    monkeypatch.setenv("DATABASE_URL", database_dsn)
    monkeypatch.setenv(f"{RAS.upper()}_DATABASE_URL", other_dsn)
    await bury(database_dsn, "torn")
    await bury(other_dsn, "stained")
    return database_dsn, other_dsn


async def test_numbers_of_several_databases_name_the_service(
    two_databases: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    console = screen()

    await show_list(console, tmp_path, None, True)
    assert {f'"number": "{RAS}:1"', '"number": "batch_orchestrator_service:1"'} <= {
        line.strip().rstrip(",") for line in capsys.readouterr().out.splitlines()
    }
    await show_one(console, tmp_path, f"{RAS}:1")
    assert "stained" in capsys.readouterr().out


async def test_only_the_one_that_is_named_is_replayed(two_databases: tuple[str, str], tmp_path: Path) -> None:
    ours, theirs = two_databases

    await replay(screen(), tmp_path, [f"{RAS}:1"], False)

    assert (await wanted(ours), await wanted(theirs)) == ([], ["stained"])
    with pytest.raises(NoSuchLetter):
        await replay(screen(), tmp_path, ["1"], False)
    await replay(screen(), tmp_path, [], True)
    assert (await wanted(ours), await wanted(theirs)) == (["torn"], ["stained"])


async def test_one_database_needs_only_numbers(
    database_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_dsn)
    await bury(database_dsn, "torn")

    await replay(screen(), tmp_path, ["1"], False)

    assert await wanted(database_dsn) == ["torn"]
