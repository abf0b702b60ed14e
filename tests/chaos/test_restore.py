"""A backup of a busy platform, restored somewhere else: its batches go on there, without loss and without repeat."""

import asyncio
from pathlib import Path

import asyncpg
import pytest
from rich.console import Console

from huleedu.api import Api
from huleedu.backup import backup
from huleedu.dumps import DumpFailed, load
from huleedu.platform import embedded_database
from huleedu.restore import NotRestored, restore
from tests.chaos.victim import BALANCED, BATCHES, Victim, books, drive, ended, hand_in

CONSOLE = Console(quiet=True)
EPOCH = "select epoch from runtime.installation"
UNFINISHED = "select sum(in_flight + waiting) from essay_lifecycle_service.fan_out"
REFERRED_TO = "select text_storage_id from essay_lifecycle_service.upload where text_storage_id is not null"


@pytest.fixture
def elsewhere(tmp_path_factory: pytest.TempPathFactory, lexicons: Path) -> Path:
    """Another data folder, which has its lexicons already."""
    folder = tmp_path_factory.mktemp("elsewhere")
    (folder / "lexicons").symlink_to(lexicons)
    return folder


async def column(dsn: str, query: str) -> list[object]:
    """The first column of what the database answers."""
    con = await asyncpg.connect(dsn)
    try:
        return [row[0] for row in await con.fetch(query)]
    finally:
        await con.close()


async def busy(api: Api, files: list[Path]) -> list[str]:
    """Batches that are being worked on."""
    batch_ids = [await hand_in(api, files) for _ in range(BATCHES)]
    for batch_id in batch_ids:
        while (await api.status(batch_id))["client_status"] != "processing":
            await drive(api, batch_id)
    return batch_ids


async def test_batches_in_flight_go_on_from_a_backup_without_loss_or_repeat(
    data_dir: Path, elsewhere: Path, essays: list[Path], victims: list[Victim], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ESSAY_LIFECYCLE_SERVICE_PHASE_WINDOW", "1")  # one essay at a time: there is much left to do
    victims.append(victim := Victim(data_dir))
    running = await victim.start()
    async with Api(running.addresses) as api:
        batch_ids = await busy(api, essays)
        one_more = asyncio.create_task(hand_in(api, essays))
        await backup(CONSOLE, data_dir, data_dir / "backup.tar")
        await one_more
    epoch = await column(running.dsn, EPOCH)
    victim.kill()

    await restore(CONSOLE, elsewhere, data_dir / "backup.tar")

    async with embedded_database(elsewhere) as (_, dsn):
        assert await column(dsn, UNFINISHED) > [0]
        assert await column(dsn, EPOCH) != epoch
        referred_to = await column(dsn, REFERRED_TO)
    kept = {path.name for path in (elsewhere / "content").rglob("*")}
    assert referred_to
    assert set(referred_to) <= kept
    assert (elsewhere / "content/key").read_bytes() == (data_dir / "content/key").read_bytes()
    victims.append(other := Victim(elsewhere))
    running = await other.start()
    async with Api(running.addresses) as api, asyncio.timeout(90):
        await ended(api, batch_ids)
    assert await books(running.dsn) == BALANCED


async def test_a_backup_goes_into_nothing_that_is_in_use_and_nothing_else_is_taken_for_one(
    data_dir: Path, elsewhere: Path, victims: list[Victim]
) -> None:
    victims.append(victim := Victim(data_dir))
    running = await victim.start()
    await backup(CONSOLE, data_dir, data_dir / "backup.tar")

    with pytest.raises(NotRestored):
        await restore(CONSOLE, data_dir, data_dir / "backup.tar")
    with pytest.raises(NotRestored):
        await restore(CONSOLE, elsewhere, data_dir / "platform.json")
    with pytest.raises(DumpFailed):
        await load(data_dir / "platform.json", running.dsn)
