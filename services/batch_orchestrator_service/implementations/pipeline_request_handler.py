"""Handles pipeline requests that come as messages: as a work item, because BCS has to be asked."""

from batch_orchestrator_service.domain import notifications as tell
from batch_orchestrator_service.domain.asked import PipelineResolved
from batch_orchestrator_service.errors import BatchNotFound
from batch_orchestrator_service.implementations.pipeline_desk import PipelineDesk
from batch_orchestrator_service.protocols import BatchEventPublisherProtocol, BatchRepositoryProtocol, Clock
from common_core.enums import DenialReason
from common_core.messages.pipeline import ClientBatchPipelineRequestV1, PipelineDeniedV1, PromptPayload
from huleedu_service_libs.errors import RefusedCommand
from huleedu_service_libs.runtime.effects import Work

Answer = PipelineResolved | RefusedCommand


class PipelineRequestHandler:
    """The same as over HTTP; a refusal is said, not answered."""

    def __init__(
        self,
        batches: BatchRepositoryProtocol,
        publisher: BatchEventPublisherProtocol,
        desk: PipelineDesk,
        clock: Clock,
    ) -> None:
        self._batches, self._publisher, self._desk, self._clock = batches, publisher, desk, clock

    async def handle(self, request: ClientBatchPipelineRequestV1) -> None:
        """Have it worked out outside any transaction."""
        self._publisher.publish(Work(request))

    async def perform(self, request: ClientBatchPipelineRequestV1) -> Answer:
        """What it comes down to. Raises Unavailable while BCS is away."""
        batch = await self._batches.get(request.batch_id)
        if batch is None or batch.registration.user_id != request.user_id:
            return BatchNotFound(batch_id=request.batch_id)
        payload = request.prompt_payload or PromptPayload()
        try:
            return await self._desk.resolve(
                batch, request.requested_pipeline, payload, request.client_correlation_id, request.retry_reason
            )
        except RefusedCommand as refused:
            return refused

    async def conclude(self, request: ClientBatchPipelineRequestV1, answer: Answer) -> None:
        """Start the run, or say why not."""
        try:
            if isinstance(answer, RefusedCommand):
                raise answer
            await self._desk.start(answer)
        except RefusedCommand as refused:
            self._deny(request, refused.code, refused.detail)

    async def abandon(self, request: ClientBatchPipelineRequestV1, _: Exception) -> None:
        """It could not be worked out at all."""
        self._deny(request, "INTERNAL_ERROR", "The request could not be worked out; an operator has been told.")

    def _deny(self, request: ClientBatchPipelineRequestV1, code: str, detail: str) -> None:
        at = self._clock()
        denial = PipelineDeniedV1(
            entity_id=request.batch_id,
            timestamp=at,
            batch_id=request.batch_id,
            user_id=request.user_id,
            requested_pipeline=request.requested_pipeline,
            denial_reason=DenialReason.REFUSED,
            denied_at=at,
            denial_code=code,
            detail=detail,
        )
        self._publisher.publish(denial, tell.denied(denial, request.client_correlation_id))
