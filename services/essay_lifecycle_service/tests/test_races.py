"""Transactions of several replicas at the same time, on PostgreSQL: whoever is first, nothing is lost or done twice."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import asyncpg
import pytest

from common_core.enums import PhaseName
from essay_lifecycle_service.domain.intake import IntakeStep, Registration, Upload, registration_of, upload_of
from essay_lifecycle_service.domain.phases import Answer, PhaseStep, Plan, plan_of
from essay_lifecycle_service.domain.requests import spellcheck_answers
from essay_lifecycle_service.domain.window import Policy
from essay_lifecycle_service.implementations.intake_repository_postgres_impl import PostgreSQLIntakeRepositoryImpl
from essay_lifecycle_service.implementations.phase_repository_postgres_impl import PostgreSQLPhaseRepositoryImpl
from essay_lifecycle_service.implementations.plan_shelf import PlanShelf
from essay_lifecycle_service.tests.overlap import committed, overlapping
from essay_lifecycle_service.tests.said import AT, id_of, provisioned, registered, spellcheck, spelled, unusable
from huleedu_service_libs.runtime import Database

ESSAYS = [f"essay {n}" for n in range(6)]


def batch() -> Registration:
    return registration_of(registered("9b", ESSAYS), "request", None)


def upload(n: int) -> Upload:
    return upload_of(provisioned("9b", f"file {n}"))


def plan(*essays: str, attempt: int = 1) -> Plan:
    return plan_of(spellcheck("9b", essays, attempt=attempt), id_of("event"), "request", None)


def answers(*essays: str) -> list[Answer]:
    return [answer for essay in essays for answer in spellcheck_answers(spelled("9b", essay))]


class Intakes:
    """What replicas have found."""

    def __init__(self) -> None:
        self._repository = PostgreSQLIntakeRepositoryImpl()
        self.steps: list[IntakeStep] = []

    def register(self) -> Callable[[], Awaitable[None]]:
        async def action() -> None:
            self.steps.append(await self._repository.register([batch()], AT))

        return action

    def receive(self, *files: Upload) -> Callable[[], Awaitable[None]]:
        async def action() -> None:
            self.steps.append(await self._repository.receive(files, AT))

        return action

    @property
    def slots(self) -> list[str | None]:
        """Who got a slot."""
        return [placed.essay_id for step in self.steps for placed in step.placed]

    @property
    def endings(self) -> int:
        """How often the batch ended."""
        return sum(len(step.ended) for step in self.steps)


@pytest.mark.parametrize("files_first", [True, False])
@pytest.mark.parametrize("earlier", [0, 1])
async def test_no_file_is_stranded_when_it_comes_during_the_registration(
    database: Database, files_first: bool, earlier: int
) -> None:
    intakes = Intakes()
    if earlier:
        await committed(database, intakes.receive(upload(0)))
    actions = (intakes.receive(*map(upload, range(earlier, 6))), intakes.register())
    await overlapping(database, *(actions if files_first else reversed(actions)))

    assert sorted(map(str, intakes.slots)) == sorted(map(id_of, ESSAYS))
    assert intakes.endings == 1


@pytest.mark.parametrize("others", [[4, 5, 6, 7], [2, 3, 4, 5, 6, 7]])
async def test_two_replicas_never_give_one_slot_twice(database: Database, others: list[int]) -> None:
    intakes = Intakes()
    await committed(database, intakes.register())
    await overlapping(database, intakes.receive(*map(upload, range(4))), intakes.receive(*map(upload, others)))

    assert sorted(filter(None, intakes.slots)) == sorted(map(id_of, ESSAYS))
    assert intakes.slots.count(None) == 2
    assert intakes.endings == 1


async def test_replicas_that_touch_the_same_batches_do_not_dead_lock(database: Database) -> None:
    repository = PostgreSQLIntakeRepositoryImpl()

    def receive(names: Sequence[str]) -> Callable[[], Awaitable[object]]:
        return lambda: repository.receive([upload_of(unusable(name, "file")) for name in names], AT)

    async def replica(names: Sequence[str]) -> None:
        for _ in range(5):
            await committed(database, receive(names))

    names = [f"class {n}" for n in range(300)]
    await committed(database, receive(names))
    try:
        await asyncio.gather(replica(names), replica(names[::-1]), replica(names[150:] + names[:150]))
    except asyncpg.DeadlockDetectedError:
        pytest.fail("the order of locks depends on the order of messages")


async def test_the_last_two_answers_in_two_replicas_bring_one_outcome(database: Database) -> None:
    steps: list[PhaseStep] = []
    replicas = [PostgreSQLPhaseRepositoryImpl(Policy(window=100), PlanShelf()) for _ in range(2)]
    await committed(database, lambda: replicas[0].open(PhaseName.SPELLCHECK, [plan(*ESSAYS)], AT))

    def record(replica: int, *essays: str) -> Callable[[], Awaitable[None]]:
        async def action() -> None:
            steps.append(await replicas[replica].record(PhaseName.SPELLCHECK, answers(*essays), AT))

        return action

    await overlapping(database, record(0, *ESSAYS[:4]), record(1, *ESSAYS[3:]))

    [ended] = [ended for step in steps for ended in step.ended]
    assert set(ended.verdicts) == set(map(id_of, ESSAYS))
    assert sum(step.unused for step in steps) == 1


async def test_a_command_in_two_replicas_is_taken_up_once(database: Database) -> None:
    steps: list[PhaseStep] = []
    replicas = [PostgreSQLPhaseRepositoryImpl(Policy(window=100), PlanShelf()) for _ in range(2)]

    def open_in(replica: int) -> Callable[[], Awaitable[None]]:
        async def action() -> None:
            steps.append(await replicas[replica].open(PhaseName.SPELLCHECK, [plan(*ESSAYS)], AT))

        return action

    await overlapping(database, open_in(0), open_in(1))

    assert sum(len(release.essays) for step in steps for release in step.releases) == len(ESSAYS)
    load = await database.pool.fetchrow("select in_flight, waiting from fan_out where phase = 'spellcheck'")
    assert load is not None
    assert (load["in_flight"], load["waiting"]) == (len(ESSAYS), 0)


async def test_answers_that_cross_a_new_attempt_change_nothing(database: Database) -> None:
    steps: list[PhaseStep] = []
    phases = PostgreSQLPhaseRepositoryImpl(Policy(window=100), PlanShelf())

    async def first() -> None:
        steps.append(await phases.open(PhaseName.SPELLCHECK, [plan(*ESSAYS)], AT))

    async def retry() -> None:
        steps.append(await phases.open(PhaseName.SPELLCHECK, [plan(*ESSAYS, attempt=2)], AT))

    async def late() -> None:
        steps.append(await phases.record(PhaseName.SPELLCHECK, answers(*ESSAYS), AT))

    await committed(database, first)
    await overlapping(database, retry, late)

    assert steps[-1].unused == len(ESSAYS)
    assert await database.pool.fetchval("select in_flight from fan_out where phase = 'spellcheck'") == len(ESSAYS)
    assert await database.pool.fetchval("select count(*) from essay_result") == 0


@pytest.mark.parametrize("small_comes_first", [True, False])
async def test_room_made_in_one_replica_goes_to_the_teacher_who_came_in_the_other(
    database: Database, small_comes_first: bool
) -> None:
    sent: list[str] = []
    replicas = [PostgreSQLPhaseRepositoryImpl(Policy(window=4), PlanShelf()) for _ in range(2)]
    asked = [spellcheck("9b", ESSAYS, owner="ms-frizzle"), spellcheck("9c", ["small"], owner="ms-honey")]
    large, small = (plan_of(each, id_of("event"), "request", None) for each in asked)

    def follow(step: PhaseStep) -> None:
        sent.extend(ref.essay_id for release in step.releases for ref in release.essays)

    async def ask() -> None:
        follow(await replicas[1].open(PhaseName.SPELLCHECK, [small], AT))

    def answer(*essays: str) -> Callable[[], Awaitable[None]]:
        async def action() -> None:
            follow(await replicas[0].record(PhaseName.SPELLCHECK, answers(*essays), AT))

        return action

    await committed(database, lambda: replicas[0].open(PhaseName.SPELLCHECK, [large], AT))
    actions = (ask, answer(ESSAYS[0])) if small_comes_first else (answer(ESSAYS[0]), ask)
    await overlapping(database, *actions)
    await committed(database, answer(ESSAYS[1]))

    assert id_of("small") in sent
    shares = await database.pool.fetch("select owner, in_flight from owner_share where in_flight > 0 order by owner")
    assert [tuple(row) for row in shares] == [("ms-frizzle", 3), ("ms-honey", 1)]
