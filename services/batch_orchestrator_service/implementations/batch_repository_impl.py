"""Batches in memory, for tests."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from batch_orchestrator_service.domain.batch import Batch
from batch_orchestrator_service.domain.facts import Fact
from batch_orchestrator_service.protocols import BatchFilter, Clock, ListedBatch, PhaseProgress, SetAside, TimelineEntry
from common_core.enums import PhaseName
from common_core.messages.pipeline import ELSBatchPhaseProgressV1


class MockBatchRepositoryImpl:
    """See `BatchRepositoryProtocol`. What is saved is there at once: a unit of work is whatever its caller awaits."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._batches: dict[str, Batch] = {}
        self._timelines: defaultdict[str, list[TimelineEntry]] = defaultdict(list)
        self._progress: dict[tuple[str, str], dict[PhaseName, PhaseProgress]] = defaultdict(dict)
        self.dead_letters: dict[str, list[SetAside]] = {}

    async def get_for_update(self, batch_id: str) -> Batch | None:
        """See the protocol."""
        return self._batches.get(batch_id)

    async def save(self, batch: Batch, fact: Fact) -> None:
        """See the protocol."""
        self._batches[batch.batch_id] = batch
        self._timelines[batch.batch_id].append(TimelineEntry(batch.version, batch.changed_at, fact))

    async def get(self, batch_id: str) -> Batch | None:
        """See the protocol."""
        return self._batches.get(batch_id)

    async def list(self, wanted: BatchFilter) -> Sequence[ListedBatch]:
        """See the protocol."""
        fitting = (batch for _, batch in sorted(self._batches.items(), reverse=True) if self._fits(batch, wanted))
        return [ListedBatch.of(batch) for batch, _ in zip(fitting, range(wanted.limit), strict=False)]

    async def count(self, wanted: BatchFilter) -> int:
        """See the protocol."""
        return len(await self.list(wanted))

    async def get_all(self, batch_ids: Sequence[str]) -> Sequence[Batch]:
        """See the protocol."""
        return [self._batches[batch_id] for batch_id in batch_ids if batch_id in self._batches]

    async def owners(self, batch_ids: Sequence[str]) -> Mapping[str, str]:
        """See the protocol."""
        return {each: batch.registration.user_id for each in batch_ids if (batch := self._batches.get(each))}

    async def timeline(self, batch_id: str, after: int, limit: int) -> Sequence[TimelineEntry]:
        """See the protocol."""
        return [entry for entry in self._timelines[batch_id] if entry.seq > after][:limit]

    async def record_progress(self, reports: Sequence[ELSBatchPhaseProgressV1]) -> None:
        """See the protocol."""
        for report in reports:
            batch = self._batches.get(report.batch_id)
            run = batch.active_run if batch else None
            if run is not None and report.run_id in (None, run.run_id):
                self._keep(run.run_id, report)

    def _keep(self, run_id: str, report: ELSBatchPhaseProgressV1) -> None:
        phases = self._progress[report.batch_id, run_id]
        known, reported = phases.get(report.phase_name), _progress(report, self._clock())
        if known is None or _extent(reported) > _extent(known):
            phases[report.phase_name] = reported

    async def progress(self, batch_id: str, run_id: str) -> Mapping[PhaseName, PhaseProgress]:
        """See the protocol."""
        return self._progress[batch_id, run_id]

    async def progress_of_all(self, batches: Sequence[Batch]) -> Mapping[str, Mapping[PhaseName, PhaseProgress]]:
        """See the protocol."""
        return {batch.batch_id: self._progress_of(batch) for batch in batches}

    def _progress_of(self, batch: Batch) -> Mapping[PhaseName, PhaseProgress]:
        run = batch.active_run
        return {} if run is None else self._progress[batch.batch_id, run.run_id]

    async def set_aside(self, batch_ids: Sequence[str]) -> Mapping[str, Sequence[SetAside]]:
        """See the protocol."""
        return {batch_id: self.dead_letters[batch_id] for batch_id in batch_ids if batch_id in self.dead_letters}

    def _fits(self, batch: Batch, wanted: BatchFilter) -> bool:
        return (
            wanted.user_id in (None, batch.registration.user_id)
            and wanted.class_id in (None, batch.registration.class_id)
            and batch.status in wanted.statuses
            and (wanted.since is None or batch.changed_at >= wanted.since)
            and (wanted.unmoved_since is None or self._last_moved(batch) < wanted.unmoved_since)
            and (wanted.cursor is None or batch.batch_id < wanted.cursor)
        )

    def _last_moved(self, batch: Batch) -> datetime:
        reported = (progress.reported_at for progress in self._progress_of(batch).values())
        return max([batch.changed_at, *(at for at in reported if at is not None)])


def _progress(report: ELSBatchPhaseProgressV1, at: datetime) -> PhaseProgress:
    return PhaseProgress(report.attempt or 1, report.succeeded, report.failed, report.total, at)


def _extent(progress: PhaseProgress) -> tuple[int, int]:
    return progress.attempt, progress.succeeded + progress.failed
