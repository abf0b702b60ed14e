"""What the runtime promises for slow work: done once, waited for while something is away, never lost or endless."""

import asyncio
import io
import json
from collections.abc import AsyncIterator
from typing import ClassVar

import pytest

from common_core.message import Message
from huleedu_service_libs.errors import Unavailable
from huleedu_service_libs.logging_utils import configure_logging
from huleedu_service_libs.metrics import ServiceMetrics
from huleedu_service_libs.runtime import Database, Group, PostgresEventBus, Work, WorkRoute, current_unit, on, work
from huleedu_service_libs.runtime.dead_letters import ask_replay
from huleedu_service_libs.runtime.telemetry import ServiceTelemetry
from huleedu_service_libs.testing import Others, until

GROUP = "slow"


class Asked(Message, frozen=True, kw_only=True):
    """Something slow is asked for."""

    topic: ClassVar[str] = "test.asked"
    producer: ClassVar[str] = "*"
    batch_id: str


class Chore(Message, frozen=True, kw_only=True):
    """It is to be done by whoever has time; only its own service may say so."""

    topic: ClassVar[str] = "test.chore"
    producer: ClassVar[str] = "somebody_else"
    batch_id: str


class Done(Message, frozen=True, kw_only=True):
    """What came of it."""

    topic: ClassVar[str] = "test.done"
    producer: ClassVar[str] = "*"
    batch_id: str
    result: str


class Desk:
    """Does chores: `outcomes` are what comes of one attempt after the other, the last one again and again."""

    def __init__(self, *outcomes: str | Exception | None, time_limit: float = 60.0) -> None:
        self.outcomes, self._time_limit = list(outcomes), time_limit
        self.answers = True

    def route(self) -> WorkRoute:
        """Its work."""
        return work(Chore, self.perform, self.conclude, self.abandon, self._time_limit)

    async def order(self, asked: Asked) -> None:
        current_unit().say(Work(Chore(batch_id=asked.batch_id)))

    async def perform(self, _: Chore) -> str:
        outcome = self.outcomes.pop(0) if len(self.outcomes) > 1 else self.outcomes[0]
        if isinstance(outcome, Exception):
            raise outcome
        if outcome is None:
            await asyncio.Event().wait()
        return str(outcome)

    async def conclude(self, chore: Chore, result: str) -> None:
        current_unit().say(Done(batch_id=chore.batch_id, result=result))

    async def abandon(self, chore: Chore, error: Exception) -> None:
        if not self.answers:
            raise LookupError("nobody to answer")
        current_unit().say(Done(batch_id=chore.batch_id, result=f"abandoned: {type(error).__name__}"))


@pytest.fixture
async def database(database_dsn: str) -> AsyncIterator[Database]:
    database = await Database.connect(database_dsn, "test_service")
    yield database
    await database.close()


@pytest.fixture
def others(database: Database) -> Others:
    return Others(database, Done)


@pytest.fixture
def bus(database_dsn: str) -> PostgresEventBus:
    return PostgresEventBus(database_dsn)


@pytest.fixture
def metrics() -> ServiceMetrics:
    return ServiceMetrics("test_service")


@pytest.fixture
def open_desk(bus: PostgresEventBus, database: Database, metrics: ServiceMetrics) -> "OpenDesk":
    return OpenDesk(bus, database, metrics)


class OpenDesk:
    """Has a desk's group read."""

    def __init__(self, bus: PostgresEventBus, database: Database, metrics: ServiceMetrics) -> None:
        self._bus, self._database, self._metrics = bus, database, metrics

    def __call__(self, desk: Desk) -> None:
        group = Group(name=GROUP, routes=(on(Asked, desk.order),), work=(desk.route(),))
        self._bus.subscribe(self._database, [group], ServiceTelemetry(self._metrics))


def results(others: Others) -> list[str]:
    return [done.result for done in others.of(Done)]


async def test_what_is_away_is_waited_for_and_named_as_trouble_until_it_is_back(
    open_desk: OpenDesk, bus: PostgresEventBus, others: Others
) -> None:
    desk = Desk(Unavailable("BCS is away"))
    open_desk(desk)
    await others.say(Asked(batch_id="b"))

    async def in_trouble() -> bool:
        return bus.trouble(GROUP) == "work: Unavailable: BCS is away"

    async with others.listening(bus):
        await until(in_trouble)
        desk.outcomes[:] = ["done"]
        await others.at_rest(GROUP, Asked)

        assert results(others) == ["done"]
        assert bus.trouble(GROUP) is None


