"""What only the log promises: readers are taken over and fenced, it is swept; and how commands share a commit."""

import asyncio
import gc
import weakref
from datetime import timedelta
from functools import partial

import asyncpg
import pytest

from huleedu_service_libs.errors import Unavailable
from huleedu_service_libs.runtime import Group, current_unit, on
from huleedu_service_libs.runtime.housekeeping import CHUNK, backlogs, sweep
from huleedu_service_libs.runtime.unit_of_work import UnitOfWork
from libs.service_libs.tests.bus_world import CAUSE, COUNTER, TALLY, PostgresWorld, Said, count, said


@pytest.fixture
def world(postgres_world: PostgresWorld) -> PostgresWorld:
    return postgres_world


async def test_bytes_that_are_no_message_are_set_aside(world: PostgresWorld) -> None:
    await world.say(*said(1))
    await world.database.pool.execute(
        "update runtime.head set next = 2; insert into runtime.log values (1, 1, 'test.said', 'b', 'not zstd')"
    )
    await world.say(*said(2))

    async with world.reading(COUNTER):
        await world.at_rest("counter")

    assert await world.tally("b") == [1, 2]
    assert [letter.reason for letter in await world.dead()] == ["ValueError: broken record batch"]


async def test_what_a_poll_held_goes_with_it_and_waits_for_no_collector(world: PostgresWorld) -> None:
    units: list[weakref.ref[UnitOfWork]] = []

    async def handle(message: Said) -> None:
        units.append(weakref.ref(current_unit()))
        await count(message)

    gc.disable()
    try:
        async with world.reading(Group(name="counter", routes=(on(Said, handle),), states=TALLY)):
            for number in range(10):
                await world.say(*said(number))
                await world.at_rest("counter")
        alive = [unit for unit in units if unit() is not None]
        assert len(alive) < len(units) / 2  # the driver's timers hold the context that they were set in
    finally:
        gc.enable()


async def test_commands_of_one_tick_share_a_commit_but_not_their_failures(world: PostgresWorld) -> None:
    async def put(number: int) -> int:
        current_unit().states(TALLY).put(f"b{number}", [number])
        current_unit().say(*said(number, batch_id=f"b{number}"))
        if number == 7:
            raise LookupError("refused")
        return number

    outcomes = await asyncio.gather(
        *(world.commit.run(partial(put, number), CAUSE) for number in range(10)), return_exceptions=True
    )

    refused = [type(outcome) for outcome in outcomes if isinstance(outcome, Exception)]
    assert sorted(refused, key=str) == sorted([LookupError, asyncpg.CheckViolationError], key=str)
    assert [outcome for outcome in outcomes if isinstance(outcome, int)] == [1, 2, 3, 4, 5, 6, 8, 9]
    assert await world.database.pool.fetchval("select count(*) from tally") == 8
    assert await world.database.pool.fetchval("select next from runtime.head") == 8


async def test_a_client_that_goes_away_does_not_stop_the_others(world: PostgresWorld) -> None:
    async def put(number: int) -> None:
        current_unit().states(TALLY).put(f"b{number}", [number])

    gone = asyncio.create_task(world.commit.run(lambda: put(1), CAUSE))
    stays = asyncio.create_task(world.commit.run(lambda: put(2), CAUSE))
    await asyncio.sleep(0)
    gone.cancel()
    await stays

    await world.commit.run(lambda: put(3), CAUSE)
    assert await world.tally("b3") == [3]


async def test_one_process_reads_for_a_group_and_another_takes_over_at_once(world: PostgresWorld) -> None:
    second = world.beside(take_over=True)
    async with world.reading(COUNTER):
        await world.say(*said(1))
        await world.at_rest("counter")
        async with second.reading(COUNTER):
            await world.until_sql("select owner = $1 from runtime.cursor where grp = 'counter'", second.bus.owner)
            await world.say(*said(2))
            await world.at_rest("counter")
        await world.say(*said(3))
        await world.at_rest("counter")
        await world.until_sql("select owner = $1 from runtime.cursor where grp = 'counter'", world.bus.owner)

    assert await world.tally("b") == [1, 2, 3]


