"""I19: services of this release take over from the last one with batches in flight, and every batch ends.

What runs is the code of the last release, from `docs/reference/released`, on the packages of today's `pdm.lock`, over
the log: 0.1.0 knows no other bus. What this release says over Kafka is the same bytes.
"""

import asyncio
import json
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import asyncpg
import pytest
import zstandard
from jsonschema import Draft202012Validator

from huleedu.api import Api
from huleedu.services import SERVICES
from tests.chaos.victim import BALANCED, Victim, books, drive, ended, hand_in
from tests.reference.files import committed
from tests.reference.releases import last_release, unpack_code
from tests.wire.releases import LastRelease, ThisService

ESSAYS = 5
PATIENCE_S = 60
HALVES = [
    ("essay_lifecycle_service", "spellchecker_service"),
    ("batch_orchestrator_service", "file_service", "nlp_service", "result_aggregator_service"),
]
"""What goes from one service to another goes, but for little, from one half to the other."""


@pytest.fixture(scope="session")
def packages(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Where the last release's packages are."""
    return unpack_code(last_release(), tmp_path_factory.mktemp("last_release"))


async def replace(old: Victim, news: Sequence[Victim], files: list[Path], patience: float) -> tuple[str, int]:
    """Hand batches in without end until the new services have taken over; let all end; the database, how many."""
    running = await old.start()
    async with Api(running.addresses) as api:
        taking_over = asyncio.create_task(take_over(news))
        batch_ids = [await hand_in(api, files)]
        while not taking_over.done():
            await asyncio.gather(*(drive(api, batch_id) for batch_id in batch_ids[-3:]))
            batch_ids.append(await hand_in(api, files))
        await taking_over
        batch_ids.append(await hand_in(api, files))
        with suppress(TimeoutError):
            async with asyncio.timeout(patience):
                await ended(api, batch_ids)
    return running.dsn, len(batch_ids)


async def take_over(news: Sequence[Victim]) -> None:
    """Start these; each reads for its group as soon as it is there."""
    for new in news:
        new.spawn()
    for new in news:
        await new.announced()


def balanced(batches: int) -> dict[str, object]:
    """The books when so many batches have ended, each essay spell-checked and analysed."""
    phases = batches * 2
    return {**BALANCED, "ended": batches, "phases": phases, "results": phases * ESSAYS, "told": phases * ESSAYS}


async def said(dsn: str) -> dict[str, list[bytes]]:
    """All that has been said, by topic."""
    con = await asyncpg.connect(dsn)
    try:
        rows = await con.fetch("select topic, payload from runtime.log")
    finally:
        await con.close()
    unpack = zstandard.ZstdDecompressor().decompress
    found: dict[str, list[bytes]] = {}
    for row in rows:
        found.setdefault(row["topic"], []).extend(unpack(row["payload"]).split(b"\n"))
    return found


def not_as_promised(records: dict[str, list[bytes]]) -> list[str]:
    """What the last release would not take for what it is called."""
    promised = {path.stem: Draft202012Validator(committed(path)) for path in (last_release() / "schemas").iterdir()}
    return [
        f"{topic}: {fault.message}"
        for topic in records.keys() & promised.keys()
        for record in records[topic]
        for fault in promised[topic].iter_errors(json.loads(record))
    ]


async def owners(dsn: str) -> dict[str, str]:
    """Which process reads for each group."""
    con = await asyncpg.connect(dsn)
    try:
        return {row["grp"]: row["owner"] for row in await con.fetch("select grp, owner from runtime.cursor")}
    finally:
        await con.close()


@pytest.mark.parametrize("half", HALVES, ids="+".join)
async def test_two_releases_share_the_work_and_every_batch_ends(
    data_dir: Path, essays: list[Path], victims: list[Victim], packages: list[Path], half: tuple[str, ...]
) -> None:
    old, news = LastRelease(data_dir, packages), [ThisService(data_dir, name) for name in half]
    victims += [old, *news]

    dsn, batches = await replace(old, news, essays[:ESSAYS], PATIENCE_S)

    assert await books(dsn) == balanced(batches)
    assert not_as_promised(await said(dsn)) == []
    readers = await owners(dsn)
    of_half = {group for group in readers if group.partition(".")[0] in half}
    assert {readers[group] for group in of_half}.isdisjoint(readers[group] for group in readers.keys() - of_half)


def test_the_last_release_runs_its_own_code(data_dir: Path, packages: list[Path]) -> None:
    had = [name for name in SERVICES if any((folder / name).exists() for folder in packages)]
    names = ["common_core", "huleedu_service_libs", "huleedu", *had]

    for place in LastRelease(data_dir, packages).places_of(names):
        assert any(place.is_relative_to(folder) for folder in packages), place
    assert {name for half in HALVES for name in half} <= set(had)


async def test_a_renamed_field_is_not_understood(
    data_dir: Path, essays: list[Path], victims: list[Victim], packages: list[Path]
) -> None:
    old, new = LastRelease(data_dir, packages), ThisService(data_dir, "essay_lifecycle_service", "renamed-field")
    victims += [old, new]

    dsn, batches = await replace(old, [new], essays[:ESSAYS], patience=3)

    assert await books(dsn) != balanced(batches)
    assert any("'phase_name' is a required property" in fault for fault in not_as_promised(await said(dsn)))
