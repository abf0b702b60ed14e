"""BOS's word meets commands and answers in two replicas at the same moment: as if one had come after the other."""

import asyncio
import itertools
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from functools import partial
from typing import Any

import asyncpg
import msgspec
import pytest

from common_core.enums import PhaseName
from essay_lifecycle_service.domain.phases import Address, Cancellation, Hold, PhaseStep, plan_of
from essay_lifecycle_service.domain.requests import spellcheck_answers
from essay_lifecycle_service.domain.window import Policy
from essay_lifecycle_service.implementations import phase_statements
from essay_lifecycle_service.protocols import PhaseRepositoryProtocol
from essay_lifecycle_service.startup_setup import DEFINITION
from essay_lifecycle_service.tests.overlap import committed, overlapping
from essay_lifecycle_service.tests.said import AT, id_of, spellcheck, spelled
from essay_lifecycle_service.tests.stores import InMemoryStore, PostgreSQLStore
from huleedu_service_libs.runtime import Database

SPELLING = PhaseName.SPELLCHECK
ESSAYS = [f"essay {n}" for n in range(6)]
WINDOW = 4
Step = PhaseStep | Mapping[PhaseName, PhaseStep]
Act = Callable[[PhaseRepositoryProtocol, str], Awaitable[Step]]


@pytest.fixture
async def database(service_dsn: str) -> AsyncIterator[Database]:
    """Where whoever is held inside a transaction keeps it."""
    database = await Database.connect(service_dsn, DEFINITION.name, size=20, idle_in_transaction_session_timeout="0")
    yield database
    await database.close()


def command(*, attempt: int = 1, of: str = "", count: int = len(ESSAYS)) -> Act:
    """BOS: check these essays, of the race's batch or of another one."""

    async def act(phases: PhaseRepositoryProtocol, batch: str) -> Step:
        essays = [f"{batch}{of} {name}" for name in ESSAYS[:count]]
        said = spellcheck(batch + of, essays, run=batch + of, attempt=attempt)
        return await phases.open(SPELLING, [plan_of(said, id_of("event"), "request", None)], AT)

    return act


def answers(*essays: int, of: str = "") -> Act:
    """The spellchecker is done with these."""

    async def act(phases: PhaseRepositoryProtocol, batch: str) -> Step:
        said = [spelled(batch + of, f"{batch}{of} {ESSAYS[essay]}", run=batch + of) for essay in essays]
        return await phases.record(SPELLING, [answer for each in said for answer in spellcheck_answers(each)], AT)

    return act


async def cancel(phases: PhaseRepositoryProtocol, batch: str) -> Step:
    """BOS: nobody waits for it."""
    return await phases.cancel([Cancellation(id_of(batch), id_of(batch))], AT)


async def deadline(phases: PhaseRepositoryProtocol, batch: str) -> Step:
    """BOS: its time is up."""
    return await phases.close(SPELLING, [Address(id_of(batch), id_of(batch), 1)], AT)


async def _hold(version: int, waits: bool, phases: PhaseRepositoryProtocol, batch: str) -> Step:
    return await phases.hold([Hold(id_of(batch), version, waits)])


pause, resume = partial(_hold, 1, True), partial(_hold, 2, False)
LAST, NEXT = answers(4, 5), answers(0, 1)
HALF_OUT, ALL_OUT = (command(),), (command(), answers(0, 1, 2, 3))
NEIGHBOUR = (command(of=" too"), answers(0, 1, 2, 3, of=" too"), answers(4, 5, of=" too"))


class Race(msgspec.Struct, frozen=True):
    """What both find, and what happens at the same moment; afterwards a neighbour shows how much room there is."""

    before: tuple[Act, ...]
    one: Act
    other: Act
    afterwards: tuple[Act, ...] = ()


RACES: Mapping[str, Race] = {
    "cancel and the command": Race((), cancel, command()),
    "cancel and answers": Race(HALF_OUT, cancel, NEXT),
    "cancel and the last answers": Race(ALL_OUT, cancel, LAST),
    "cancel and a further attempt": Race(HALF_OUT, cancel, command(attempt=2)),
    "two cancels": Race(HALF_OUT, cancel, cancel),
    "cancel and the deadline": Race(HALF_OUT, cancel, deadline),
    "pause and the command": Race((), pause, command(), (answers(0, 1, 2, 3), resume, answers(0, 1, 2, 3), LAST)),
    "pause and answers": Race(HALF_OUT, pause, NEXT, (resume, answers(2, 3), LAST)),
    "pause and resume": Race(HALF_OUT, pause, resume, (answers(0, 1, 2, 3), LAST)),
    "resume and cancel": Race((pause, command()), resume, cancel),
    "resume and answers": Race((*HALF_OUT, pause), resume, NEXT, (answers(2, 3), LAST)),
    "the deadline and the last answers": Race(ALL_OUT, deadline, LAST, (LAST,)),
    "the deadline and answers": Race(HALF_OUT, deadline, NEXT, (answers(2, 3), LAST)),
}


