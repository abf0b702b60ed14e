"""Handles the clocks that run for phases, and reports on how far phases are."""

from collections.abc import Sequence

from msgspec.structs import replace

from batch_orchestrator_service.domain.facts import PhaseDeadlinePassed, RetryDue
from batch_orchestrator_service.implementations.decisions import BatchDecisions
from batch_orchestrator_service.implementations.stream_events import progress_shown
from batch_orchestrator_service.protocols import BatchEventPublisherProtocol, BatchRepositoryProtocol, Clock
from common_core.message import Envelope
from common_core.messages.pipeline import ELSBatchPhaseProgressV1
from huleedu_service_libs.runtime.unit_of_work import cause_of


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
    """Keeps how far phases are, and shows it to whoever watches."""

    def __init__(self, batches: BatchRepositoryProtocol, publisher: BatchEventPublisherProtocol, clock: Clock) -> None:
        self._batches, self._publisher, self._clock = batches, publisher, clock

    async def handle(self, reports: Sequence[Envelope[ELSBatchPhaseProgressV1]]) -> None:
        """Within the poll's unit of work, which has the batches at hand."""
        await self._batches.record_progress([report.data for report in reports])
        last = {(each.data.batch_id, each.data.phase_name): each for each in reports}
        for envelope in last.values():
            batch = await self._batches.get_for_update(envelope.data.batch_id)
            if batch is not None and (shown := progress_shown(batch, envelope.data, self._clock())):
                self._publisher.publish(shown, cause=cause_of(envelope))
