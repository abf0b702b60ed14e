"""Processes contend for the same groups, and the owner is killed or stopped: each effect takes place once, in order."""

import asyncio
import random
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import asyncpg
import msgspec

from huleedu_service_libs.runtime import Cause, Database, GroupCommit, current_unit
from tests.chaos.contender import COUNTER, POISON, Counted

ROOT = Path(__file__).parents[2]
BATCHES = [f"batch {number}" for number in range(4)]
NEVER = -1
STRIKES = (signal.SIGKILL, signal.SIGSTOP, signal.SIGKILL, signal.SIGSTOP)
REST_SECONDS = 20
UNORDERED = ("worked", "rang")
SEED = 20261124

# The trigger notes what must never happen: a cursor that moves back.
TABLES = """
create schema chaos;
create table chaos.effect(id bigint generated always as identity, kind text, key text, number int);
create table chaos.moved_back(grp text);
create function chaos.note() returns trigger language plpgsql as $$
  begin insert into chaos.moved_back values (new.grp); return null; end $$;
create trigger back after update on runtime.cursor for each row when (new.at < old.at) execute function chaos.note()"""


class Arena:
    """A database, and the processes that contend in it, by who they are to each other."""

    def __init__(self, database: Database, breakage: str) -> None:
        self.database, self._breakage = database, breakage
        self.contenders: dict[str, Process] = {}
        self._commit = GroupCommit(database, "teller", lambda _: None)
        self.said = dict.fromkeys(BATCHES, 0)
        self.enough = False

    async def enter(self, stop_at: int = NEVER) -> str:
        """One more contender; it stops itself when it reads the number `stop_at`."""
        command = (sys.executable, "-m", "tests.chaos.contender", self.database.dsn, self._breakage, str(stop_at))
        process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=PIPE)
        assert process.stdout is not None
        owner = (await process.stdout.readline()).decode().strip()
        self.contenders[owner] = process
        return owner

    def strike(self, owner: str, sign: signal.Signals) -> None:
        """Send it this signal; a killed one is none any more."""
        self.contenders[owner].send_signal(sign)
        if sign == signal.SIGKILL:
            del self.contenders[owner]

    async def leave(self) -> None:
        """End them all, stopped ones too."""
        for process in self.contenders.values():
            process.kill()
            await process.wait()

    async def owner(self) -> str | None:
        """Who counts, at present."""
        owner: str | None = await self.database.pool.fetchval(
            "select owner from runtime.cursor where grp = $1", COUNTER
        )
        return owner

    async def owned_by(self, fits: Callable[[str], bool]) -> str:
        """Wait until somebody who fits counts; who."""
        while (owner := await self.owner()) is None or not fits(owner):
            await asyncio.sleep(0.02)
        return owner

    async def say(self, batch_id: str, count: int) -> None:
        """Say this batch's next numbers."""
        numbers = range(self.said[batch_id] + 1, self.said[batch_id] + count + 1)

        async def action() -> None:
            current_unit().say(*(Counted(batch_id=batch_id, number=number) for number in numbers))

        await self._commit.run(action, Cause(""))
        self.said[batch_id] += count

    async def keep_saying(self, batch_id: str) -> None:
        """Until it is enough."""
        chance = random.Random(f"{SEED} {batch_id}")
        while not self.enough:
            await self.say(batch_id, chance.randrange(1, 20))
            await asyncio.sleep(chance.uniform(0, 0.3))

    async def at_rest(self) -> None:
        """Wait until all has been read and done, or has had the time to."""
        with suppress(TimeoutError):
            async with asyncio.timeout(REST_SECONDS):
                while not await self.database.pool.fetchval(
                    """select bool_and(at = next) and not exists (select from runtime.work)
                      and not exists (select from runtime.timer) from runtime.cursor, runtime.head"""
                ):
                    await asyncio.sleep(0.05)

    async def books(self) -> dict[str, Any]:
        """What took effect, by kind and batch, in the order in which it did; and what must not have happened."""
        pool = self.database.pool
        effects = await pool.fetch(
            "select kind, key, array_agg(number order by id) as numbers from chaos.effect group by kind, key"
        )
        letters = await pool.fetch("select raw from runtime.dead_letter")
        return {
            **{f"{row['kind']} {row['key']}": row["numbers"] for row in effects if row["kind"] in ("counted", "heard")},
            **{f"{row['kind']} {row['key']}": sorted(row["numbers"]) for row in effects if row["kind"] in UNORDERED},
            "dead": sorted(
                (data["batch_id"], data["number"])
                for row in letters
                for data in [msgspec.json.decode(row["raw"])["data"]]
            ),
            "moved back": await pool.fetchval("select count(*) from chaos.moved_back"),
        }

    def due(self) -> dict[str, Any]:
        """What the books must say."""
        good = {key: [n for n in range(1, last + 1) if n % POISON] for key, last in self.said.items() if last}
        return {
            **{f"{kind} {key}": numbers for key, numbers in good.items() for kind in ("counted", "heard")},
            **{f"worked {key}": [n for n in numbers if n % 5 == 0] for key, numbers in good.items()},
            **{f"rang {key}": [n for n in numbers if n % 7 == 0] for key, numbers in good.items()},
            "dead": sorted((key, n) for key, last in self.said.items() for n in range(POISON, last + 1, POISON)),
            "moved back": 0,
        }


