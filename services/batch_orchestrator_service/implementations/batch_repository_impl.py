"""Batches in memory, for tests."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from batch_orchestrator_service.domain.batch import Batch
from batch_orchestrator_service.domain.facts import Fact
from batch_orchestrator_service.protocols import BatchFilter, PhaseProgress, TimelineEntry
from common_core.enums import PhaseName
from common_core.messages.pipeline import ELSBatchPhaseProgressV1


class MockBatchRepositoryImpl:
    """See `BatchRepositoryProtocol`. What is saved is there at once: a unit of work is whatever its caller awaits."""

    def __init__(self) -> None:
        self._batches: dict[str, Batch] = {}
        self._timelines: defaultdict[str, list[TimelineEntry]] = defaultdict(list)
        self._progress: dict[tuple[str, str], dict[PhaseName, ELSBatchPhaseProgressV1]] = defaultdict(dict)

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

    async def list(self, wanted: BatchFilter) -> Sequence[Batch]:
        """See the protocol."""
        fitting = (batch for _, batch in sorted(self._batches.items(), reverse=True) if _fits(batch, wanted))
        return [batch for batch, _ in zip(fitting, range(wanted.limit), strict=False)]

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
        known = phases.get(report.phase_name)
        if known is None or _extent(report) >= _extent(known):
            phases[report.phase_name] = report

    async def progress(self, batch_id: str, run_id: str) -> Mapping[PhaseName, PhaseProgress]:
        """See the protocol."""
        phases = self._progress[batch_id, run_id]
        return {name: _progress(report) for name, report in phases.items()}


def _fits(batch: Batch, wanted: BatchFilter) -> bool:
    return (
        wanted.user_id in (None, batch.registration.user_id)
        and wanted.class_id in (None, batch.registration.class_id)
        and (wanted.statuses is None or batch.status in wanted.statuses)
        and (wanted.since is None or batch.changed_at >= wanted.since)
        and (wanted.cursor is None or batch.batch_id < wanted.cursor)
    )


def _progress(report: ELSBatchPhaseProgressV1) -> PhaseProgress:
    return PhaseProgress(report.attempt or 1, report.succeeded, report.failed, report.total)


def _extent(report: ELSBatchPhaseProgressV1) -> tuple[int, int]:
    return report.attempt or 1, report.succeeded + report.failed
