"""What the runtime promises: each message takes effect once, in order; one that cannot is set aside by itself."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, ClassVar

import asyncpg
import pytest

from common_core.message import Envelope, Message
from huleedu_service_libs.errors import Unavailable
from huleedu_service_libs.runtime import (
    Cause,
    Database,
    Group,
    GroupCommit,
    Later,
    Never,
    PostgresEventBus,
    Prepared,
    Work,
    cause_of,
    current_unit,
    on,
    on_prepared,
    on_run,
    work,
)
from huleedu_service_libs.runtime.connection import Connection
from huleedu_service_libs.runtime.dead_letters import DeadLetter, ask_replay, letters
from huleedu_service_libs.runtime.housekeeping import CHUNK, backlogs, sweep
from huleedu_service_libs.runtime.unit_of_work import encode

CAUSE = Cause("00000000-0000-4000-8000-000000000001")


class Said(Message, frozen=True, kw_only=True):
    """Something for one batch, with a number to tell it by."""

    topic: ClassVar[str] = "test.said"
    producer: ClassVar[str] = "*"
    batch_id: str
    number: int


class Echoed(Message, frozen=True, kw_only=True):
    """The answer to what was said."""

    topic: ClassVar[str] = "test.echoed"
    producer: ClassVar[str] = "*"
    batch_id: str
    number: int


class Owned(Message, frozen=True, kw_only=True):
    """Only one service may say this."""

    topic: ClassVar[str] = "test.owned"
    producer: ClassVar[str] = "owner_service"
    batch_id: str


class Tally:
    """A Table of one number per batch, in SQL, so that effects are what the database says."""

    async def read(self, con: Connection, keys: Sequence[str]) -> dict[str, list[int]]:
        rows = await con.fetch("select batch_id, numbers from tally where batch_id = any($1) for update", list(keys))
        return {row["batch_id"]: list(row["numbers"]) for row in rows}

    async def write(self, con: Connection, states: Any) -> None:
        for key, numbers in states.items():
            await con.execute(
                "insert into tally values ($1, $2) on conflict (batch_id) do update set numbers = excluded.numbers",
                key,
                numbers,
            )


TALLY = Tally()


async def count(message: Said) -> None:
    """Append the number to its batch's tally; some numbers are refused by a rule, some by the database."""
    unit = current_unit()
    numbers = await unit.states(TALLY).get(message.batch_id) or []
    unit.states(TALLY).put(message.batch_id, [*numbers, message.number])
    unit.say(Echoed(batch_id=message.batch_id, number=message.number))
    if message.number < 0:
        raise ValueError("this number is refused by the rule")


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Look again until it holds; the test's own time limit ends it otherwise."""
    while not await condition():
        await asyncio.sleep(0.01)