LOST_WITHOUT_LOCKS = {"cancel and the command", "cancel and answers", "two cancels", "pause and the command"}
"""The others change a row in common, which keeps them in order most of the time."""


def heard(step: Step) -> dict[str, Any]:
    """What is sent out, what has ended and how, and how many answers were of no use, in any order."""
    steps = [step] if isinstance(step, PhaseStep) else list(step.values())
    sent = [(each.plan.attempt, ref.essay_id) for one in steps for each in one.releases for ref in each.essays]
    ended = {each.plan.batch_id: dict(each.verdicts) for one in steps for each in one.ended}
    return {
        "sent": sorted(sent),
        "ended": ended,
        "unused": sum(one.unused for one in steps),
        "discarded": sum(one.discarded for one in steps),
    }


Transcript = dict[str, list[dict[str, Any]]]


async def in_turn(race: Race, batch: str, *, turned: bool) -> Transcript:
    """What the rules say of one after the other, in memory."""
    store = InMemoryStore(Policy(window=WINDOW))
    for act in race.before:
        await act(store.phases, batch)
    acts = {"other": race.other, "one": race.one} if turned else {"one": race.one, "other": race.other}
    found = {name: [heard(await act(store.phases, batch))] for name, act in acts.items()}
    return found | {"afterwards": [heard(await act(store.phases, batch)) for act in (*race.afterwards, *NEIGHBOUR)]}


class Replicas:
    """Several, each with a store of its own, and what each act brought."""

    def __init__(self, database: Database, batch: str) -> None:
        self._database, self._batch = database, batch
        self.found: Transcript = {"one": [], "other": [], "afterwards": []}

    def doing(self, act: Act, name: str = "before") -> Callable[[], Awaitable[None]]:
        """This, in a replica of its own."""
        store = PostgreSQLStore(self._database, Policy(window=WINDOW))

        async def action() -> None:
            self.found.setdefault(name, []).append(heard(await act(store.phases, self._batch)))

        return action

    async def do(self, *acts: Act, name: str) -> None:
        """One after the other."""
        for act in acts:
            await committed(self._database, self.doing(act, name))


async def lost(database: Database) -> set[str]:
    """The races that end unlike any order, whoever is first."""
    found = set()
    for name, turned in itertools.product(RACES, (False, True)):
        race, batch = RACES[name], f"{name} {turned}"
        replicas = Replicas(database, batch)
        await replicas.do(*race.before, name="before")
        acts = [replicas.doing(race.one, "one"), replicas.doing(race.other, "other")]
        try:
            await overlapping(database, *(reversed(acts) if turned else acts))
            await replicas.do(*race.afterwards, *NEIGHBOUR, name="afterwards")
        except asyncpg.IntegrityConstraintViolationError:
            found.add(name)
        replicas.found.pop("before", None)
        if replicas.found not in [await in_turn(race, batch, turned=each) for each in (False, True)]:
            found.add(name)
        await _forget(database)
    return found


async def _forget(database: Database) -> None:
    await database.pool.execute("truncate phase, phase_plan, essay_result, discarded_answer, hold, cancelled_run")
    await database.pool.execute("update fan_out set in_flight = 0, waiting = 0")


async def test_it_is_as_if_one_had_come_after_the_other(database: Database) -> None:
    assert await lost(database) == set()


async def test_without_the_locks_it_is_not(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LOCK", "LOCK_ALL", "FIND"):
        statement = getattr(phase_statements, name)
        assert " for update" in statement
        monkeypatch.setattr(phase_statements, name, statement.replace(" for update", ""))

    assert await lost(database) >= LOST_WITHOUT_LOCKS


@pytest.mark.parametrize("seed", range(3))
async def test_in_a_crowd_no_essay_is_sent_or_ended_twice_and_all_room_comes_back(
    database: Database, seed: int
) -> None:
    """Everything that can be said of one batch, to many replicas at once."""
    chance, batch = random.Random(seed), "9b"
    replicas = Replicas(database, batch)
    acts: list[Act] = [command(), pause, resume, deadline, cancel, NEXT, answers(2, 3), LAST] * 2
    chance.shuffle(acts)
    await replicas.do(command(), name="crowd")
    await asyncio.gather(*(committed(database, replicas.doing(act, "crowd")) for act in acts))

    steps = replicas.found["crowd"]
    sent = [essay for step in steps for essay in step["sent"]]
    assert len(sent) == len(set(sent))
    assert sum(len(step["ended"]) for step in steps) <= 1
    await replicas.do(*NEIGHBOUR, name="afterwards")
    assert len(replicas.found["afterwards"][0]["sent"]) == WINDOW
