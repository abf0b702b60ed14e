"""Handles the clocks that run for phases, and reports on how far phases are."""

from collections.abc import Sequence

from msgspec.structs import replace

from batch_orchestrator_service.domain.facts import PhaseDeadlinePassed, RetryDue
from batch_orchestrator_service.implementations.decisions import BatchDecisions
from batch_orchestrator_service.protocols import BatchRepositoryProtocol
from common_core.message import Envelope
from common_core.messages.pipeline import ELSBatchPhaseProgressV1


class PhaseTimerHandler:
    """A phase has had its time, or its next attempt is due."""

    def __init__(self, decisions: BatchDecisions, batches: BatchRepositoryProtocol) -> None:
        self._decisions, self._batches = decisions, batches

    async def deadline_passed(self, deadline: PhaseDeadlinePassed) -> None:
        """Within the poll's unit of work. Whether work goes on is not for the clock to say, but for ELS's reports."""
        progress = await self._batches.progress(deadline.batch_id, deadline.run_id)
        known = progress.get(deadline.phase_name)
        if known is not None and known.attempt == deadline.attempt:
            deadline = replace(deadline, done=known.succeeded + known.failed)
        await self._decisions.on(deadline.batch_id, deadline)

    async def retry_due(self, due: RetryDue) -> None:
        """Within the poll's unit of work."""
        await self._decisions.on(due.batch_id, due)


class PhaseProgressHandler:
    """Keeps how far phases are, for whoever watches."""

    def __init__(self, batches: BatchRepositoryProtocol) -> None:
        self._batches = batches

    async def handle(self, reports: Sequence[Envelope[ELSBatchPhaseProgressV1]]) -> None:
        """Within the poll's unit of work."""
        await self._batches.record_progress([report.data for report in reports])
