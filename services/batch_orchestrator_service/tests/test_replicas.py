"""Two replicas asked at the same moment: whatever is wished for happens once, and everybody is told the truth."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from quart.typing import TestClientProtocol as Client

from batch_orchestrator_service.config import SERVICE_NAME
from batch_orchestrator_service.domain.asked import CancelAsked, PauseAsked, PipelineResolved, ResumeAsked, RetryAsked
from batch_orchestrator_service.domain.batch import Batch
from batch_orchestrator_service.domain.decide import decide
from batch_orchestrator_service.domain.facts import Fact
from batch_orchestrator_service.implementations.batch_repository_postgres_impl import PostgreSQLBatchRepositoryImpl
from batch_orchestrator_service.implementations.batch_table import BatchTable
from batch_orchestrator_service.tests.conductor import Conductor
from batch_orchestrator_service.tests.others import Watch
from batch_orchestrator_service.tests.racing import Replica, said_of
from batch_orchestrator_service.tests.replicas import OPERATOR, Answer, ask, ask_all, replicas
from batch_orchestrator_service.tests.said import SPELLCHECK, outcome, provisioned
from batch_orchestrator_service.tests.unguarded import read_unlocked, without_key, write_over
from common_core.messages.control import BatchPausedV1, BatchResumedV1, BatchRunCancelledV1
from common_core.messages.pipeline import (
    BatchServiceNLPInitiateCommandDataV1,
    BatchServiceSpellcheckInitiateCommandDataV1,
)
from huleedu_service_libs.runtime.database import Database

REGISTRATION: dict[str, Any] = {"expected_essay_count": 2, "course_code": "ENG5"}
MINE, SOMEBODY_ELSES = "teacher-1", "teacher-2"


class Replicas:
    """All replicas, and what is in their database."""

    def __init__(self, clients: Sequence[Client], database: Database, watch: Watch) -> None:
        self.clients, self.database, self.watch = clients, database, watch
        self.batches = PostgreSQLBatchRepositoryImpl(database, BatchTable())

    async def register(self, user_id: str = MINE) -> str:
        """A batch of two; its id."""
        status, body = await ask(self.clients[0], "/v1/batches/register", **REGISTRATION, user_id=user_id)
        assert status == 202
        return str(body["batch_id"])

    async def happens(self, *facts: Fact) -> None:
        """These come in."""
        await Replica(self.database, BatchTable()).happens(*facts)

    async def batch(self, batch_id: str) -> Batch:
        """As it is now."""
        batch = await self.batches.get(batch_id)
        assert batch is not None
        return batch

    async def ready(self, user_id: str = MINE) -> str:
        """A batch whose files are in."""
        batch_id = await self.register(user_id)
        await self.happens(provisioned((await self.batch(batch_id)).essays.ids, batch_id=batch_id))
        return batch_id

    async def running(self, user_id: str = MINE, pipeline: str = "nlp") -> str:
        """A batch whose first phase is commanded."""
        batch_id = await self.ready(user_id)
        status, _ = await ask(self.clients[0], f"/v1/batches/{batch_id}/pipelines", requested_pipeline=pipeline)
        assert status == 202
        return batch_id

    async def half_done(self) -> str:
        """A batch that has been spell-checked, but for one essay, which failed."""
        batch_id = await self.running(pipeline="spellcheck")
        batch = await self.batch(batch_id)
        (ada, bo), run = batch.essays.ids, batch.runs[0].run_id
        await self.happens(outcome(SPELLCHECK, [ada], {bo: "CONTENT_NOT_FOUND"}, run=run, batch_id=batch_id))
        return batch_id

    async def facts(self, batch_id: str) -> list[Fact]:
        """Its timeline."""
        return [entry.fact for entry in await self.batches.timeline(batch_id, 0, 100)]

    async def is_its_timeline(self, batch_id: str) -> bool:
        """Whether the facts make of the batch what it is (I17)."""
        told: Batch | None = None
        for entry in await self.batches.timeline(batch_id, 0, 100):
            told, _ = decide(told, entry.fact, entry.at)
        return told == await self.batch(batch_id)

    async def happened(self, batch_id: str, kind: type[Fact]) -> int:
        """How often it was so."""
        return sum(isinstance(fact, kind) for fact in await self.facts(batch_id))

    async def said(self, batch_id: str) -> Counter[str]:
        """How often each topic was said."""
        return Counter(topic for topic, _ in await said_of(self.database, batch_id))


@pytest.fixture
async def world(service_dsn: str, conductor: Conductor, watch: Watch, tmp_path: Path) -> AsyncIterator[Replicas]:
    """Two replicas; each is asked by four."""
    database = await Database.connect(service_dsn, SERVICE_NAME, clock=watch)
    async with replicas(2, service_dsn, conductor, watch, tmp_path) as clients:
        yield Replicas([*clients] * 4, database, watch)
    await database.close()


def codes(answers: Sequence[Answer]) -> Counter[str]:
    """How often each was said."""
    return Counter(str(body.get("code", status)) for status, body in answers)


async def test_of_cancels_at_the_same_moment_one_counts(world: Replicas) -> None:
    batch = await world.running()

    assert codes(await ask_all(world.clients, f"/v1/batches/{batch}/cancel")) == {"202": 8}
    assert await world.happened(batch, CancelAsked) == 1
    assert (await world.said(batch))[BatchRunCancelledV1.topic] == 1
    assert await world.is_its_timeline(batch)


@pytest.mark.parametrize(
    ("what", "fact", "topic"),
    [("cancel", CancelAsked, BatchRunCancelledV1.topic), ("pause", PauseAsked, BatchPausedV1.topic)],
)
async def test_one_request_that_comes_to_all_has_one_effect_and_one_answer(
    world: Replicas, what: str, fact: type[Fact], topic: str
) -> None:
    """I10."""
    batch = await world.running()
    answers = await ask_all(world.clients, f"/v1/batches/{batch}/{what}", key="the same", reason="because")

    assert all(answer == answers[0] for answer in answers)
    assert (answers[0][0], await world.happened(batch, fact), (await world.said(batch))[topic]) == (202, 1, 1)


async def test_one_retry_that_comes_to_all_starts_one_run(world: Replicas) -> None:
    batch = await world.half_done()
    answers = await ask_all(world.clients, f"/v1/batches/{batch}/phases/spellcheck/retry", key="the same")

    assert codes(answers) == {"202": 8}
    assert {body["run_id"] for _, body in answers} == {(await world.batch(batch)).runs[-1].run_id}
    assert await world.happened(batch, RetryAsked) == 1


async def test_of_retries_and_pipelines_at_the_same_moment_one_begins(world: Replicas) -> None:
    batch = await world.half_done()
    retries, pipelines = world.clients[:4], world.clients[4:]
    found = await asyncio.gather(
        ask_all(retries, f"/v1/batches/{batch}/phases/spellcheck/retry"),
        ask_all(pipelines, f"/v1/batches/{batch}/pipelines", requested_pipeline="nlp"),
    )

    assert codes([*found[0], *found[1]]) == {"202": 1, "PIPELINE_ALREADY_ACTIVE": 7}
    assert await world.happened(batch, RetryAsked) + await world.happened(batch, PipelineResolved) == 2
    said = await world.said(batch)
    commands = BatchServiceSpellcheckInitiateCommandDataV1, BatchServiceNLPInitiateCommandDataV1
    assert sum(said[command.topic] for command in commands) == 2


async def test_a_resume_and_a_cancel_at_the_same_moment_leave_it_cancelled(world: Replicas) -> None:
    batch = await world.running()
    await ask(world.clients[0], f"/v1/batches/{batch}/pause")
    resumed, cancelled = await asyncio.gather(
        ask_all(world.clients[:4], f"/v1/batches/{batch}/resume"),
        ask_all(world.clients[4:], f"/v1/batches/{batch}/cancel"),
    )

    assert codes(cancelled) == {"202": 4}
    assert codes(resumed).keys() <= {"202", "BATCH_CANCELLED"}
    said = await world.said(batch)
    assert said[BatchRunCancelledV1.topic] == 1
    assert said[BatchResumedV1.topic] == await world.happened(batch, ResumeAsked) <= 1


async def test_a_bulk_cancel_leaves_nothing_of_its_owner_that_was_there_and_touches_nobody_else(
    world: Replicas,
) -> None:
    """While the owner registers, starts and pauses: whatever was there when it was asked for is over, once each."""
    there = [await world.running() for _ in range(3)] + [await world.ready() for _ in range(3)]
    untouched = await world.running(SOMEBODY_ELSES)
    wish: dict[str, Any] = {"action": "cancel", "user_id": MINE, "reason": "an outage", "per_second": 1000}
    (status, _), *_ = await asyncio.gather(
        ask(world.clients[0], "/v1/operations", OPERATOR, **wish),
        *(ask(client, "/v1/batches/register", **REGISTRATION, user_id=MINE) for client in world.clients),
        *(ask(world.clients[1], f"/v1/batches/{each}/pause") for each in there[:2]),
        *(ask(world.clients[1], f"/v1/batches/{each}/pipelines", requested_pipeline="nlp") for each in there[3:]),
    )

    assert status == 202
    for each in there:
        while not await world.happened(each, CancelAsked):
            world.watch.forward(milliseconds=1)
        facts = await world.facts(each)
        (cancelled,) = [place for place, fact in enumerate(facts) if isinstance(fact, CancelAsked)]
        assert not [fact for fact in facts[cancelled:] if isinstance(fact, PauseAsked | ResumeAsked)]
        assert (await world.said(each))[BatchRunCancelledV1.topic] == 1
        assert await world.is_its_timeline(each)
    assert not await world.happened(untouched, CancelAsked)


async def test_where_nothing_guards_more_than_one_cancel_counts(
    world: Replicas, monkeypatch: pytest.MonkeyPatch
) -> None:
    await without_key(world.database)
    batches = [await world.running() for _ in range(10)]
    monkeypatch.setattr(BatchTable, "read", read_unlocked)
    monkeypatch.setattr(BatchTable, "write", write_over)
    for batch in batches:
        await ask_all(world.clients, f"/v1/batches/{batch}/cancel")

    assert max([(await world.said(batch))[BatchRunCancelledV1.topic] for batch in batches]) > 1
