"""Handles phases that take too long, and reports on how far they are."""

from collections.abc import Sequence

from batch_orchestrator_service.domain.facts import PhaseDeadlinePassed
from batch_orchestrator_service.implementations.decisions import BatchDecisions
from batch_orchestrator_service.protocols import BatchRepositoryProtocol
from common_core.message import Envelope
from common_core.messages.pipeline import ELSBatchPhaseProgressV1


class PhaseDeadlineHandler:
    """A phase has had its time: go on without what it has not answered."""

    def __init__(self, decisions: BatchDecisions) -> None:
        self._decisions = decisions

    async def handle(self, deadline: PhaseDeadlinePassed) -> None:
        """Within the poll's unit of work."""
        await self._decisions.on(deadline.batch_id, deadline)


class PhaseProgressHandler:
    """Keeps how far phases are, for whoever watches."""

    def __init__(self, batches: BatchRepositoryProtocol) -> None:
        self._batches = batches

    async def handle(self, reports: Sequence[Envelope[ELSBatchPhaseProgressV1]]) -> None:
        """Within the poll's unit of work."""
        await self._batches.record_progress([report.data for report in reports])
