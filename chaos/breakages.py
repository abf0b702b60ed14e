"""Mechanisms of the runtime and rules of services, each to be switched off: the checks must then complain."""

import itertools
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import msgspec
from batch_orchestrator_service.domain import admission, on_phase, on_request, steps
from batch_orchestrator_service.domain.asked import PipelineResolved
from batch_orchestrator_service.domain.batch import Batch
from batch_orchestrator_service.domain.run import Run
from batch_orchestrator_service.errors import StudentsNotConfirmed
from batch_orchestrator_service.implementations import pipeline_desk
from result_aggregator_service.domain.students import StudentOfEssay
from result_aggregator_service.implementations.result_repository_postgres_impl import PostgresResultRepositoryImpl

from chaos.replacing import replace
from huleedu_service_libs import idempotency
from huleedu_service_libs.errors import RefusedCommand
from huleedu_service_libs.event_streams import Hub, Opening
from huleedu_service_libs.runtime import log
from huleedu_service_libs.runtime.answers import AnswerSink, Claim, StoredAnswer
from huleedu_service_libs.runtime.connection import Connection, Pool
from huleedu_service_libs.runtime.database import Database
from huleedu_service_libs.runtime.delivery import Delivery
from huleedu_service_libs.runtime.kafka import inbox
from huleedu_service_libs.runtime.kafka.relay import RELAY
from huleedu_service_libs.runtime.kafka.source import KafkaSource
from huleedu_service_libs.runtime.tail import Place, look
from huleedu_service_libs.runtime.transactions import GroupCommit

FIRST_DECISION = 2  # the version that it makes of class management's batch: the suggestions have made the first


def no_inbox() -> None:
    """Handle whatever Kafka delivers, as often as it does."""

    async def admit_all(con: Connection, group: str, deliveries: Sequence[Delivery]) -> Sequence[Delivery]:
        return deliveries

    async def know_nothing(self: KafkaSource, deliveries: Sequence[Delivery]) -> None:
        return None

    replace(inbox, "admit", admit_all)
    replace(KafkaSource, "sift", know_nothing)


def offsets_before_effects() -> None:
    """Commit to Kafka what has been read, before anything is done about it."""
    poll = KafkaSource._poll

    async def hasty(self: KafkaSource, consumer: Any, *, paused: bool) -> None:
        await poll(self, consumer, paused=paused)
        if self._in_hand:
            await consumer.commit()

    replace(KafkaSource, "_poll", hasty)


def moved_before_sent() -> None:
    """Move the relay's cursor as soon as it has read, and only then send."""
    read, move = log.read, log.move

    async def hasty_read(con: Connection | Pool, group: str, owner: str, topics: Any, limit: int) -> Any:
        position, records = await read(con, group, owner, topics, limit)
        if group == RELAY and position is not None and records:
            await move(con, log.Move(group, position.at, records[-1].next, position.epoch))
        return position, records

    async def done_already(con: Connection | Pool, way: log.Move) -> None:
        if way.group != RELAY:
            await move(con, way)

    replace(log, "read", hasty_read)
    replace(log, "move", done_already)


def forgetful_answers() -> None:
    """Keep no answer: a request that is sent again is carried out again."""

    async def nothing(pool: Pool, claim: Claim) -> None:
        return None

    async def keep_nothing(self: AnswerSink, con: Connection, rows: Sequence[StoredAnswer]) -> None:
        return None

    replace(idempotency, "find_answer", nothing)
    replace(AnswerSink, "add", keep_nothing)


class _TakenBack(Database):
    """Transactions that are rolled back, and tell nobody."""

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """All is written, and gone."""
        async with self.pool.acquire() as con:
            transaction = con.transaction()
            await transaction.start()
            yield con
            await transaction.rollback()


def answered_without_commit() -> None:
    """Tell clients that their batch is registered, and every fourth time do nothing of the kind."""
    commit, times = GroupCommit._commit, itertools.count(1)

    async def careless(self: GroupCommit, jobs: Sequence[Any]) -> None:
        kept = self._database
        if all(_registers(job.claim) for job in jobs) and next(times) % 4 == 0:
            self._database = _TakenBack(kept.pool, kept.dsn, kept.producer, kept.clock)
        try:
            await commit(self, jobs)
        finally:
            self._database = kept

    replace(GroupCommit, "_commit", careless)


def _registers(claim: Claim | None) -> bool:
    return claim is not None and claim.scope.endswith("/register")


def paused_in_name_only() -> None:
    """Have BOS go on with a paused batch as with any other when a phase is answered."""
    move = steps.moved_on

    def careless(batch: Batch, run: Run, at: datetime) -> steps.Step:
        moved, effects = move(msgspec.structs.replace(batch, paused=None), run, at)
        return msgspec.structs.replace(moved, paused=batch.paused), effects

    replace(on_phase, "moved_on", careless)


def unconfirmed_goes_on() -> None:
    """Have BOS work on a class's essays although nobody has said who wrote them."""
    begin = on_request.pipeline

    def refusal(batch: Batch) -> RefusedCommand | None:
        refused = admission.refusal(batch)
        return None if isinstance(refused, StudentsNotConfirmed) else refused

    def careless(batch: Batch, resolved: PipelineResolved, at: datetime) -> steps.Step:
        given_up = msgspec.structs.replace(batch.matching, given_up_at=at)
        begun, effects = begin(msgspec.structs.replace(batch, matching=given_up), resolved, at)
        return msgspec.structs.replace(begun, matching=batch.matching), effects

    replace(pipeline_desk, "refusal", refusal)
    replace(on_request, "pipeline", careless)


def corrections_unheard() -> None:
    """Have the result aggregator take up only what a batch's first decision said of who wrote what."""
    name = PostgresResultRepositoryImpl.name

    async def deaf(self: PostgresResultRepositoryImpl, students: Sequence[StudentOfEssay]) -> None:
        if heard := [student for student in students if student.version <= FIRST_DECISION]:
            await name(self, heard)

    replace(PostgresResultRepositoryImpl, "name", deaf)


def streams_begin_anew() -> None:
    """Have a stream that is to go on after an event begin with what comes from now on."""
    open_ = Hub.open

    async def forgetful(self: Hub[Any], last: Place | None, snapshot: Any) -> Opening:
        opening = await open_(self, last, snapshot)
        return opening if last is None else Opening((await look(self._tail.pool)).end, None)

    replace(Hub, "open", forgetful)


BREAKAGES: Mapping[str, Callable[[], None]] = {
    "no-inbox": no_inbox,
    "offsets-before-effects": offsets_before_effects,
    "moved-before-sent": moved_before_sent,
    "forgetful-answers": forgetful_answers,
    "answered-without-commit": answered_without_commit,
    "paused-in-name-only": paused_in_name_only,
    "unconfirmed-goes-on": unconfirmed_goes_on,
    "corrections-unheard": corrections_unheard,
    "streams-begin-anew": streams_begin_anew,
}
