"""A run has ended: say that its results are ready, once, when they all are."""

from collections.abc import Mapping, Sequence

from common_core.enums import BatchStatus, PhaseName
from common_core.message import Envelope
from common_core.messages.batch import BatchPipelineCompletedV1
from huleedu_service_libs.runtime.effects import Later
from huleedu_service_libs.runtime.unit_of_work import Cause, cause_of
from result_aggregator_service.domain.awaiting import AGAIN_AFTER, GIVE_UP_AFTER, ResultsAwaited
from result_aggregator_service.domain.batch import (
    announcement,
    decide,
    has_all_results,
    with_announced,
)
from result_aggregator_service.domain.notifications import results_ready
from result_aggregator_service.domain.results import NO_RUN
from result_aggregator_service.protocols import ResultPublisherProtocol, ResultRepositoryProtocol


class RunEndHandler:
    """Announces results. Topics have no order among them, so some results may come after the end of their run."""

    def __init__(self, repository: ResultRepositoryProtocol, publisher: ResultPublisherProtocol) -> None:
        self._repository, self._publisher = repository, publisher

    async def run_ended(self, run: Sequence[Envelope[BatchPipelineCompletedV1]]) -> None:
        """Keep how each run ended, and announce its results or wait for them. All batches are read at once.

        Nobody waits for the results of a run that was cancelled.
        """
        await self._repository.batches([envelope.data.batch_id for envelope in run])
        for envelope in run:
            batch_id = envelope.data.batch_id
            batch = (await self._repository.batches([batch_id]))[batch_id]
            await self._repository.put(batch_id, decide(batch, envelope.data))
        finished = [envelope for envelope in run if envelope.data.final_status is not BatchStatus.CANCELLED]
        await self._announce([(self._awaited(envelope.data), cause_of(envelope)) for envelope in finished])

    async def still_awaited(self, run: Sequence[Envelope[ResultsAwaited]]) -> None:
        """Look again."""
        await self._announce([(envelope.data, cause_of(envelope)) for envelope in run])

    def _awaited(self, ended: BatchPipelineCompletedV1) -> ResultsAwaited:
        return ResultsAwaited(batch_id=ended.batch_id, run_id=ended.run_id or NO_RUN, since=self._publisher.now)

    async def _announce(self, awaited: Sequence[tuple[ResultsAwaited, Cause]]) -> None:
        batch_ids = sorted({each.batch_id for each, _ in awaited})
        await self._repository.batches(batch_ids)
        arrived = await self._repository.arrived(batch_ids)
        for each, cause in awaited:
            await self._announce_or_wait(each, arrived.get(each.batch_id, {}), cause)

    async def _announce_or_wait(self, awaited: ResultsAwaited, arrived: Mapping[PhaseName, int], cause: Cause) -> None:
        batch_id, run_id, now = awaited.batch_id, awaited.run_id, self._publisher.now
        batch = (await self._repository.batches([batch_id]))[batch_id]
        if run_id in batch.announced:
            return
        if not has_all_results(batch, run_id, arrived) and now - awaited.since < GIVE_UP_AFTER:
            self._publisher.publish(Later(awaited, awaited.name, now + AGAIN_AFTER), cause)
            return
        ready = announcement(batch_id, batch, run_id, now)
        if ready is not None:
            class_id = batch.registration.class_id if batch.registration else None
            self._publisher.publish(ready, cause)
            self._publisher.publish(results_ready(ready, class_id, cause.correlation_id), cause)
            await self._repository.put(batch_id, with_announced(batch, run_id))