class World:
    """One database with a bus over it, and what was seen coming out."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.bus = PostgresEventBus(database.dsn)
        self.commit = GroupCommit(database, "teller", self.bus.said)

    async def say(self, *effects: Message | Later | Never | Work, cause: Cause = CAUSE) -> None:
        async def action() -> None:
            current_unit().say(*effects)

        await self.commit.run(action, cause)

    async def tally(self, batch_id: str) -> list[int]:
        found = await self.database.pool.fetchval("select numbers from tally where batch_id = $1", batch_id)
        return list(found or [])

    async def dead(self) -> list[DeadLetter]:
        async with self.database.pool.acquire() as con:
            return await letters(con)

    async def at_rest(self, group: str) -> None:
        """Wait until the group has handled everything that was said."""
        await self.until_sql("select next = (select at from runtime.cursor where grp = $1) from runtime.head", group)

    async def until_sql(self, question: str, *arguments: object) -> None:
        """Wait until the database answers yes."""

        async def yes() -> bool:
            return bool(await self.database.pool.fetchval(question, *arguments))

        await until(yes)

    @asynccontextmanager
    async def reading(self, *groups: Group) -> AsyncIterator[None]:
        self.bus.subscribe(self.database, groups)
        task = asyncio.create_task(self.bus.run())
        try:
            async with asyncio.timeout(20):
                yield
        finally:
            task.cancel()
            await asyncio.wait([task])


@pytest.fixture
async def world(database_dsn: str) -> AsyncIterator[World]:
    database = await Database.connect(database_dsn, "test_service")
    await database.pool.execute("create schema test_service")
    await database.pool.execute(
        "create table tally(batch_id text primary key, numbers int[] check (0 <> all(numbers)))"
    )
    yield World(database)
    await database.close()


COUNTER = Group(name="counter", routes=(on(Said, count),), states=TALLY)


def said(*numbers: int, batch_id: str = "b") -> list[Said]:
    return [Said(batch_id=batch_id, number=number) for number in numbers]


async def test_messages_of_a_batch_take_effect_once_and_in_order(world: World) -> None:
    await world.say(*said(*range(1, 2001)))

    async with world.reading(COUNTER):
        await world.at_rest("counter")

    assert await world.tally("b") == list(range(1, 2001))


async def test_a_refused_message_leaves_no_trace_and_holds_up_nobody(world: World) -> None:
    await world.say(*said(1, -2, 3))

    async with world.reading(COUNTER):
        await world.at_rest("counter")

    assert await world.tally("b") == [1, 3]
    assert [letter.reason for letter in await world.dead()] == ["ValueError: this number is refused by the rule"]


async def test_what_the_database_refuses_is_found_by_halving(world: World) -> None:
    await world.say(*said(*range(1, 50)), *said(0, batch_id="other"), *said(*range(50, 100)))

    async with world.reading(COUNTER):
        await world.at_rest("counter")

    assert await world.tally("b") == list(range(1, 100))
    [letter] = await world.dead()
    assert letter.key == "other"
    assert "SQLSTATE 23514" in letter.reason


async def test_bytes_that_are_no_message_are_set_aside(world: World) -> None:
    await world.say(*said(1))
    await world.database.pool.execute(
        "update runtime.head set next = 2; insert into runtime.log values (1, 1, 'test.said', 'b', 'not zstd')"
    )
    await world.say(*said(2))

    async with world.reading(COUNTER):
        await world.at_rest("counter")

    assert await world.tally("b") == [1, 2]
    assert [letter.reason for letter in await world.dead()] == ["ValueError: broken record batch"]


async def test_a_message_from_the_wrong_producer_is_set_aside(world: World) -> None:
    async def handle(_: Owned) -> None:
        raise AssertionError("must not be handled")

    await world.say(Owned(batch_id="b"))

    async with world.reading(Group(name="counter", routes=(on(Owned, handle),))):
        await world.at_rest("counter")

    [letter] = await world.dead()
    assert letter.reason.startswith("WrongProducer: test_service")


async def test_a_dead_letter_asked_for_again_goes_straight_to_its_handler(world: World) -> None:
    accepted: list[int] = []

    async def picky(message: Said) -> None:
        if message.number == 2 and not accepted:
            raise ValueError("not yet")
        accepted.append(message.number)

    await world.say(*said(2, 3))
    async with world.reading(Group(name="picky", routes=(on(Said, picky),))):
        await world.at_rest("picky")
        async with world.database.pool.acquire() as con:
            [letter] = await letters(con)
            assert await ask_replay(con, [letter.id]) == 1
        await world.until_sql("select not exists (select from runtime.dead_letter)")

    assert accepted == [3, 2]
    assert await world.dead() == []


async def test_message_after_message_failing_stops_the_group_instead_of_burying_the_topic(world: World) -> None:
    async def broken(_: Said) -> None:
        raise KeyError("a bug")

    for batch in range(50):
        await world.say(*said(1, batch_id=f"b{batch}"))

    async with world.reading(Group(name="broken", routes=(on(Said, broken),))):

        async def stopped() -> bool:
            return "in a row" in str(world.bus.trouble("broken"))

        await until(stopped)

    assert len(await world.dead()) < 50


async def test_a_run_is_handled_at_once_and_keeps_each_correlation_id(world: World) -> None:
    runs: list[int] = []

    async def echo(run: Sequence[Envelope[Said]]) -> None:
        runs.append(len(run))
        for envelope in run:
            echoed = Echoed(batch_id=envelope.data.batch_id, number=envelope.data.number)
            current_unit().say(echoed, cause=cause_of(envelope))

    heard: list[tuple[int, str]] = []

    async def hear(run: Sequence[Envelope[Echoed]]) -> None:
        heard.extend((e.data.number, e.correlation_id) for e in run)

    await world.say(*said(1), cause=Cause("one"))
    await world.say(*said(2), cause=Cause("two"))
    async with world.reading(
        Group(name="echo", routes=(on_run(Said, echo),)), Group(name="hear", routes=(on_run(Echoed, hear),))
    ):
        await world.at_rest("echo")
        await world.at_rest("hear")

    assert runs == [2]
    assert heard == [(1, "one"), (2, "two")]


async def test_a_failing_run_is_halved_until_the_message_to_blame_stands_alone(world: World) -> None:
    handled: list[int] = []

    async def handle(run: Sequence[Envelope[Said]]) -> None:
        if any(e.data.number == 5 for e in run):
            raise ValueError("five")
        handled.extend(e.data.number for e in run)

    await world.say(*said(*range(1, 9)))
    async with world.reading(Group(name="picky", routes=(on_run(Said, handle),))):
        await world.at_rest("picky")

    assert handled == [1, 2, 3, 4, 6, 7, 8]
    assert [letter.reason for letter in await world.dead()] == ["ValueError: five"]


async def test_what_needs_something_that_is_away_waits_and_nothing_is_lost(world: World) -> None:
    tries: list[int] = []
    handled: list[tuple[int, str]] = []

    async def prepare(envelope: Envelope[Said]) -> str:
        tries.append(envelope.data.number)
        if envelope.data.number == 2 and tries.count(2) < 3:
            raise Unavailable
        return "prepared"

    async def handle(run: Sequence[Prepared[Said, str]]) -> None:
        handled.extend((p.envelope.data.number, p.result) for p in run)

    await world.say(*said(1, 2, 3))
    async with world.reading(Group(name="patient", routes=(on_prepared(Said, prepare, handle),))):
        await world.at_rest("patient")

    assert handled == [(1, "prepared"), (2, "prepared"), (3, "prepared")]
    assert await world.dead() == []


async def test_a_work_item_is_performed_outside_and_concluded_inside(world: World) -> None:
    async def order(message: Said) -> None:
        current_unit().say(Work(message))

    async def perform(message: Said) -> int:
        if message.number == 3:
            raise ValueError("cannot be done")
        return message.number * 10

    async def conclude(message: Said, result: int) -> None:
        await current_unit().connection.execute("insert into tally values ($1, $2)", str(result), [result])

    async def abandon(message: Said, error: Exception) -> None:
        await current_unit().connection.execute("insert into tally values ('abandoned', $1)", [message.number])

    await world.say(*said(1, 2, 3))
    async with world.reading(
        Group(name="slow", routes=(on(Said, order),), work=(work(Said, perform, conclude, abandon),))
    ):
        await world.until_sql("select count(*) = 3 from tally")

    assert await world.tally("abandoned") == [3]
    assert [letter.reason for letter in await world.dead()] == ["ValueError: cannot be done"]
    assert await world.database.pool.fetchval("select count(*) from runtime.work") == 0


async def test_a_timer_fires_once_when_it_is_due_unless_it_is_forgotten(world: World) -> None:
    now = datetime.now(UTC)

    async def set_timers(message: Echoed) -> None:
        current_unit().say(
            Later(Said(batch_id="due", number=1), "due", now),
            Later(Said(batch_id="far", number=1), "far", now + timedelta(hours=1)),
            Later(Said(batch_id="forgotten", number=1), "forgotten", now + timedelta(milliseconds=1)),
            Never("forgotten"),
        )

    async def fire(message: Said) -> None:
        current_unit().states(TALLY).put(message.batch_id, [message.number])

    await world.say(Echoed(batch_id="b", number=0))
    async with world.reading(Group(name="clockwork", routes=(on(Echoed, set_timers), on(Said, fire)), states=TALLY)):
        await world.until_sql("select exists (select from tally where batch_id = 'due')")

    assert await world.tally("due") == [1]
    assert await world.database.pool.fetch("select name from runtime.timer") == [("far",)]


async def test_a_timer_that_fails_is_set_aside_under_its_batch(world: World) -> None:
    async def set_timer(message: Echoed) -> None:
        rings = Said(batch_id=message.batch_id, number=1)
        current_unit().say(Later(rings, "any name", datetime.now(UTC)))

    async def broken(_: Said) -> None:
        raise KeyError("a bug")

    await world.say(Echoed(batch_id="b", number=0))
    async with world.reading(Group(name="clockwork", routes=(on(Echoed, set_timer), on(Said, broken)))):
        await world.until_sql("select exists (select from runtime.dead_letter)")

    assert [letter.key for letter in await world.dead()] == ["b"]
    assert await world.database.pool.fetchval("select count(*) from runtime.timer") == 0


async def test_commands_of_one_tick_share_a_commit_but_not_their_failures(world: World) -> None:
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


async def test_a_client_that_goes_away_does_not_stop_the_others(world: World) -> None:
    async def put(number: int) -> None:
        current_unit().states(TALLY).put(f"b{number}", [number])

    gone = asyncio.create_task(world.commit.run(lambda: put(1), CAUSE))
    stays = asyncio.create_task(world.commit.run(lambda: put(2), CAUSE))
    await asyncio.sleep(0)
    gone.cancel()
    await stays

    await world.commit.run(lambda: put(3), CAUSE)
    assert await world.tally("b3") == [3]


async def test_one_process_reads_for_a_group_and_another_takes_over_at_once(world: World) -> None:
    second = World(world.database)
    second.bus = PostgresEventBus(world.database.dsn, take_over=True)
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


async def test_what_a_killed_transaction_said_is_as_if_never_said(world: World) -> None:
    async def doomed() -> None:
        current_unit().say(*said(1))
        pid = await current_unit().connection.fetchval("select pg_backend_pid()")
        await world.database.pool.execute("select pg_terminate_backend($1)", pid)

    with pytest.raises(Unavailable):
        await world.commit.run(doomed, CAUSE)
    await world.say(*said(2))

    async with world.reading(COUNTER):
        await world.at_rest("counter")
    assert await world.tally("b") == [2]


async def test_commands_whose_connection_is_lost_are_not_tried_again_for_their_commit_may_have_happened(
    world: World,
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


async def test_what_a_rule_says_of_a_state_that_is_rolled_back_does_not_count(world: World) -> None:
    async def after_no_zero(message: Said) -> None:
        states = current_unit().states(TALLY)
        numbers = await states.get(message.batch_id) or []
        if 0 in numbers:
            raise ValueError("there is a zero")
        states.put(message.batch_id, [*numbers, message.number])

    await world.say(*said(1, 0, 2, 3))
    async with world.reading(Group(name="picky", routes=(on(Said, after_no_zero),), states=TALLY)):
        await world.at_rest("picky")

    assert await world.tally("b") == [1, 2, 3]
    assert len(await world.dead()) == 1


async def test_a_group_is_taken_over_at_once_though_its_owner_is_just_moving_its_cursor(world: World) -> None:
    second = World(world.database)
    second.bus = PostgresEventBus(world.database.dsn, take_over=True)
    async with world.reading(COUNTER):
        await world.until_sql("select owner = $1 from runtime.cursor where grp = 'counter'", world.bus.owner)
        async with world.database.transaction() as moving:
            await moving.execute("select from runtime.cursor where grp = 'counter' for update")
            taking = asyncio.create_task(taken_over(second))
            await world.until_sql("select exists (select from pg_stat_activity where wait_event_type = 'Lock')")
        await taking


async def test_who_has_taken_over_does_so_again_when_it_was_taken_for_gone(world: World) -> None:
    owns = "select owner = $1 from runtime.cursor where grp = 'counter'"
    second = World(world.database)
    second.bus = PostgresEventBus(world.database.dsn, take_over=True)
    async with world.reading(COUNTER), second.reading(COUNTER):
        await world.until_sql(owns, second.bus.owner)
        await world.database.pool.fetchval(
            """with silent as (update runtime.member set expires_at = now() - interval '1 second' where owner = $1)
            update runtime.cursor set owner = $2, epoch = epoch + 1 where grp = 'counter' returning 1""",
            second.bus.owner,
            world.bus.owner,
        )
        await world.until_sql(owns, second.bus.owner)


async def taken_over(world: World) -> None:
    async with world.reading(COUNTER):
        await world.until_sql("select owner = $1 from runtime.cursor where grp = 'counter'", world.bus.owner)


async def test_a_dead_process_does_not_seem_alive_because_the_clock_was_set_back(world: World) -> None:
    await world.database.pool.execute(
        """insert into runtime.member values ('dead', now() + interval '1 hour');
        insert into runtime.cursor(grp, owner) values ('counter', 'dead')"""
    )
    await world.say(*said(1))

    async with world.reading(COUNTER):
        await world.at_rest("counter")

    assert await world.tally("b") == [1]


async def test_replayed_letters_that_fail_again_are_buried_again_however_many_they_are(world: World) -> None:
    async def broken(message: Said) -> None:
        if message.number < 0:
            raise KeyError("a bug")
        current_unit().states(TALLY).put(message.batch_id, [message.number])

    raw = (
        "insert into runtime.dead_letter(grp, topic, key, reason, raw, wanted) values ('picky', $1, $2, 'r', $3, true)"
    )
    for number in range(60):
        message = said(-1 if number < 59 else 1, batch_id=f"b{number}")[0]
        envelope = Envelope(
            event_id=str(number),
            event_type=Said.topic,
            event_timestamp=datetime.now(UTC),
            source_service="test_service",
            correlation_id="",
            data=message,
        )
        await world.database.pool.execute(raw, Said.topic, message.batch_id, encode(envelope))

    async with world.reading(Group(name="picky", routes=(on(Said, broken),), states=TALLY)):
        await world.until_sql("select count(*) = 59 and not bool_or(wanted) from runtime.dead_letter")

        assert world.bus.trouble("picky") is None
    assert await world.tally("b59") == [1]


async def test_the_log_is_swept_of_what_every_group_has_passed_and_of_nothing_else(world: World) -> None:
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


async def test_a_log_longer_than_one_sweep_is_swept_in_one_go(world: World) -> None:
    await world.database.pool.execute(
        f"""insert into runtime.log select n, 1, 'test.old', 'b', '' from generate_series(0, {CHUNK}) n;
        update runtime.head set next = {CHUNK + 1};
        insert into runtime.cursor(grp, at) values ('counter', {CHUNK + 1})"""
    )
    world.bus = PostgresEventBus(world.database.dsn, keep=timedelta(0))

    async with world.reading(COUNTER):
        await world.until_sql("select not exists (select from runtime.log)")
