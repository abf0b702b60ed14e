"""Those on whose behalf there is work take turns, whoever came first and however much it is."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import ClassVar

import pytest

from common_core.message import Message
from huleedu_service_libs.runtime import Cause, Database, Group, GroupCommit, PostgresEventBus, Work, current_unit, work

GROUP = "test_service"


class Chore(Message, frozen=True, kw_only=True):
    """Something slow."""

    topic: ClassVar[str] = "test.chore"
    producer: ClassVar[str] = GROUP
    stays: ClassVar[bool] = True
    batch_id: str


@pytest.fixture
async def database(database_dsn: str) -> AsyncIterator[Database]:
    database = await Database.connect(database_dsn, GROUP)
    yield database
    await database.close()


class Desk:
    """Does one chore after the other, and remembers whose they were."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.done: list[str] = []

    async def order(self, *counts: tuple[str, int]) -> None:
        """So many chores for each of these, in one transaction."""

        async def action() -> None:
            for name, count in counts:
                current_unit().say(
                    *(Work(Chore(batch_id=name)) for _ in range(count)), cause=Cause("c", {"user_id": name})
                )

        await GroupCommit(self._database, GROUP, lambda _: None).run(action, Cause("c"))

    async def work_off(self, count: int) -> Sequence[str]:
        """The next so many that are done."""
        self.done, enough = [], asyncio.Event()

        async def perform(chore: Chore) -> None:
            self.done.append(chore.batch_id)

        async def conclude(_: Chore, __: None) -> None:
            if len(self.done) >= count:
                enough.set()
                await asyncio.Event().wait()  # and so the bus ends with this one in hand

        bus = PostgresEventBus(self._database.dsn)
        bus.subscribe(
            self._database, [Group(name=GROUP, routes=(), work=(work(Chore, perform, conclude),), max_jobs=1)]
        )
        running = asyncio.create_task(bus.run())
        async with asyncio.timeout(30):
            await enough.wait()
        running.cancel()
        await asyncio.wait([running])
        return self.done


async def test_five_chores_are_not_behind_a_hundred(database: Database) -> None:
    desk = Desk(database)
    await desk.order(("large", 100))
    await desk.order(("small", 5))

    assert (await desk.work_off(12)).count("small") == 5


async def test_who_comes_while_others_work_takes_turns_with_them_from_now_on(database: Database) -> None:
    desk = Desk(database)
    await desk.order(("large", 60))
    await desk.work_off(30)
    await desk.order(("late", 20), ("large", 20))

    done = await desk.work_off(20)

    assert abs(done.count("late") - done.count("large")) <= 2


async def test_who_is_alone_is_done_in_order_and_at_once(database: Database) -> None:
    desk = Desk(database)
    await desk.order(("alone", 7))

    assert await desk.work_off(7) == ["alone"] * 7


async def test_turns_go_round_among_many(database: Database) -> None:
    desk = Desk(database)
    names = [f"teacher {n}" for n in range(8)]
    for name in names:
        await desk.order((name, 10))

    assert sorted(await desk.work_off(8)) == names