@asynccontextmanager
async def arena(dsn: str, breakage: str = "") -> AsyncIterator[Arena]:
    """An arena, cleared in the end."""
    con = await asyncpg.connect(dsn)
    await con.execute(TABLES)
    await con.close()
    database = await Database.connect(dsn, "chaos")
    made = Arena(database, breakage)
    try:
        yield made
    finally:
        await made.leave()
        await database.close()


async def test_whoever_of_two_is_killed_or_stopped_each_effect_takes_place_once_and_in_order(database_dsn: str) -> None:
    async with arena(database_dsn) as arena_, asyncio.timeout(60):
        await arena_.enter()
        await arena_.enter()
        tellers = [asyncio.create_task(arena_.keep_saying(batch_id)) for batch_id in BATCHES]
        for sign in STRIKES:
            struck = await arena_.owned_by(arena_.contenders.__contains__)
            arena_.strike(struck, sign)
            await arena_.owned_by(lambda owner, struck=struck: owner != struck)  # type: ignore[misc]
            if sign == signal.SIGSTOP:
                arena_.strike(struck, signal.SIGCONT)
            else:
                await arena_.enter()
        arena_.enough = True
        await asyncio.gather(*tellers)
        await arena_.at_rest()

        assert await arena_.books() == arena_.due()
        assert sum(arena_.said.values()) > 1000


async def test_a_process_stopped_between_reading_and_effect_finds_itself_fenced(database_dsn: str) -> None:
    async with arena(database_dsn) as arena_, asyncio.timeout(30):
        await stopped_in_mid_poll(arena_)

        assert await arena_.books() == arena_.due()


async def test_without_the_fence_what_a_stopped_process_had_read_takes_effect_twice(database_dsn: str) -> None:
    async with arena(database_dsn, "no-fence") as arena_, asyncio.timeout(30):
        await stopped_in_mid_poll(arena_)

        counted = (await arena_.books())[f"counted {BATCHES[0]}"]
        assert len(counted) > len(set(counted))


async def stopped_in_mid_poll(arena_: Arena) -> None:
    """The owner stops once it has read; another takes over and handles all; then the first one goes on."""
    stopped = await arena_.enter(stop_at=50)
    await arena_.owned_by(lambda owner: owner == stopped)
    await arena_.say(BATCHES[0], 60)
    await arena_.enter()
    await arena_.owned_by(lambda owner: owner != stopped)
    await arena_.at_rest()
    arena_.strike(stopped, signal.SIGCONT)
    await until_alive(arena_, stopped)
    await arena_.at_rest()


async def until_alive(arena_: Arena, owner: str) -> None:
    """Wait until it beats again, and has had time for a poll: by then it has tried to settle what it had read."""
    beats = "select expires_at > now() + interval '2 seconds' from runtime.member where owner = $1"
    while not await arena_.database.pool.fetchval(beats, owner):
        await asyncio.sleep(0.05)
    await asyncio.sleep(0.5)
