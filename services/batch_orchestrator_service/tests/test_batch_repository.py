"""What both repositories promise: batches come back as they were saved, and so does all that made them so."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import TypeVar

import pytest
from msgspec.structs import replace
from uuid_utils import uuid4, uuid7

from batch_orchestrator_service.config import SERVICE_NAME
from batch_orchestrator_service.domain.batch import Batch
from batch_orchestrator_service.domain.decide import decide
from batch_orchestrator_service.domain.facts import Fact
from batch_orchestrator_service.implementations.batch_repository_impl import MockBatchRepositoryImpl
from batch_orchestrator_service.implementations.batch_repository_postgres_impl import PostgreSQLBatchRepositoryImpl
from batch_orchestrator_service.implementations.batch_table import BatchChanged, BatchTable, KeptBatch
from batch_orchestrator_service.protocols import BatchRepositoryProtocol, PhaseProgress
from batch_orchestrator_service.tests.in_memory import Immediately
from batch_orchestrator_service.tests.life import after
from batch_orchestrator_service.tests.said import (
    AT,
    BATCH,
    NLP,
    RUN,
    SPELLCHECK,
    SPELLING_THEN_ANALYSIS,
    outcome,
    provisioned,
    registered,
    unusable,
)
from common_core.messages.pipeline import ELSBatchPhaseProgressV1
from common_core.shared import EssayProcessingInputRefV1
from huleedu_service_libs.runtime.database import Database
from huleedu_service_libs.runtime.transactions import GroupCommit, Transactions
from huleedu_service_libs.runtime.unit_of_work import Cause

T = TypeVar("T")
HISTORY: tuple[Fact, ...] = (
    registered("abc"),
    unusable("c"),
    provisioned("ab"),
    SPELLING_THEN_ANALYSIS,
    outcome(SPELLCHECK, "a", {"b": "TIMEOUT"}),
)


class Desk:
    """A repository and the transactions that its changes take place in."""

    def __init__(self, batches: BatchRepositoryProtocol, transactions: Transactions) -> None:
        self.batches, self._transactions = batches, transactions

    async def run(self, action: Callable[[], Awaitable[T]]) -> T:
        """Act in a unit of work of its own."""
        return await self._transactions.run(action, Cause("c"))

    async def happens(self, batch_id: str, fact: Fact) -> Batch | None:
        """The fact is decided on and kept."""

        async def action() -> Batch | None:
            before = await self.batches.get_for_update(batch_id)
            changed, _ = decide(before, fact, AT)
            if changed is not None and changed is not before:
                await self.batches.save(changed, fact)
            return changed

        return await self.run(action)

    async def live(self, *history: Fact) -> None:
        """All of this happens, each in a unit of work of its own."""
        for fact in history:
            await self.happens(fact.batch_id, fact)


@pytest.fixture
async def database(service_dsn: str) -> AsyncIterator[Database]:
    """The service's database."""
    database = await Database.connect(service_dsn, SERVICE_NAME, clock=lambda: AT)
    yield database
    await database.close()


def on_postgres(database: Database) -> Desk:
    """A repository with transactions of its own, as another process would have them."""
    table = BatchTable()
    commit = GroupCommit(database, SERVICE_NAME, lambda _: None, states=table)
    return Desk(PostgreSQLBatchRepositoryImpl(database, table), commit)


@pytest.fixture(params=["in memory", "postgres"])
def desk(request: pytest.FixtureRequest) -> Desk:
    """Each repository in turn."""
    if request.param == "in memory":
        return Desk(MockBatchRepositoryImpl(lambda: AT), Immediately())
    return on_postgres(request.getfixturevalue("database"))


async def test_a_batch_comes_back_as_it_was_saved(desk: Desk) -> None:
    await desk.live(*HISTORY)

    assert await desk.batches.get(BATCH) == after(*HISTORY)


async def test_a_unit_of_work_sees_what_it_has_saved(desk: Desk) -> None:
    async def action() -> Batch | None:
        for fact in HISTORY:
            before = await desk.batches.get_for_update(BATCH)
            changed, _ = decide(before, fact, AT)
            assert changed is not None
            await desk.batches.save(changed, fact)
        return await desk.batches.get_for_update(BATCH)

    assert await desk.run(action) == after(*HISTORY) == await desk.batches.get(BATCH)


