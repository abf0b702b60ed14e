"""Batches and their files in memory: the rules of `domain.intake` and nothing else."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from essay_lifecycle_service.domain.intake import (
    EndedIntake,
    IntakeStep,
    PlacedUpload,
    Registration,
    Upload,
    is_over,
    take_slots,
)
from essay_lifecycle_service.domain.matching import StudentOfEssay


@dataclass
class KeptBatch:
    """What is known of a batch; `registration` may come last."""

    registration: Registration | None = None
    registered_at: datetime | None = None
    deadline_passed: bool = False
    ended_at: datetime | None = None
    uploads: dict[str, Upload] = field(default_factory=dict)
    waiting: list[Upload] = field(default_factory=list)
    files: list[PlacedUpload] = field(default_factory=list)
    placed_at: dict[str, datetime] = field(default_factory=dict)
    is_confirmed: bool = False
    students: dict[str, tuple[tuple[int, datetime], StudentOfEssay]] = field(default_factory=dict)

    def place(self, at: datetime) -> list[PlacedUpload]:
        """Give slots to the files that wait."""
        if self.registration is None:
            return []
        free = self.registration.essay_ids[len(self.files) :] if self.ended_at is None else ()
        placed = [PlacedUpload(upload=file, essay_id=essay) for file, essay in take_slots(free, self.waiting)]
        self.waiting = []
        self.files += [file for file in placed if file.essay_id is not None]
        self.placed_at |= {file.essay_id: at for file in placed if file.essay_id is not None}
        return placed

    def end(self, at: datetime) -> list[EndedIntake]:
        """End the intake if it is over and was not."""
        batch = self.registration
        if batch is None or self.ended_at is not None:
            return []
        if not is_over(len(batch.essay_ids), len(self.files), self.deadline_passed):
            return []
        self.ended_at = at
        return [self.as_ended(batch)]

    def as_ended(self, batch: Registration) -> EndedIntake:
        """The intake, which is over."""
        return EndedIntake(registration=batch, files=list(self.files), students_confirmed=self.is_confirmed)


class InMemoryIntakeRepositoryImpl:
    """See `IntakeRepositoryProtocol`."""

    def __init__(self) -> None:
        self.batches: dict[str, KeptBatch] = {}

    async def register(self, batches: Sequence[Registration], at: datetime) -> IntakeStep:
        """The first registration of a batch stands."""
        for batch in batches:
            kept = self.batch(batch.batch_id)
            if kept.registration is None:
                kept.registration, kept.registered_at = batch, at
        return self._placed_and_ended([batch.batch_id for batch in batches], at)

    async def receive(self, uploads: Sequence[Upload], at: datetime) -> IntakeStep:
        """The first message about an upload stands."""
        for upload in uploads:
            kept = self.batch(upload.batch_id)
            if upload.file_upload_id not in kept.uploads:
                kept.uploads[upload.file_upload_id] = upload
                kept.waiting.append(upload)
        return self._placed_and_ended([upload.batch_id for upload in uploads], at)

    async def close(self, batch_ids: Sequence[str], at: datetime) -> IntakeStep:
        """Remember it even before the registration."""
        for batch_id in batch_ids:
            self.batch(batch_id).deadline_passed = True
        return IntakeStep(ended=[ended for batch_id in batch_ids for ended in self.batch(batch_id).end(at)])

    def batch(self, batch_id: str) -> KeptBatch:
        """The batch; made with the first thing that is heard of it."""
        return self.batches.setdefault(batch_id, KeptBatch())

    def _placed_and_ended(self, batch_ids: Sequence[str], at: datetime) -> IntakeStep:
        touched = [self.batches[batch_id] for batch_id in dict.fromkeys(batch_ids)]
        placed = [file for batch in touched for file in batch.place(at)]
        return IntakeStep(placed=placed, ended=[ended for batch in touched for ended in batch.end(at)])
