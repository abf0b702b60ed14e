"""What a poll costs does not depend on how many essays or batches are in it."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

from common_core.enums import PhaseName
from essay_lifecycle_service.domain.intake import registration_of, upload_of
from essay_lifecycle_service.domain.matching import confirmation_of
from essay_lifecycle_service.domain.phases import Cancellation, Hold, plan_of
from essay_lifecycle_service.domain.requests import spellcheck_answers
from essay_lifecycle_service.domain.window import Policy
from essay_lifecycle_service.implementations import phase_statements as sql
from essay_lifecycle_service.implementations.intake_repository_postgres_impl import PostgreSQLIntakeRepositoryImpl
from essay_lifecycle_service.implementations.matching_repository_postgres_impl import PostgreSQLMatchingRepositoryImpl
from essay_lifecycle_service.implementations.phase_repository_postgres_impl import PostgreSQLPhaseRepositoryImpl
from essay_lifecycle_service.implementations.plan_shelf import PlanShelf
from essay_lifecycle_service.tests.said import AT, confirmed, id_of, provisioned, registered, spellcheck, spelled
from essay_lifecycle_service.tests.stores import unit_on
from huleedu_service_libs.runtime import Database
from huleedu_service_libs.runtime.connection import Connection


async def statements(con: Connection, action: Callable[[], Awaitable[Any]]) -> int:
    """How many statements the action takes."""
    seen: list[str] = []
    with con.query_logger(lambda record: seen.append(record.query)), unit_on(con):
        await action()
        await asyncio.sleep(0)  # the driver tells in the loop's next turn
    return len(seen)


async def life(con: Connection, batches: int, essays: int) -> list[int]:
    """The statements of five polls: registrations, files, commands, half of the answers, the other half.

    The window holds half of the essays, so that there is something to release.
    """
    school = f"{batches} of {essays}"
    classes = {f"{school}: class {b}": [f"{school}: essay {b}-{e}" for e in range(essays)] for b in range(batches)}
    pupils = [(name, essay) for name, members in classes.items() for essay in members]
    half = len(pupils) // 2
    intakes, phases = PostgreSQLIntakeRepositoryImpl(), PostgreSQLPhaseRepositoryImpl(Policy(window=half), PlanShelf())
    registrations = [registration_of(registered(name, members), "request", None) for name, members in classes.items()]
    files = [upload_of(provisioned(name, essay)) for name, essay in pupils]
    plans = [plan_of(spellcheck(name, members), id_of(name), "request", None) for name, members in classes.items()]
    answers = [answer for name, essay in pupils for answer in spellcheck_answers(spelled(name, essay))]
    return [
        await statements(con, lambda: intakes.register(registrations, AT)),
        await statements(con, lambda: intakes.receive(files, AT)),
        await statements(con, lambda: phases.open(PhaseName.SPELLCHECK, plans, AT)),
        await statements(con, lambda: phases.record(PhaseName.SPELLCHECK, answers[:half], AT)),
        await statements(con, lambda: phases.record(PhaseName.SPELLCHECK, answers[half:], AT)),
    ]


async def control(con: Connection, batches: int) -> list[int]:
    """The statements of five polls: pauses, resumptions, deadlines, cancellations, answers that come too late."""
    classes = [f"school of {batches}: class {b}" for b in range(batches)]
    phases = PostgreSQLPhaseRepositoryImpl(Policy(window=batches), PlanShelf())
    plans = [plan_of(spellcheck(name, [f"{name} a", f"{name} b"]), id_of(name), "request", None) for name in classes]
    addresses = [plan.address for plan in plans]
    answers = [answer for name in classes for answer in spellcheck_answers(spelled(name, f"{name} a"))]
    await statements(con, lambda: phases.open(PhaseName.SPELLCHECK, plans, AT))
    half = len(plans) // 2
    return [
        await statements(con, lambda: phases.hold([Hold(plan.batch_id, 1, waits=True) for plan in plans])),
        await statements(con, lambda: phases.hold([Hold(plan.batch_id, 2, waits=False) for plan in plans])),
        await statements(con, lambda: phases.close(PhaseName.SPELLCHECK, addresses[:half], AT)),
        await statements(
            con, lambda: phases.cancel([Cancellation(plan.batch_id, plan.run_id) for plan in plans[half:]], AT)
        ),
        await statements(con, lambda: phases.record(PhaseName.SPELLCHECK, answers, AT)),
    ]


async def students(con: Connection, batches: int, essays: int) -> list[int]:
    """The statements of two polls: commands to match, and confirmations that make batches ready."""
    names = {
        f"{batches} of {essays}: {b}": [f"{batches} of {essays}: {b}-{e}" for e in range(essays)]
        for b in range(batches)
    }
    intakes, matchings = PostgreSQLIntakeRepositoryImpl(), PostgreSQLMatchingRepositoryImpl()
    classes = [registration_of(registered(b, members, class_id="9a"), "request", None) for b, members in names.items()]
    await statements(con, lambda: intakes.register(classes, AT))
    files = [upload_of(provisioned(batch, essay)) for batch, members in names.items() for essay in members]
    await statements(con, lambda: intakes.receive(files, AT))
    decided = [confirmation_of(confirmed(batch, dict.fromkeys(members))) for batch, members in names.items()]
    return [
        await statements(con, lambda: matchings.ask([id_of(batch) for batch in names], AT)),
        await statements(con, lambda: matchings.confirm(decided, AT)),
    ]


def rows_seen(node: dict[str, Any]) -> float:
    """How many rows this part of a plan and those below it have looked at."""
    seen = node["Actual Rows"] + sum(node.get(f"Rows Removed by {what}", 0) for what in ("Filter", "Join Filter"))
    return float(seen * node["Actual Loops"]) + sum(map(rows_seen, node.get("Plans", ())))


async def test_an_answer_is_counted_in_without_a_look_at_other_batches_phases(database: Database) -> None:
    classes = [f"class {b}" for b in range(300)]
    phases = PostgreSQLPhaseRepositoryImpl(Policy(window=600), PlanShelf())
    plans = [plan_of(spellcheck(name, ["a", "b"]), id_of(name), "request", None) for name in classes]
    async with database.transaction() as con:
        await statements(con, lambda: phases.open(PhaseName.SPELLCHECK, plans, AT))
        ids = [row["id"] for row in await con.fetch("select id from phase")]
        nulls = f"array_fill(null::text, array[{len(ids)}])"
        columns = f"array{ids}, array_fill('{id_of('a')}'::text, array[{len(ids)}]), {nulls}, {nulls}::bytea[], {nulls}"
        await con.execute(f"prepare count_in as {sql.RECORD}")
        await con.execute("set local plan_cache_mode = force_generic_plan")  # as of all that is said often
        executed = f"execute count_in('spellcheck', '{AT}', {columns})"
        told = await con.fetchval(f"explain (analyze, format json) {executed}")

    assert rows_seen(json.loads(told)[0]["Plan"]) < 20 * len(plans)


async def test_students_take_as_many_statements_for_500_essays_as_for_30(database: Database) -> None:
    async with database.transaction() as con:
        await students(con, batches=2, essays=2)  # the driver asks for types once

        assert await students(con, batches=1, essays=500) == await students(con, batches=20, essays=30) == [3, 4]


async def test_control_takes_as_many_statements_for_100_batches_as_for_4(database: Database) -> None:
    async with database.transaction() as con:
        await control(con, batches=2)  # the driver asks for types once

        assert await control(con, batches=4) == await control(con, batches=100) == [3, 3, 6, 3, 2]


async def test_a_poll_takes_as_many_statements_for_500_essays_as_for_30(database: Database) -> None:
    async with database.transaction() as con:
        await life(con, batches=2, essays=15)  # the driver asks for types once

        assert await life(con, batches=1, essays=30) == [4, 5, 5, 4, 3]
        assert await life(con, batches=1, essays=500) == [4, 5, 5, 4, 3]
        assert await life(con, batches=21, essays=30) == [4, 5, 5, 4, 3]