async def test_there_is_nothing_where_nothing_was_saved(desk: Desk) -> None:
    assert await desk.batches.get("nothing") is None
    assert await desk.batches.timeline("nothing", 0, 10) == []
    assert await desk.batches.progress("nothing", RUN) == {}


async def test_the_timeline_folds_into_the_batch(desk: Desk) -> None:
    """I17."""
    await desk.live(*HISTORY, HISTORY[2], HISTORY[4])

    entries = await desk.batches.timeline(BATCH, 0, 100)
    told: Batch | None = None
    for entry in entries:
        told, _ = decide(told, entry.fact, entry.at)
    assert [entry.seq for entry in entries] == [1, 2, 3, 4, 5]
    assert told == await desk.batches.get(BATCH)


async def test_the_timeline_is_read_piece_by_piece(desk: Desk) -> None:
    await desk.live(*HISTORY)

    assert [entry.seq for entry in await desk.batches.timeline(BATCH, 1, 2)] == [2, 3]


def report(succeeded: int, *, run: str | None = RUN, attempt: int | None = 1) -> ELSBatchPhaseProgressV1:
    """ELS: so far."""
    return ELSBatchPhaseProgressV1(
        batch_id=BATCH, phase_name=NLP, run_id=run, attempt=attempt, succeeded=succeeded, failed=0, total=9
    )


async def test_the_latest_progress_of_the_active_run_is_kept(desk: Desk) -> None:
    await desk.live(*HISTORY)
    for reports in ([report(1), report(2)], [report(4, run=None)], [report(3)], [report(8, run="an older run")]):
        await desk.run(partial(desk.batches.record_progress, reports))

    assert await desk.batches.progress(BATCH, RUN) == {NLP: PhaseProgress(1, 4, 0, 9, AT)}
    assert await desk.batches.progress(BATCH, "an older run") == {}


async def test_progress_of_a_later_attempt_counts_from_the_start(desk: Desk) -> None:
    await desk.live(*HISTORY)
    for reports in ([report(4)], [report(1, attempt=2)], [report(5)]):
        await desk.run(partial(desk.batches.record_progress, reports))

    assert await desk.batches.progress(BATCH, RUN) == {NLP: PhaseProgress(2, 1, 0, 9, AT)}


async def test_of_writers_at_the_same_time_each_decides_on_what_the_others_left(database: Database) -> None:
    await on_postgres(database).live(registered("ab"), provisioned("ab"))
    requests = [replace(SPELLING_THEN_ANALYSIS, run_id=f"run-{number}") for number in range(8)]

    await asyncio.gather(*(on_postgres(database).happens(BATCH, request) for request in requests))
    batch = await on_postgres(database).batches.get(BATCH)
    assert batch is not None
    assert (len(batch.runs), batch.version) == (1, 3)


async def test_nobody_writes_over_a_change_they_have_not_seen(database: Database) -> None:
    """The version is the guard where the lock was not taken."""
    await on_postgres(database).live(registered("ab"), provisioned("ab"))
    seen = after(registered("ab"))

    async with database.pool.acquire() as con:
        with pytest.raises(BatchChanged):
            await BatchTable().write(con, {BATCH: KeptBatch(seen, seen.version)})


async def test_a_class_of_thirty_stays_small(database: Database) -> None:
    """What is written again with each change: that is where cost lies."""
    essays = [str(uuid7()) for _ in range(30)]
    content, spelling = provisioned(essays), outcome(SPELLCHECK, essays)
    await on_postgres(database).live(
        registered(essays),
        replace(content, essays_for_processing=with_texts(content.essays_for_processing)),
        SPELLING_THEN_ANALYSIS,
        replace(spelling, processed_essays=with_texts(spelling.processed_essays)),
    )

    size = await database.pool.fetchval("select length(state) from batches")
    assert size < 2_500


def with_texts(refs: list[EssayProcessingInputRefV1]) -> list[EssayProcessingInputRefV1]:
    """Texts under ids as Content Service makes them."""
    return [replace(ref, text_storage_id=uuid4().hex) for ref in refs]
