"""The database dies in the middle of everything: who is left starts it again, clients are told so, nothing is lost."""

import asyncio
import json
import os
import random
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import aiohttp
import pytest

from huleedu.api import Api
from tests.chaos.victim import BALANCED, BATCHES, Victim, books, drive, ended, hand_in

BLOWS, SEED = 3, 20261124
PATIENCE = 60


def strike_database(data_dir: Path) -> None:
    """kill -9 of the server, whoever runs it."""
    pid = int((data_dir / "postgres/cluster/postmaster.pid").read_text().splitlines()[0])
    os.kill(pid, signal.SIGKILL)


def runner_of_database(data_dir: Path) -> int:
    """The process that started the server, and that it dies with."""
    owner: int = json.loads((data_dir / "postgres/run.json").read_text())["owner"]
    return owner


@asynccontextmanager
async def asking(url: str) -> AsyncIterator[list[tuple[int, str | None]]]:
    """Within: ask again and again; each answer's status, and when to come back."""
    answers: list[tuple[int, str | None]] = []

    async def ask(session: aiohttp.ClientSession) -> None:
        while True:
            async with session.get(url) as response:
                answers.append((response.status, response.headers.get("Retry-After")))
            await asyncio.sleep(0.005)

    async with aiohttp.ClientSession(headers={"X-User-ID": "teacher"}) as session:
        asker = asyncio.create_task(ask(session))
        try:
            yield answers
        finally:
            asker.cancel()
            with suppress(asyncio.CancelledError):
                await asker


async def test_a_database_that_dies_is_started_again_and_nothing_is_lost(
    data_dir: Path, essays: list[Path], victims: list[Victim]
) -> None:
    chance = random.Random(SEED)
    victims.append(victim := Victim(data_dir))
    running = await victim.start()
    async with Api(running.addresses) as api, asyncio.timeout(PATIENCE):
        batch_ids = [await hand_in(api, essays) for _ in range(BATCHES)]
        async with asking(f"{running.addresses['batch_orchestrator_service']}/v1/batches?limit=1") as answers:
            for _ in range(BLOWS):
                for batch_id in batch_ids:
                    await drive(api, batch_id)
                await asyncio.sleep(chance.uniform(0, 0.3))
                strike_database(data_dir)
                await noticed_and_over(answers)
            await ended(api, batch_ids)

    assert await books(running.dsn) == BALANCED
    assert {status for status, _ in answers} == {200, 503}
    assert all(come_back for status, come_back in answers if status == 503)


async def test_without_a_survivor_that_starts_it_again_it_stays_away(data_dir: Path, victims: list[Victim]) -> None:
    victims.append(victim := Victim(data_dir, "no-survivor"))
    running = await victim.start()
    async with asking(f"{running.addresses['batch_orchestrator_service']}/v1/batches?limit=1") as answers:
        strike_database(data_dir)

        with pytest.raises(TimeoutError):
            async with asyncio.timeout(5):
                await noticed_and_over(answers)

    assert answers[-1][0] == 503


async def noticed_and_over(answers: list[tuple[int, str | None]]) -> None:
    """Wait until a client has been told that the database is away, and then that it is back."""
    begin = len(answers)
    while 503 not in (seen := [status for status, _ in answers[begin:]]) or seen[-1] == 503:
        await asyncio.sleep(0.01)


async def test_when_the_process_that_runs_the_database_dies_another_starts_it_again_and_takes_its_group_over(
    data_dir: Path, essays: list[Path], victims: list[Victim]
) -> None:
    alone = Victim(data_dir, words=("serve", "essay_lifecycle_service"))
    victims += [alone, platform := Victim(data_dir)]
    alone.spawn()
    await alone.announced()
    running = await platform.start()
    assert runner_of_database(data_dir) == alone.pid
    async with Api(running.addresses) as api, asyncio.timeout(PATIENCE):
        batch_ids = [await hand_in(api, essays) for _ in range(BATCHES)]
        alone.kill()
        await ended(api, batch_ids)

    assert await books(running.dsn) == BALANCED
    assert runner_of_database(data_dir) == running.pid
