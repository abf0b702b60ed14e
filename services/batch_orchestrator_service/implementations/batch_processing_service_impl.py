"""What clients can do with batches: load, decide, save and publish in one transaction, and read."""

from collections.abc import Mapping

from batch_orchestrator_service.api_models import (
    BatchRegistrationRequestV1,
    BatchRegistrationResponse,
    PipelineRequest,
    PipelineRequestResponse,
    PlannedPhase,
    PromptRequest,
    PromptResponse,
    TimelineResponse,
)
from batch_orchestrator_service.domain.asked import PipelineResolved
from batch_orchestrator_service.domain.batch import Batch
from batch_orchestrator_service.domain.run import Run
from batch_orchestrator_service.errors import BatchIdMismatch, BatchNotFound
from batch_orchestrator_service.implementations.phase_view import pipeline_state_answer
from batch_orchestrator_service.implementations.pipeline_desk import PipelineDesk
from batch_orchestrator_service.implementations.prompt_desk import PromptDesk
from batch_orchestrator_service.implementations.registrar import Registrar, storage_reference
from batch_orchestrator_service.implementations.status_view import status_of
from batch_orchestrator_service.implementations.timeline_view import fact_body
from batch_orchestrator_service.protocols import BatchRepositoryProtocol, PhaseProgress
from batch_orchestrator_service.status_models import BatchStatusResponse, PipelineStateResponse
from common_core.enums import PhaseName
from common_core.messages.pipeline import PromptPayload
from huleedu_service_libs.causes import cause_of_request
from huleedu_service_libs.runtime.transactions import Transactions
from huleedu_service_libs.runtime.unit_of_work import Cause


class BatchProcessingServiceImpl:
    """See `BatchProcessingServiceProtocol`."""

    def __init__(
        self,
        batches: BatchRepositoryProtocol,
        transactions: Transactions,
        registrar: Registrar,
        pipelines: PipelineDesk,
        prompts: PromptDesk,
    ) -> None:
        self._batches, self._transactions = batches, transactions
        self._registrar, self._pipelines, self._prompts = registrar, pipelines, prompts

    async def register_new_batch(
        self, request: BatchRegistrationRequestV1, correlation_id: str
    ) -> BatchRegistrationResponse:
        """See the protocol."""
        fact = self._registrar.registration(request, correlation_id)

        async def register() -> BatchRegistrationResponse:
            await self._registrar.register(fact)
            return BatchRegistrationResponse(batch_id=fact.batch_id, correlation_id=correlation_id)

        cause = _cause(correlation_id, fact.user_id, fact.org_id)
        return await self._transactions.run(register, cause, keys=[fact.batch_id])

    async def request_pipeline(
        self, batch_id: str, request: PipelineRequest, user_id: str | None, correlation_id: str
    ) -> PipelineRequestResponse:
        """See the protocol."""
        if request.batch_id not in (None, batch_id):
            raise BatchIdMismatch
        batch = _owned(await self._batches.get(batch_id), batch_id, user_id)
        resolved = await self._pipelines.resolve(
            batch, request.requested_pipeline, _payload(request), correlation_id, request.retry_reason
        )

        async def start() -> PipelineRequestResponse:
            return _accepted(resolved, await self._pipelines.start(resolved))

        cause = _cause(correlation_id, batch.registration.user_id, batch.registration.org_id)
        return await self._transactions.run(start, cause, keys=[batch_id])

    async def set_prompt(
        self, batch_id: str, request: PromptRequest, user_id: str, correlation_id: str
    ) -> PromptResponse:
        """See the protocol."""
        prompt = storage_reference(request.student_prompt_ref)
        batch = _owned(await self._batches.get(batch_id), batch_id, user_id)
        await self._prompts.check(batch, prompt)

        async def set_prompt() -> PromptResponse:
            await self._prompts.set(batch_id, prompt)
            return PromptResponse(batch_id=batch_id, student_prompt_ref=request.student_prompt_ref)

        return await self._transactions.run(
            set_prompt, _cause(correlation_id, user_id, batch.registration.org_id), keys=[batch_id]
        )

    async def status(self, batch_id: str, user_id: str | None) -> BatchStatusResponse:
        """See the protocol."""
        batch = _owned(await self._batches.get(batch_id), batch_id, user_id)
        return status_of(batch, await self._progress(batch))

    async def pipeline_state(self, batch_id: str) -> PipelineStateResponse:
        """See the protocol."""
        batch = _owned(await self._batches.get(batch_id), batch_id, None)
        return pipeline_state_answer(batch, await self._progress(batch))

    async def timeline(self, batch_id: str, user_id: str | None, after: int, limit: int) -> TimelineResponse:
        """See the protocol."""
        batch = _owned(await self._batches.get(batch_id), batch_id, user_id)
        entries = await self._batches.timeline(batch_id, after, limit)
        last = entries[-1].seq if entries else batch.version
        return TimelineResponse(
            batch_id=batch_id,
            facts=[fact_body(entry, batch) for entry in entries],
            next_after=last if last < batch.version else None,
        )

    async def _progress(self, batch: Batch) -> Mapping[PhaseName, PhaseProgress]:
        run = batch.active_run
        return {} if run is None else await self._batches.progress(batch.batch_id, run.run_id)


def _owned(batch: Batch | None, batch_id: str, user_id: str | None) -> Batch:
    """The batch if there is one for this user. Raises BatchNotFound: nobody learns of another's batch."""
    if batch is None or user_id not in (None, batch.registration.user_id):
        raise BatchNotFound(batch_id=batch_id)
    return batch


def _cause(correlation_id: str, user_id: str, org_id: str | None) -> Cause:
    return cause_of_request(correlation_id, user_id=user_id, org_id=org_id)


def _payload(request: PipelineRequest) -> PromptPayload:
    body = request.prompt_payload
    if body is None:
        return PromptPayload()
    prompt = body.cms_prompt_ref
    return PromptPayload(
        assignment_id=body.assignment_id, cms_prompt_ref=None if prompt is None else storage_reference(prompt)
    )


def _accepted(resolved: PipelineResolved, run: Run | None) -> PipelineRequestResponse:
    planned = run.phases if run else resolved.phases
    return PipelineRequestResponse(
        message=f"Pipeline {resolved.requested_pipeline} {_what_becomes_of(run)}",
        batch_id=resolved.batch_id,
        correlation_id=resolved.correlation_id,
        run_id=resolved.run_id,
        phases=[PlannedPhase(name=p.name, depends_on=list(p.depends_on), reuse=p.reuse) for p in planned],
    )


def _what_becomes_of(run: Run | None) -> str:
    if run is None:
        return "begins once it is confirmed who wrote the essays."
    return "has been started." if run.is_active else "has nothing left to do: its results are there."
