"""Lists as PostgreSQL gives them: what the other repository gives, and page by page neither a gap nor a repeat."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from batch_orchestrator_service.config import SERVICE_NAME
from batch_orchestrator_service.domain.batch import Batch
from batch_orchestrator_service.implementations.batch_list_table import list_batches, statement
from batch_orchestrator_service.implementations.batch_repository_impl import MockBatchRepositoryImpl
from batch_orchestrator_service.implementations.batch_table import BatchTable, KeptBatch
from batch_orchestrator_service.implementations.progress_table import record_progress
from batch_orchestrator_service.protocols import BatchFilter, ListedBatch
from batch_orchestrator_service.tests.life import after
from batch_orchestrator_service.tests.said import AT, SPELLCHECK, outcome, provisioned, registered, resolved
from batch_orchestrator_service.tests.said import phase as phase_of
from common_core.enums import BatchStatus
from common_core.messages.pipeline import ELSBatchPhaseProgressV1
from huleedu_service_libs.runtime.database import Database

STEPS = (registered("a"), provisioned("a"), resolved(phase_of(SPELLCHECK)), outcome(SPELLCHECK, "a"))
USERS, CLASSES = ("anna", "bengt"), (None, "9A", "9B")
EXAMPLES = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def batch(number: int, steps: int, user_id: str, class_id: str | None, minutes: int) -> Batch:
    """The batch of that number, so many steps along, last changed so many minutes after the first moment."""
    lived = after(*STEPS[:steps])
    registration = replace(lived.registration, batch_id=batch_id(number), user_id=user_id, class_id=class_id)
    return replace(lived, registration=registration, changed_at=AT + timedelta(minutes=minutes))


def batch_id(number: int) -> str:
    """Ids sort as numbers do."""
    return f"0198f000-0000-7000-8000-{number:012}"


BATCHES = st.dictionaries(
    st.integers(0, 40),
    st.tuples(st.integers(1, len(STEPS)), st.sampled_from(USERS), st.sampled_from(CLASSES), st.integers(0, 5)),
    max_size=20,
).map(lambda found: [batch(number, *rest) for number, rest in found.items()])
MOMENTS = st.none() | st.integers(0, 5).map(lambda minutes: AT + timedelta(minutes=minutes))
FILTERS = st.builds(
    BatchFilter,
    user_id=st.none() | st.sampled_from(USERS),
    class_id=st.sampled_from(CLASSES),
    statuses=st.sets(st.sampled_from(BatchStatus)).map(tuple) | st.just(tuple(BatchStatus)),
    since=MOMENTS,
    unmoved_since=MOMENTS,
    cursor=st.none() | st.integers(0, 40).map(batch_id),
    limit=st.integers(1, 10),
)


@pytest.fixture
async def database(service_dsn: str) -> AsyncIterator[Database]:
    """The service's database."""
    database = await Database.connect(service_dsn, SERVICE_NAME)
    yield database
    await database.close()


async def keep(database: Database, batches: Sequence[Batch], *, anew: bool = False) -> None:
    """Insert these, in place of all there are if `anew`."""
    async with database.pool.acquire() as con:
        if anew:
            await con.execute("truncate batches, phase_progress")
        await BatchTable().write(con, {each.batch_id: KeptBatch(each, 0) for each in batches})


async def in_memory(batches: Sequence[Batch], wanted: BatchFilter) -> Sequence[ListedBatch]:
    """What the other repository lists."""
    other = MockBatchRepositoryImpl(lambda: AT)
    for each in batches:
        await other.save(each, STEPS[0])
    return await other.list(wanted)


@EXAMPLES
@given(batches=BATCHES, wanted=FILTERS)
async def test_both_repositories_list_the_same(database: Database, batches: list[Batch], wanted: BatchFilter) -> None:
    await keep(database, batches, anew=True)

    assert await list_batches(database.pool, wanted) == await in_memory(batches, wanted)


@EXAMPLES
@given(batches=BATCHES, wanted=FILTERS, since=MOMENTS.filter(bool))
async def test_either_way_finds_the_same(
    database: Database, batches: list[Batch], wanted: BatchFilter, since: datetime
) -> None:
    await keep(database, batches, anew=True)
    wanted = replace(wanted, since=since, unmoved_since=None, user_id=None, class_id=None)

    for by_change in (True, False):
        query, values = statement(wanted, by_change=by_change)
        found = [row["batch_id"] for row in await database.pool.fetch(query, *values)]
        assert found == [each.batch_id for each in await in_memory(batches, wanted)]


@EXAMPLES
@given(batches=BATCHES, coming=st.lists(BATCHES, max_size=6), wanted=FILTERS)
async def test_no_page_has_a_gap_or_a_repeat_while_others_are_registered(
    database: Database, batches: list[Batch], coming: list[list[Batch]], wanted: BatchFilter
) -> None:
    await keep(database, batches, anew=True)
    expected = [each.batch_id for each in await in_memory(batches, replace(wanted, limit=100))]
    known, seen = {each.batch_id for each in batches}, list[str]()
    while page := await list_batches(database.pool, wanted):
        seen += [each.batch_id for each in page]
        assert seen == sorted(set(seen), reverse=True)
        wanted = replace(wanted, cursor=seen[-1])
        new = {each.batch_id: each for each in (coming.pop() if coming else []) if each.batch_id not in known}
        await keep(database, list(new.values()))
        known |= new.keys()

    assert [each for each in seen if each in {b.batch_id for b in batches}] == expected


async def test_a_report_on_a_phase_is_a_move(database: Database) -> None:
    running = batch(1, 3, "anna", None, 0)
    await keep(database, [running])
    report = ELSBatchPhaseProgressV1(
        batch_id=running.batch_id, phase_name=SPELLCHECK, run_id=None, attempt=1, succeeded=1, failed=0, total=2
    )
    async with database.pool.acquire() as con:
        await record_progress(con, [report], AT + timedelta(minutes=3))
        await record_progress(con, [report], AT + timedelta(minutes=9))

    async def unmoved_since(minutes: int) -> list[str]:
        wanted = BatchFilter(unmoved_since=AT + timedelta(minutes=minutes))
        return [each.batch_id for each in await list_batches(database.pool, wanted)]

    assert await unmoved_since(3) == []
    assert await unmoved_since(4) == [running.batch_id]


async def test_rows_of_the_last_release_are_shown_from_their_states(database: Database) -> None:
    kept = batch(1, 2, "anna", "9A", 3)
    await keep(database, [kept])
    await database.pool.execute("update batches set course_code = null, essay_count = null")

    assert await list_batches(database.pool, BatchFilter()) == [ListedBatch.of(kept)]
