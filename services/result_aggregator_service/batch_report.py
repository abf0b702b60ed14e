"""A batch's results, as they are shown and exported: the frame at once, the essays page by page."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence

from common_core.enums import BatchStatus
from huleedu_service_libs.errors import NotFound
from result_aggregator_service.domain.batch import Batch, Registration
from result_aggregator_service.domain.essays import Essay, LeftOut, left_out, put_together, reading_order
from result_aggregator_service.domain.results import NO_SLOT, Result, Slot
from result_aggregator_service.domain.students import StudentOfEssay
from result_aggregator_service.protocols import BatchPage, ResultReaderProtocol

PAGE = 50  # essays at a time, with all their corrections: little memory, and the event loop is never held up for long


class BatchNotFound(NotFound):
    """There is no batch {batch_id}."""

    code = "BATCH_NOT_FOUND"


class BatchReport:
    """One batch. Its essays are in the order of their file names."""

    def __init__(
        self,
        batch_id: str,
        batch: Batch,
        registration: Registration,
        left_out: Sequence[LeftOut],
        slots: Sequence[Slot],
        students: Mapping[str, StudentOfEssay],
        reader: ResultReaderProtocol,
    ) -> None:
        self.batch_id, self.batch, self.registration, self.left_out = batch_id, batch, registration, left_out
        self._slots, self._students, self._reader = slots, students, reader

    @property
    def is_of_a_class(self) -> bool:
        """Its essays belong to students."""
        return self.registration.class_id is not None

    @property
    def missing(self) -> int:
        """How many essays were expected and never came, once nothing is waited for."""
        provisioning = self.batch.provisioning
        if provisioning is None:
            return 0
        failed = sum(left.code != NO_SLOT for left in self.left_out)
        return max(0, self.registration.expected_essay_count - provisioning.usable - failed)

    async def pages(self, *, in_full: bool) -> AsyncIterator[list[Essay]]:
        """The essays, a page at a time; corrections and features only if asked for in full."""
        for start in range(0, len(self._slots), PAGE):
            slots = self._slots[start : start + PAGE]
            results = await self._reader.results(self.batch_id, [slot.essay_id for slot in slots], in_full=in_full)
            yield [self._essay(slot, results.get(slot.essay_id, ())) for slot in slots]

    def _essay(self, slot: Slot, results: Sequence[Result]) -> Essay:
        return put_together(self.batch, slot, results, self._students.get(slot.essay_id))


class BatchReports:
    """All batches that can be asked about: those whose registration, and so whose owner, is known."""

    def __init__(self, reader: ResultReaderProtocol) -> None:
        self._reader = reader

    async def open(self, batch_id: str, asked_by: str | None) -> BatchReport:
        """The report on a batch. Raises BatchNotFound, for somebody else's batch too; None may see all."""
        batch = await self._reader.batch(batch_id)
        registration = batch.registration if batch else None
        if batch is None or registration is None or asked_by not in (None, registration.user_id):
            raise BatchNotFound(batch_id=batch_id)
        slots = sorted(await self._reader.slots(batch_id), key=lambda s: (reading_order(s.file_name), s.essay_id))
        unused = left_out(batch, await self._reader.unused_files(batch_id))
        students = await self._reader.students(batch_id) if registration.class_id is not None else {}
        return BatchReport(batch_id, batch, registration, unused, slots, students, self._reader)

    async def of(self, user_id: str, statuses: Collection[BatchStatus] | None, limit: int, offset: int) -> BatchPage:
        """A teacher's batches, the newest first."""
        return await self._reader.batches_of(user_id, statuses, limit, offset)
