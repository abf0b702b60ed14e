"""The log's offsets are dense and in commit order, whoever writes at the same time and whatever is rolled back."""

import asyncio
import random
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress

import asyncpg
import pytest

from huleedu_service_libs.runtime import log
from huleedu_service_libs.runtime.connection import Connection

OWNER, GROUP = "reader", "readers"
WRITERS, TURNS = 6, 60
TOPICS = ["a", "b"]
SEEDS = (1, 2)


class RolledBack(Exception):
    """This transaction was not to be."""


class Writer:
    """Counts keys up, each under its row's lock, and says each new count; a third of what it does is rolled back."""

    def __init__(self, con: Connection, seed: str) -> None:
        self._con, self._chance = con, random.Random(seed)

    async def write(self) -> None:
        for _ in range(TURNS):
            with suppress(RolledBack):
                async with self._con.transaction():
                    await self._turn()

    async def _turn(self) -> None:
        keys = sorted(self._chance.sample(KEYS, self._chance.randrange(1, 4)))
        counts = {key: await self._con.fetchval(COUNT_UP, key) for key in keys}
        await self._dawdle()
        await log.append(self._con, {(self._chance.choice(TOPICS), key): said(counts[key]) for key in keys})
        await self._dawdle()
        if self._chance.random() < 0.3:
            raise RolledBack

    async def _dawdle(self) -> None:
        if self._chance.random() < 0.2:
            await asyncio.sleep(self._chance.uniform(0, 0.01))


KEYS = [f"key {number}" for number in range(12)]
COUNT_UP = "update tally set count = count + 1 where key = $1 returning count"


def said(count: int) -> list[bytes]:
    """A count is said as so many messages that a record batch may hold more than one."""
    return [f"{count} {part}".encode() for part in range(1 + count % 3)]


class Reader:
    """Reads a few at a time, moves its cursor as it goes, and keeps all it has read."""

    def __init__(self, con: Connection, seed: str) -> None:
        self._con, self._chance = con, random.Random(seed)
        self.read: list[log.Record] = []

    async def until_told(self, enough: asyncio.Event) -> None:
        """Until nobody writes any more and all is read."""
        while True:
            last_look = enough.is_set()
            position, records = await log.read(self._con, GROUP, OWNER, TOPICS, self._chance.randrange(1, 9))
            assert position is not None
            if records:
                await log.move(self._con, log.Move(GROUP, position.at, records[-1].next, position.epoch))
                self.read += records
            elif last_look:
                return
            else:
                await asyncio.sleep(0.001)


@pytest.mark.parametrize("seed", SEEDS)
async def test_what_is_committed_is_read_once_in_commit_order_and_nothing_else(database_dsn: str, seed: int) -> None:
    connections = [await asyncpg.connect(database_dsn) for _ in range(WRITERS + 1)]
    con, *others = connections
    await con.execute("create table tally(key text primary key, count int not null)")
    await con.executemany("insert into tally values ($1, 0)", [(key,) for key in KEYS])
    await con.execute("insert into runtime.cursor(grp, owner) values ($1, $2)", GROUP, OWNER)
    reader, enough = Reader(con, f"reader {seed}"), asyncio.Event()

    reading = asyncio.create_task(reader.until_told(enough))
    await asyncio.gather(*(Writer(each, f"{seed} {number}").write() for number, each in enumerate(others)))
    enough.set()
    await reading

    counts = {row["key"]: row["count"] for row in await con.fetch("select key, count from tally")}
    assert heard(reader.read) == {
        key: [raw for n in range(1, last + 1) for raw in said(n)] for key, last in counts.items()
    }
    assert [record.next for record in reader.read] == list(
        range(1, await con.fetchval("select next from runtime.head") + 1)
    )
    assert Counter(counts).total() > WRITERS * TURNS / 2
    for each in connections:
        await each.close()


async def test_a_reader_passes_the_others_messages_only_when_none_of_its_own_is_left(database_dsn: str) -> None:
    con = await asyncpg.connect(database_dsn)
    await con.execute("insert into runtime.cursor(grp, owner) values ($1, $2)", GROUP, OWNER)
    await log.append(con, {("a", "key"): [b"1", b"2", b"3"], ("others", "key"): [b"4", b"5"]})

    some = await log.read(con, GROUP, OWNER, TOPICS, 3)
    all_of_them = await log.read(con, GROUP, OWNER, TOPICS, 4)

    assert [(p and p.drained, [r.next for r in records]) for p, records in (some, all_of_them)] == [
        (False, [1, 2, 3]),
        (True, [1, 2, 5]),
    ]
    await con.close()


async def test_a_broken_record_batch_counts_as_all_that_it_held(database_dsn: str) -> None:
    con = await asyncpg.connect(database_dsn)
    await con.execute("insert into runtime.cursor(grp, owner) values ($1, $2)", GROUP, OWNER)
    await log.append(con, {("a", "key"): [b"1", b"2", b"3"]})
    await con.execute("update runtime.log set payload = 'broken'")
    await log.append(con, {("b", "key"): [b"4"], ("a", "key"): [b"5"]})

    position, records = await log.read(con, GROUP, OWNER, TOPICS, 4)

    assert position is not None
    assert not position.drained
    assert [(record.next, record.broken) for record in records] == [(3, True), (4, False)]
    await con.close()


def heard(records: list[log.Record]) -> Mapping[str, list[bytes]]:
    """What was read about each key, in order."""
    return {key: [record.raw for record in records if record.key == key] for key in KEYS}
