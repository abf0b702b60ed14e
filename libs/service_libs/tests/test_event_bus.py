"""What every bus promises: each message takes effect once, in order; one that cannot is set aside by itself."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from common_core.message import Envelope, Message
from huleedu_service_libs.errors import Unavailable
from huleedu_service_libs.runtime import (
    Cause,
    Group,
    Later,
    Never,
    Prepared,
    Work,
    cause_of,
    current_unit,
    on,
    on_prepared,
    on_run,
    work,
)
from huleedu_service_libs.runtime.dead_letters import ask_replay, letters
from libs.service_libs.tests.bus_world import CAUSE, COUNTER, TALLY, Echoed, Owned, Said, World, said, written
from libs.service_libs.tests.watching import hub_over, numbers, until_open, watch, whispered


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
        await world.until_trouble("broken", "in a row")

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


async def test_replayed_letters_that_fail_again_are_buried_again_however_many_they_are(world: World) -> None:
    async def broken(message: Said) -> None:
        if message.number < 0:
            raise KeyError("a bug")
        current_unit().states(TALLY).put(message.batch_id, [message.number])

    for number in range(60):
        await bury(world, "picky", *said(-1 if number < 59 else 1, batch_id=f"b{number}"))

    async with world.reading(Group(name="picky", routes=(on(Said, broken),), states=TALLY)):
        await world.until_sql("select count(*) = 59 and not bool_or(wanted) from runtime.dead_letter")

        assert world.trouble("picky") is None
    assert await world.tally("b59") == [1]


async def bury(world: World, group: str, *messages: Message) -> None:
    """Dead letters that an operator has asked for again."""
    for message in messages:
        await world.database.pool.execute(
            "insert into runtime.dead_letter(grp, topic, key, reason, raw, wanted) values ($1, $2, $3, 'r', $4, true)",
            world.named(group),
            message.topic,
            message.key,
            written(message),
        )


async def test_two_processes_with_one_group_handle_each_message_once_between_them(world: World) -> None:
    second = world.beside()
    batches = [f"b{number}" for number in range(20)]
    async with world.reading(COUNTER):
        await world.say(*said(1, batch_id="first"))
        await world.until_tally("first", 1)
        async with second.reading(COUNTER):
            await say_to_all(world, batches, range(1, 20))
            await second.at_rest("counter")
        await say_to_all(world, batches, range(20, 30))
        await world.at_rest("counter")

    assert [await world.tally(batch_id) for batch_id in batches] == [list(range(1, 30))] * len(batches)


async def say_to_all(world: World, batches: Sequence[str], numbers: Sequence[int]) -> None:
    """A message for each batch and number, one transaction a number."""
    for number in numbers:
        await world.say(*(said(number, batch_id=batch_id)[0] for batch_id in batches))


async def test_two_processes_fire_each_timer_do_each_work_item_and_replay_each_letter_once(world: World) -> None:
    async def order(message: Said) -> None:
        rings = Echoed(batch_id="timer", number=message.number)
        current_unit().say(Work(message), Later(rings, f"ring {message.number}", datetime.now(UTC)))

    async def perform(message: Said) -> int:
        return message.number

    async def conclude(message: Said, result: int) -> None:
        await note("work", result)

    async def hear(message: Echoed) -> None:
        await note(message.batch_id, message.number)

    async def note(what: str, number: int) -> None:
        await current_unit().connection.execute("insert into done values ($1, $2)", what, number)

    await world.database.pool.execute("create table done(what text, number int)")
    await bury(world, "busy", *(Echoed(batch_id="letter", number=number) for number in range(20)))
    routes = on(Said, order), on(Echoed, hear)
    busy = Group(name="busy", routes=routes, work=(work(Said, perform, conclude),), max_jobs=1, max_messages=3)
    async with world.reading(busy), world.beside().reading(busy):
        await world.say(*said(*range(20)))
        await world.until_sql("select count(*) >= 60 from done")
        await world.at_rest("busy")

    done = Counter((row["what"], row["number"]) for row in await world.database.pool.fetch("select * from done"))
    assert done == {(what, number): 1 for what in ("work", "timer", "letter") for number in range(20)}


async def test_a_group_that_was_waiting_for_something_says_so_until_it_has_it(world: World) -> None:
    there: list[str] = []

    async def prepare(envelope: Envelope[Said]) -> None:
        if not there:
            raise Unavailable("the other service is away")

    async def handle(run: Sequence[Prepared[Said, None]]) -> None:
        pass

    await world.say(*said(1))
    async with world.reading(Group(name="patient", routes=(on_prepared(Said, prepare, handle),))):
        await world.until_trouble("patient", "the other service is away")
        there.append("it is")
        await world.until_well("patient")


async def test_what_another_process_says_to_itself_is_seen_here_at_once(world: World) -> None:
    hub, _ = hub_over(world)
    elsewhere = world.beside()
    async with world.reading(), elsewhere.reading():
        watching = asyncio.create_task(watch(hub, "b", 3))
        await until_open(hub)
        await elsewhere.say(*whispered(1), *said(1))
        await world.say(*whispered(2))

        assert numbers(await watching) == [1, 2]
