"""The one story of every fact about a batch: get, decide, save, publish, and show it to whoever watches."""

from batch_orchestrator_service.domain.batch import Batch
from batch_orchestrator_service.domain.decide import decide
from batch_orchestrator_service.domain.facts import Fact
from batch_orchestrator_service.implementations.stream_events import fact_shown
from batch_orchestrator_service.protocols import BatchEventPublisherProtocol, BatchRepositoryProtocol, Clock


class BatchDecisions:
    """Decides within the running unit of work."""

    def __init__(self, batches: BatchRepositoryProtocol, publisher: BatchEventPublisherProtocol, clock: Clock) -> None:
        self._batches, self._publisher, self._clock = batches, publisher, clock

    async def on(self, batch_id: str, fact: Fact) -> Batch | None:
        """The batch after this fact. One that comes late, early or again leaves no trace."""
        before = await self._batches.get_for_update(batch_id)
        after, effects = decide(before, fact, self._clock())
        if after is not None and after is not before:
            await self._batches.save(after, fact)
            self._publisher.publish(*effects, fact_shown(after, fact))
        return after
