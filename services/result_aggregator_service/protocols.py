"""The ports: what has been put together so far, written in a unit of work and read outside of it."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from msgspec import Struct

from common_core.enums import BatchStatus, PhaseName
from huleedu_service_libs.runtime.effects import Effect
from huleedu_service_libs.runtime.unit_of_work import Cause
from result_aggregator_service.domain.batch import Batch
from result_aggregator_service.domain.results import Result, Slot, UnusedFile
from result_aggregator_service.domain.students import StudentOfEssay


class ResultRepositoryProtocol(Protocol):
    """Writes what messages tell, within the unit of work that handles them. Each call is at most one statement."""

    async def batches(self, batch_ids: Sequence[str]) -> Mapping[str, Batch]:
        """These batches as they are known, locked; one that nothing is known of is empty."""

    async def put(self, batch_id: str, batch: Batch) -> None:
        """Have this written when the unit of work ends."""

    async def fill(self, slots: Sequence[Slot]) -> None:
        """Keep each essay's file, unless a newer one is known."""

    async def set_aside(self, files: Sequence[UnusedFile]) -> None:
        """Keep files that became no essay."""

    async def record(self, results: Sequence[Result]) -> None:
        """Keep each result, unless one of a newer try is known."""

    async def name(self, students: Sequence[StudentOfEssay]) -> None:
        """Keep who wrote each essay, unless something newer is known."""

    async def arrived(self, batch_ids: Sequence[str]) -> Mapping[str, Mapping[PhaseName, int]]:
        """How many successful results there are, by batch and phase."""


class ListedBatch(Struct, frozen=True):
    """A batch in a list."""

    batch_id: str
    batch: Batch


class BatchPage(Struct, frozen=True):
    """A part of a list, and how long the whole list is."""

    batches: list[ListedBatch]
    total: int


class ResultReaderProtocol(Protocol):
    """Reads what has been put together. Ids that cannot be anybody's are simply not found."""

    async def batch(self, batch_id: str) -> Batch | None:
        """The batch, if anything is known of it."""

    async def batches_of(
        self, user_id: str, statuses: Collection[BatchStatus] | None, limit: int, offset: int
    ) -> BatchPage:
        """A teacher's registered batches, the newest first; with `statuses`, only those that stand there."""

    async def slots(self, batch_id: str) -> list[Slot]:
        """All essays of a batch, in no particular order; those of which only results are known, too."""

    async def students(self, batch_id: str) -> Mapping[str, StudentOfEssay]:
        """Who wrote the essays of a batch, by essay, as far as anybody has decided."""

    async def unused_files(self, batch_id: str) -> list[UnusedFile]:
        """The files that became no essay, in no particular order."""

    async def results(
        self, batch_id: str, essay_ids: Sequence[str], *, in_full: bool
    ) -> Mapping[str, Sequence[Result]]:
        """The newest results of these essays, by essay; corrections and features only if asked for in full."""


class ResultPublisherProtocol(Protocol):
    """Says things in the running unit of work."""

    @property
    def now(self) -> datetime:
        """The unit of work's one reading of the clock."""

    def publish(self, effect: Effect, cause: Cause) -> None:
        """Say this when the unit of work ends."""