async def test_a_dead_item_is_answered_counted_and_logged(
    open_desk: OpenDesk, bus: PostgresEventBus, others: Others, metrics: ServiceMetrics
) -> None:
    stream = io.StringIO()
    pipe = configure_logging(stream=stream)
    open_desk(Desk(ValueError("cannot be done")))
    await others.say(Asked(batch_id="b"))

    async with others.listening(bus):
        await others.at_rest(GROUP, Asked)
    pipe.close()

    assert results(others) == ["abandoned: ValueError"]
    [line] = [line for text in stream.getvalue().splitlines() if (line := json.loads(text))["event"] == "set aside"]
    assert (line["topic"], line["batch_id"], line["reason"]) == ("test.chore", "b", "ValueError: cannot be done")
    assert metrics.registry.get_sample_value("dead_letters_total", {"group": GROUP}) == 1
    failed = {"group": GROUP, "topic": "test.chore", "outcome": "failed"}
    assert metrics.registry.get_sample_value("events_handled_total", failed) == 1


async def test_a_dead_item_asked_for_again_is_work_again(
    open_desk: OpenDesk, bus: PostgresEventBus, others: Others, database: Database
) -> None:
    open_desk(Desk(ValueError("not yet"), "done"))
    await others.say(Asked(batch_id="b"))

    async with others.listening(bus):
        await others.at_rest(GROUP, Asked)
        async with database.pool.acquire() as con:
            assert await ask_replay(con, [], everything=True) == 1

        async def replayed() -> bool:
            return len(others.of(Done)) == 2

        await until(replayed)

    assert results(others) == ["abandoned: ValueError", "done"]
    assert await others.dead_letters() == []


async def test_an_item_that_cannot_even_be_answered_is_set_aside_and_does_not_come_back(
    open_desk: OpenDesk, bus: PostgresEventBus, others: Others
) -> None:
    desk = Desk(ValueError("cannot be done"))
    desk.answers = False
    open_desk(desk)
    await others.say(Asked(batch_id="b"))

    async with others.listening(bus):
        await others.at_rest(GROUP, Asked)

    assert results(others) == []
    assert await others.dead_letters() == ["LookupError: nobody to answer"]


async def test_an_item_that_nobody_knows_how_to_do_is_set_aside(
    open_desk: OpenDesk, bus: PostgresEventBus, others: Others, database: Database
) -> None:
    open_desk(Desk("done"))
    await database.pool.execute("insert into runtime.work(grp, topic, payload) values ($1, 'of.old', '{}')", GROUP)

    async with others.listening(bus):
        await others.at_rest(GROUP)

    assert await others.dead_letters() == ["KeyError: 'of.old'"]


async def test_an_item_that_runs_out_of_time_again_and_again_is_given_up(
    open_desk: OpenDesk, bus: PostgresEventBus, others: Others
) -> None:
    open_desk(Desk(None, time_limit=0.01))
    await others.say(Asked(batch_id="b"))

    async with others.listening(bus):
        await others.at_rest(GROUP, Asked)

    assert results(others) == ["abandoned: OutOfTime"]


async def test_waiting_for_others_is_not_running_out_of_time(
    open_desk: OpenDesk, bus: PostgresEventBus, others: Others
) -> None:
    late = TimeoutError("the database took too long")
    open_desk(Desk(late, Unavailable("away"), None, "done", time_limit=0.01))
    await others.say(Asked(batch_id="b"))

    async with others.listening(bus):
        await others.at_rest(GROUP, Asked)

    assert results(others) == ["done"]


async def test_an_item_put_off_before_the_clock_was_set_back_is_done_now(
    open_desk: OpenDesk, bus: PostgresEventBus, others: Others, database: Database
) -> None:
    desk = Desk(Unavailable("away"))
    open_desk(desk)
    await others.say(Asked(batch_id="b"))

    async with others.listening(bus):

        async def put_off() -> bool:
            moved = "update runtime.work set not_before = now() + interval '1 hour' where owner is null and attempt > 0"
            return await database.pool.execute(moved) == "UPDATE 1"

        await until(put_off)
        desk.outcomes[:] = ["done"]
        await others.at_rest(GROUP, Asked)

    assert results(others) == ["done"]
