"""Messages told to this service's handlers: over a repository in memory, or over PostgreSQL as the runtime does it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any, Protocol

import msgspec

from common_core.message import Envelope, Message
from common_core.messages.notification import TeacherNotificationRequestedV1
from common_core.messages.results import BatchResultsReadyV1
from huleedu_service_libs.runtime.database import Database
from huleedu_service_libs.runtime.effects import Effect, Later
from huleedu_service_libs.runtime.routing import Group, Route
from huleedu_service_libs.runtime.unit_of_work import Cause, UnitOfWork
from result_aggregator_service.batch_report import BatchReports
from result_aggregator_service.config import SERVICE_NAME
from result_aggregator_service.domain.batch import Batch
from result_aggregator_service.domain.results import Result, Slot, UnusedFile
from result_aggregator_service.domain.students import StudentOfEssay
from result_aggregator_service.implementations.batch_fact_handler import BatchFactHandler
from result_aggregator_service.implementations.batch_table import BatchTable
from result_aggregator_service.implementations.essay_handler import EssayHandler
from result_aggregator_service.implementations.result_publisher_impl import UnitOfWorkResultPublisherImpl
from result_aggregator_service.implementations.result_reader_postgres_impl import PostgresResultReaderImpl
from result_aggregator_service.implementations.result_repository_impl import InMemoryResultRepositoryImpl
from result_aggregator_service.implementations.result_repository_postgres_impl import PostgresResultRepositoryImpl
from result_aggregator_service.implementations.run_end_handler import RunEndHandler
from result_aggregator_service.kafka_consumer import GROUP, ResultKafkaConsumer
from result_aggregator_service.protocols import (
    ResultPublisherProtocol,
    ResultReaderProtocol,
    ResultRepositoryProtocol,
)
from result_aggregator_service.tests.messages import BATCH, START, enveloped


class Known(msgspec.Struct, frozen=True):
    """All that is known of a batch, in an order of its own."""

    batch: Batch | None
    slots: list[Slot]
    unused: list[UnusedFile]
    results: list[Result]
    students: Mapping[str, StudentOfEssay] = {}


class World(Protocol):
    """Something that can be told messages, and asked what it knows."""

    reader: ResultReaderProtocol

    async def tell(self, messages: Sequence[Message]) -> None:
        """All of these in one poll."""

    async def forget(self) -> None:
        """Start anew."""


async def known(world: World, batch_id: str = BATCH) -> Known:
    """What the world knows of a batch."""
    slots = sorted(await world.reader.slots(batch_id), key=lambda slot: slot.essay_id)
    results = await world.reader.results(batch_id, [slot.essay_id for slot in slots], in_full=True)
    return Known(
        batch=await world.reader.batch(batch_id),
        slots=slots,
        unused=sorted(await world.reader.unused_files(batch_id), key=lambda file: file.file_key),
        results=sorted((each for of in results.values() for each in of), key=lambda r: (r.essay_id, r.phase)),
        students=await world.reader.students(batch_id),
    )


def group_over(repository: ResultRepositoryProtocol, publisher: ResultPublisherProtocol, table: BatchTable) -> Group:
    """The service's routing table over these."""
    handlers = BatchFactHandler(repository), EssayHandler(repository), RunEndHandler(repository, publisher)
    (group,) = ResultKafkaConsumer(*handlers, table).groups()
    return group


class Notes:
    """A publisher that keeps what is said; its clock is set by hand."""

    def __init__(self) -> None:
        self.now: datetime = START
        self.said: list[BatchResultsReadyV1] = []
        self.told: list[TeacherNotificationRequestedV1] = []
        self.timers: dict[str, Later] = {}

    def publish(self, effect: Effect, cause: Cause) -> None:
        """Keep it."""
        if isinstance(effect, Later):
            self.timers[effect.name] = effect
        elif isinstance(effect, BatchResultsReadyV1):
            self.said.append(effect)
        elif isinstance(effect, TeacherNotificationRequestedV1):
            self.told.append(effect)


class InMemoryWorld:
    """Handlers over memory, called as the runtime would call them."""

    reader: ResultReaderProtocol

    def __init__(self) -> None:
        self._start()

    def _start(self) -> None:
        self.notes = Notes()
        repository = InMemoryResultRepositoryImpl()
        self.reader = repository
        self._routes = {each.message: each for each in group_over(repository, self.notes, BatchTable()).routes}
        self.reports = BatchReports(repository)

    async def forget(self) -> None:
        """Start anew."""
        self._start()

    async def tell(self, messages: Sequence[Message]) -> None:
        """All of these in one poll."""
        for kind, run in groupby(messages, key=type):
            await _call(self._routes[kind], [enveloped(message) for message in run])

    async def let_timers_fire(self) -> None:
        """Those that are due, with what follows from them."""
        due = [timer for timer in self.notes.timers.values() if timer.at <= self.notes.now]
        for timer in due:
            del self.notes.timers[timer.name]
            await self.tell([timer.message])


async def _call(route: Route, run: Sequence[Envelope[Any]]) -> None:
    if route.in_runs:
        await route.handle(run)
        return
    for envelope in run:
        await route.handle(envelope.data)


class PostgresWorld:
    """Handlers over PostgreSQL, each poll in one unit of work."""

    reader: ResultReaderProtocol

    def __init__(self, database: Database) -> None:
        self._database, self._table = database, BatchTable()
        self.reader = PostgresResultReaderImpl(database)
        repository = PostgresResultRepositoryImpl(self._table)
        routes = group_over(repository, UnitOfWorkResultPublisherImpl(), self._table).routes
        self._routes = {each.message: each for each in routes}

    async def forget(self) -> None:
        """Start anew."""
        tables = "batch, essay, essay_student, essay_result, unused_file, runtime.timer"
        await self._database.pool.execute(f"truncate {tables}")

    async def tell(self, messages: Sequence[Message]) -> None:
        """All of these in one poll."""
        async with self._database.transaction() as con:
            unit = UnitOfWork(con, GROUP, SERVICE_NAME, START)
            with unit.ambient():
                for kind, run in groupby(messages, key=type):
                    await _call(self._routes[kind], [enveloped(message) for message in run])
            await unit.flush()
