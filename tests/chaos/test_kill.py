"""kill -9 of the whole platform in the middle of everything; started again, it ends with exactly the right counts."""

import asyncio
import random
from contextlib import suppress
from pathlib import Path

from huleedu.api import Api
from huleedu.run_file import RunningPlatform
from tests.chaos.victim import AWAY, BALANCED, BATCHES, Victim, books, drive, ended, hand_in

KILLS, SEED = 4, 20261124


async def life_with_kills(victim: Victim, files: list[Path], kills: int, patience: float) -> str:
    """Hand batches in, kill the platform again and again while they are worked on, then let them end; the database."""
    chance = random.Random(SEED)
    running = await victim.start()
    async with Api(running.addresses) as api:
        batch_ids = [await hand_in(api, files) for _ in range(BATCHES)]
    for _ in range(kills):
        async with Api(running.addresses) as api:
            for batch_id in batch_ids:
                await drive(api, batch_id)
            await asyncio.sleep(chance.uniform(0.0, 0.4))
        victim.kill()
        running = await victim.start()
    return await life_to_its_end(running, batch_ids, patience)


async def life_to_its_end(running: RunningPlatform, batch_ids: list[str], patience: float) -> str:
    """Let the batches end, if they do while one is patient; the database."""
    async with Api(running.addresses) as api:
        with suppress(TimeoutError):
            async with asyncio.timeout(patience):
                await ended(api, batch_ids)
    return running.dsn


async def test_a_killed_platform_goes_on_where_it_was_and_counts_everything_once(
    data_dir: Path, essays: list[Path], victims: list[Victim]
) -> None:
    victims.append(victim := Victim(data_dir))

    dsn = await life_with_kills(victim, essays, KILLS, patience=90)

    assert await books(dsn) == BALANCED


async def test_a_platform_that_is_told_to_stop_drains_in_time_and_loses_nothing(
    data_dir: Path, essays: list[Path], victims: list[Victim]
) -> None:
    victims.append(victim := Victim(data_dir))
    running = await victim.start()
    async with Api(running.addresses) as api:
        batch_ids = [await hand_in(api, essays) for _ in range(BATCHES)]

    assert await victim.stop() == 0

    running = await victim.start()
    async with Api(running.addresses) as api, asyncio.timeout(60):
        await ended(api, batch_ids)
    assert await books(running.dsn) == BALANCED


async def life_that_ends_with_results_in_hand(victim: Victim, files: list[Path], patience: float) -> str:
    """Hand a batch in and drive it until the platform has killed itself; start it again, and let the batch end."""
    running = await victim.start()
    async with Api(running.addresses) as api:
        batch_ids = [await hand_in(api, files) for _ in range(BATCHES)]
        while victim.alive:
            with suppress(*AWAY):
                await asyncio.gather(*(drive(api, batch_id) for batch_id in batch_ids))
            await asyncio.sleep(0.05)
    return await life_to_its_end(await victim.start(), batch_ids, patience)


async def test_results_that_were_read_but_not_yet_handled_when_it_was_killed_are_handled_afterwards(
    data_dir: Path, essays: list[Path], victims: list[Victim]
) -> None:
    victims.append(victim := Victim(data_dir, "killed-with-results-in-hand"))

    dsn = await life_that_ends_with_results_in_hand(victim, essays, patience=60)

    assert await books(dsn) == BALANCED


async def test_without_the_receipt_in_the_effects_transaction_the_books_do_not_balance(
    data_dir: Path, essays: list[Path], victims: list[Victim]
) -> None:
    victims.append(victim := Victim(data_dir, "receipt-before-effect"))

    dsn = await life_that_ends_with_results_in_hand(victim, essays, patience=5)

    assert await books(dsn) != BALANCED
