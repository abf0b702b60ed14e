"""What services keep, in memory, where they have nothing of the kind themselves."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any, Protocol, TypeVar

from batch_orchestrator_service.domain.batch import Batch
from batch_orchestrator_service.domain.facts import Fact
from batch_orchestrator_service.implementations.batch_repository_impl import MockBatchRepositoryImpl
from batch_orchestrator_service.protocols import Clock
from nlp_service.implementations.analysis_repository_postgres_impl import AnalysisRow, PostgreSQLAnalysisRepository
from nlp_service.messages import Question

from common_core.message import Envelope
from common_core.messages.control import BatchRunCancelledV1
from huleedu_service_libs.cancelled_runs import CancelledRuns
from huleedu_service_libs.runtime.answers import current_claim
from huleedu_service_libs.runtime.unit_of_work import Cause
from simulation.bus import InMemoryUnit

T = TypeVar("T")


class Watcher(Protocol):
    """Told of every change of a batch."""

    def changed(self, before: Batch | None, fact: Fact, after: Batch) -> None:
        """This fact has made that of it."""


class WatchedBatches(MockBatchRepositoryImpl):
    """BOS's batches, and the whole life of each."""

    def __init__(self, watcher: Watcher, clock: Clock) -> None:
        super().__init__(clock)
        self._watcher = watcher
        self.batches: dict[str, Batch] = {}
        self.lives: dict[str, list[tuple[Fact, datetime]]] = {}

    async def save(self, batch: Batch, fact: Fact) -> None:
        """See the protocol."""
        before = self.batches.get(batch.batch_id)
        await super().save(batch, fact)
        self.batches[batch.batch_id] = batch
        self.lives.setdefault(batch.batch_id, []).append((fact, batch.changed_at))
        self._watcher.changed(before, fact, batch)


class InMemoryCancelledRuns(CancelledRuns):
    """The cancelled runs that a worker has heard of."""

    def __init__(self) -> None:
        self._runs: set[tuple[str, str | None]] = set()

    async def keep(self, cancelled: Sequence[Envelope[BatchRunCancelledV1]]) -> None:
        """See `CancelledRuns`."""
        self._runs.update((each.data.batch_id, each.data.run_id) for each in cancelled if each.data.run_id)

    async def contains(self, batch_id: str, run_id: str | None) -> bool:
        """See `CancelledRuns`."""
        return (batch_id, run_id) in self._runs


class InMemoryAnalyses(PostgreSQLAnalysisRepository):
    """How analyses ended: written once, never changed."""

    def __init__(self) -> None:
        self._codes: dict[Question, str | None] = {}

    async def known(self, questions: Sequence[Question]) -> dict[Question, str | None]:
        """See `PostgreSQLAnalysisRepository`."""
        return {each: self._codes[each] for each in questions if each in self._codes}

    async def record(self, rows: Sequence[AnalysisRow], at: datetime) -> set[Question]:
        """See `PostgreSQLAnalysisRepository`."""
        new = {row.question: row.error_code for row in rows if row.question not in self._codes}
        self._codes |= new
        return set(new)


class InMemoryTransactions:
    """Each action is a unit of work; its answer is kept under the request's Idempotency-Key, with its effect."""

    def __init__(self, begin: Callable[[], InMemoryUnit], commit: Callable[[InMemoryUnit], None]) -> None:
        self._begin, self._commit = begin, commit
        self.answers: dict[str, Any] = {}

    async def run(self, action: Callable[[], Awaitable[T]], cause: Cause, keys: Sequence[str] = ()) -> T:
        """See `Transactions`."""
        unit = self._begin()
        with unit.ambient():
            unit.begin(cause)
            answer = await action()
        if (claim := current_claim()) is not None:
            self.answers[claim.key] = answer
        self._commit(unit)
        return answer
