"""What is known of essays, read from the repositories in memory."""

from essay_lifecycle_service.domain.essay_status import BatchFacts, EssayFacts, FileFact, PhaseFact
from essay_lifecycle_service.implementations.intake_repository_impl import InMemoryIntakeRepositoryImpl, KeptBatch
from essay_lifecycle_service.implementations.phase_repository_impl import InMemoryPhaseRepositoryImpl, KeptPhase


class InMemoryEssayFactsImpl:
    """See `EssayFactsProtocol`."""

    def __init__(self, intakes: InMemoryIntakeRepositoryImpl, phases: InMemoryPhaseRepositoryImpl) -> None:
        self._intakes, self._phases = intakes, phases

    async def of_essay(self, essay_id: str) -> EssayFacts | None:
        """The essay as its batch knows it."""
        batches = [await self.of_batch(batch_id) for batch_id in self._intakes.batches]
        essays = [essay for batch in batches if batch is not None for essay in batch.essays]
        return next((essay for essay in essays if essay.essay_id == essay_id), None)

    async def of_batch(self, batch_id: str) -> BatchFacts | None:
        """All essays of a registered batch."""
        batch = self._intakes.batches.get(batch_id)
        if batch is None or batch.registration is None:
            return None
        return BatchFacts(batch_id=batch_id, essays=[self._essay(batch, each) for each in batch.registration.essay_ids])

    def _essay(self, batch: KeptBatch, essay_id: str) -> EssayFacts:
        assert batch.registration is not None
        return EssayFacts(
            essay_id=essay_id,
            batch_id=batch.registration.batch_id,
            registered_at=batch.registered_at,
            intake_ended_at=batch.ended_at,
            file=_file_fact(batch, essay_id),
            student=batch.students[essay_id][1] if essay_id in batch.students else None,
            phases=[
                _phase_fact(kept, essay_id)
                for kept in self._phases.phases
                if not kept.superseded and essay_id in {ref.essay_id for ref in kept.plan.essays}
            ],
        )


def _file_fact(batch: KeptBatch, essay_id: str) -> FileFact | None:
    upload = next((file.upload for file in batch.files if file.essay_id == essay_id), None)
    if upload is None:
        return None
    return FileFact(
        placed_at=batch.placed_at[essay_id],
        raw_storage_id=upload.raw_storage_id,
        text_storage_id=upload.text_storage_id,
    )


def _phase_fact(kept: KeptPhase, essay_id: str) -> PhaseFact:
    if essay_id not in kept.verdicts:
        return PhaseFact(phase=kept.plan.phase, opened_at=kept.opened_at)
    at, verdict = kept.verdicts[essay_id]
    return PhaseFact(
        phase=kept.plan.phase,
        opened_at=kept.opened_at,
        answered_at=at,
        text_storage_id=verdict.text_storage_id,
        error_code=verdict.error_code,
    )
