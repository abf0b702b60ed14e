"""Who wrote which essay, in memory, beside the batches in memory."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from common_core.enums import ClassType
from essay_lifecycle_service.domain.intake import EndedIntake
from essay_lifecycle_service.domain.matching import Confirmation, FileNote
from essay_lifecycle_service.implementations.intake_repository_impl import InMemoryIntakeRepositoryImpl, KeptBatch


class InMemoryMatchingRepositoryImpl:
    """See `MatchingRepositoryProtocol`."""

    def __init__(self, intakes: InMemoryIntakeRepositoryImpl) -> None:
        self._intakes = intakes
        self._asked: set[str] = set()

    async def ask(self, batch_ids: Sequence[str], at: datetime) -> Mapping[str, Mapping[str, FileNote]]:
        """See the protocol."""
        new = [batch_id for batch_id in dict.fromkeys(batch_ids) if batch_id not in self._asked]
        self._asked.update(new)
        return {batch_id: _notes(self._intakes.batch(batch_id)) for batch_id in new}

    async def confirm(self, confirmations: Sequence[Confirmation], at: datetime) -> Sequence[EndedIntake]:
        """See the protocol."""
        ready = []
        for confirmation in confirmations:
            batch = self._intakes.batch(confirmation.batch_id)
            is_first, batch.is_confirmed = not batch.is_confirmed, True
            for student in confirmation.students:
                known = batch.students.get(student.essay_id)
                if known is None or known[0] < confirmation.age:
                    batch.students[student.essay_id] = (confirmation.age, student)
            registration = batch.registration
            if is_first and batch.ended_at and registration and registration.class_type is ClassType.REGULAR:
                ready.append(batch.as_ended(registration))
        return ready


def _notes(batch: KeptBatch) -> Mapping[str, FileNote]:
    return {
        file.essay_id: FileNote(file.upload.file_name, file.upload.document_author)
        for file in batch.files
        if file.essay_id is not None
    }
