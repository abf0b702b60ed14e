"""Everything in memory: for tests and trials, with the same answers as PostgreSQL."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence

from msgspec.structs import replace

from common_core.enums import BatchStatus, PhaseName
from result_aggregator_service.domain.batch import Batch, overall_status
from result_aggregator_service.domain.results import Result, Slot, UnusedFile, latest_slots, newest
from result_aggregator_service.domain.students import StudentOfEssay, latest_students
from result_aggregator_service.protocols import BatchPage, ListedBatch


class InMemoryResultRepositoryImpl:
    """See `ResultRepositoryProtocol` and `ResultReaderProtocol`; what is put is there at once."""

    def __init__(self) -> None:
        self._batches: dict[str, Batch] = {}
        self._slots: list[Slot] = []
        self._files: dict[tuple[str, str], UnusedFile] = {}
        self._results: list[Result] = []
        self._students: list[StudentOfEssay] = []

    async def batches(self, batch_ids: Sequence[str]) -> Mapping[str, Batch]:
        """See the protocol."""
        return {batch_id: self._batches.get(batch_id, Batch()) for batch_id in batch_ids}

    async def put(self, batch_id: str, batch: Batch) -> None:
        """See the protocol."""
        self._batches[batch_id] = batch

    async def fill(self, slots: Sequence[Slot]) -> None:
        """See the protocol."""
        self._slots = latest_slots([*self._slots, *slots])

    async def set_aside(self, files: Sequence[UnusedFile]) -> None:
        """See the protocol."""
        for file in files:
            self._files.setdefault((file.batch_id, file.file_key), file)

    async def record(self, results: Sequence[Result]) -> None:
        """See the protocol."""
        self._results = newest([*self._results, *results])

    async def name(self, students: Sequence[StudentOfEssay]) -> None:
        """See the protocol."""
        self._students = latest_students([*self._students, *students])

    async def arrived(self, batch_ids: Sequence[str]) -> Mapping[str, Mapping[PhaseName, int]]:
        """See the protocol."""
        return {
            batch_id: Counter(r.phase for r in self._results if r.batch_id == batch_id and r.error_code is None)
            for batch_id in batch_ids
        }

    async def batch(self, batch_id: str) -> Batch | None:
        """See the protocol."""
        return self._batches.get(batch_id)

    async def batches_of(
        self, user_id: str, statuses: Collection[BatchStatus] | None, limit: int, offset: int
    ) -> BatchPage:
        """See the protocol."""
        listed = sorted(
            (batch.registration.registered_at, batch_id, batch)
            for batch_id, batch in self._batches.items()
            if batch.registration is not None
            and batch.registration.user_id == user_id
            and (statuses is None or overall_status(batch) in statuses)
        )
        page = listed[::-1][offset : offset + limit]
        return BatchPage([ListedBatch(batch_id, batch) for _, batch_id, batch in page], len(listed))

    async def slots(self, batch_id: str) -> list[Slot]:
        """See the protocol."""
        slots = {result.essay_id: Slot(batch_id=batch_id, essay_id=result.essay_id) for result in self._of(batch_id)}
        slots |= {slot.essay_id: slot for slot in self._slots if slot.batch_id == batch_id}
        return list(slots.values())

    async def students(self, batch_id: str) -> Mapping[str, StudentOfEssay]:
        """See the protocol."""
        return {student.essay_id: student for student in self._students if student.batch_id == batch_id}

    async def unused_files(self, batch_id: str) -> list[UnusedFile]:
        """See the protocol."""
        return [file for file in self._files.values() if file.batch_id == batch_id]

    async def results(
        self, batch_id: str, essay_ids: Sequence[str], *, in_full: bool
    ) -> Mapping[str, Sequence[Result]]:
        """See the protocol."""
        found: dict[str, list[Result]] = defaultdict(list)
        for result in self._of(batch_id):
            if result.essay_id in essay_ids:
                kept = result if in_full else replace(result, corrections=[], features={})
                found[result.essay_id].append(kept)
        return found

    def _of(self, batch_id: str) -> list[Result]:
        return [result for result in self._results if result.batch_id == batch_id]