async def test_commands_whose_connection_is_lost_are_not_tried_again_for_their_commit_may_have_happened(
    world: PostgresWorld,
) -> None:
    done: list[int] = []

    async def put(number: int) -> None:
        done.append(number)
        current_unit().say(*said(number))
        if number == 2:
            pid = await current_unit().connection.fetchval("select pg_backend_pid()")
            await world.database.pool.execute("select pg_terminate_backend($1)", pid)

    outcomes = await asyncio.gather(
        *(world.commit.run(partial(put, number), CAUSE) for number in (1, 2)), return_exceptions=True
    )

    assert [type(outcome) for outcome in outcomes] == [Unavailable, Unavailable]
    assert done == [1, 2]


async def test_a_group_is_taken_over_at_once_though_its_owner_is_just_moving_its_cursor(world: PostgresWorld) -> None:
    second = world.beside(take_over=True)
    async with world.reading(COUNTER):
        await world.until_sql("select owner = $1 from runtime.cursor where grp = 'counter'", world.bus.owner)
        async with world.database.transaction() as moving:
            await moving.execute("select from runtime.cursor where grp = 'counter' for update")
            taking = asyncio.create_task(taken_over(second))
            await world.until_sql("select exists (select from pg_stat_activity where wait_event_type = 'Lock')")
        await taking


async def test_who_has_taken_over_does_so_again_when_it_was_taken_for_gone(world: PostgresWorld) -> None:
    owns = "select owner = $1 from runtime.cursor where grp = 'counter'"
    second = world.beside(take_over=True)
    async with world.reading(COUNTER), second.reading(COUNTER):
        await world.until_sql(owns, second.bus.owner)
        await world.database.pool.fetchval(
            """with silent as (update runtime.member set expires_at = now() - interval '1 second' where owner = $1)
            update runtime.cursor set owner = $2, epoch = epoch + 1 where grp = 'counter' returning 1""",
            second.bus.owner,
            world.bus.owner,
        )
        await world.until_sql(owns, second.bus.owner)


async def taken_over(world: PostgresWorld) -> None:
    async with world.reading(COUNTER):
        await world.until_sql("select owner = $1 from runtime.cursor where grp = 'counter'", world.bus.owner)


async def test_a_dead_process_does_not_seem_alive_because_the_clock_was_set_back(world: PostgresWorld) -> None:
    await world.database.pool.execute(
        """insert into runtime.member values ('dead', now() + interval '1 hour');
        insert into runtime.cursor(grp, owner) values ('counter', 'dead')"""
    )
    await world.say(*said(1))

    async with world.reading(COUNTER):
        await world.at_rest("counter")

    assert await world.tally("b") == [1]


async def test_the_log_is_swept_of_what_every_group_has_passed_and_of_nothing_else(world: PostgresWorld) -> None:
    await world.say(*said(1, 2, 3))
    async with world.reading(COUNTER):
        await world.at_rest("counter")
    await world.database.pool.execute("insert into runtime.cursor(grp, at) values ('behind', 2)")

    async with world.database.pool.acquire() as con:
        assert await sweep(con, timedelta(0)) == 0
        assert [b.lag for b in await backlogs(con, ["behind"])] == [4]
        await con.execute("update runtime.cursor set at = 3 where grp = 'behind'")
        assert await sweep(con, timedelta(hours=1)) == 0
        assert await sweep(con, timedelta(0)) == 1
        assert await con.fetchval("select min(first) from runtime.log") == 3


async def test_a_log_longer_than_one_sweep_is_swept_in_one_go(world: PostgresWorld) -> None:
    await world.database.pool.execute(
        f"""insert into runtime.log select n, 1, 'test.old', 'b', '' from generate_series(0, {CHUNK}) n;
        update runtime.head set next = {CHUNK + 1};
        insert into runtime.cursor(grp, at) values ('counter', {CHUNK + 1})"""
    )
    tidy = PostgresWorld(world.database, keep=timedelta(0))

    async with tidy.reading(COUNTER):
        await tidy.until_sql("select not exists (select from runtime.log)")
