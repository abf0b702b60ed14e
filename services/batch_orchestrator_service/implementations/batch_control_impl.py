"""Stopping, pausing, going on and trying again: look whether the batch takes it, decide, and answer."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from batch_orchestrator_service.api_models import ControlResponse, RetryRequest, RetryResponse, WishRequest
from batch_orchestrator_service.config import BatchOrchestratorSettings
from batch_orchestrator_service.domain import admission
from batch_orchestrator_service.domain.asked import Asked, CancelAsked, PauseAsked, ResumeAsked, RetryAsked
from batch_orchestrator_service.domain.batch import Batch
from batch_orchestrator_service.errors import BatchNotFound, PhaseNotAvailable, PhaseUnknown
from batch_orchestrator_service.implementations.decisions import BatchDecisions
from batch_orchestrator_service.protocols import BatchRepositoryProtocol, NewId
from common_core.enums import PhaseName
from huleedu_service_libs.causes import cause_of_request
from huleedu_service_libs.errors import RefusedCommand
from huleedu_service_libs.runtime.transactions import Transactions

Answer = TypeVar("Answer")
Refusal = Callable[[Batch], RefusedCommand | None]


class BatchControlImpl:
    """See `BatchControlProtocol`."""

    def __init__(
        self,
        batches: BatchRepositoryProtocol,
        transactions: Transactions,
        decisions: BatchDecisions,
        settings: BatchOrchestratorSettings,
        new_id: NewId,
    ) -> None:
        self._batches, self._transactions, self._decisions = batches, transactions, decisions
        self._available, self._new_id = settings.available_phases, new_id

    async def cancel(
        self, batch_id: str, request: WishRequest, user_id: str | None, correlation_id: str
    ) -> ControlResponse:
        """See the protocol."""
        wish = CancelAsked(batch_id=batch_id, asked_by=user_id, reason=request.reason, correlation_id=correlation_id)
        return await self._control(wish, admission.refusal_of_cancel, "The batch is cancelled.")

    async def pause(
        self, batch_id: str, request: WishRequest, user_id: str | None, correlation_id: str
    ) -> ControlResponse:
        """See the protocol."""
        wish = PauseAsked(batch_id=batch_id, asked_by=user_id, reason=request.reason, correlation_id=correlation_id)
        return await self._control(wish, admission.refusal_of_pause, "The batch is paused.")

    async def resume(
        self, batch_id: str, request: WishRequest, user_id: str | None, correlation_id: str
    ) -> ControlResponse:
        """See the protocol."""
        wish = ResumeAsked(batch_id=batch_id, asked_by=user_id, reason=request.reason, correlation_id=correlation_id)
        return await self._control(wish, admission.refusal_of_resume, "The batch goes on.")

    async def retry(
        self, batch_id: str, phase: str, request: RetryRequest, user_id: str | None, correlation_id: str
    ) -> RetryResponse:
        """See the protocol."""
        wish = RetryAsked(
            batch_id=batch_id,
            asked_by=user_id,
            reason=request.reason,
            correlation_id=correlation_id,
            run_id=self._new_id(),
            phase_name=self._phase(phase),
            essay_ids=tuple(request.essay_ids or ()),
        )

        async def act(batch: Batch) -> RetryResponse:
            essays = admission.essays_to_retry(batch, wish.phase_name, wish.essay_ids)
            if isinstance(essays, RefusedCommand):
                raise essays
            await self._decisions.on(batch_id, wish)
            return _retry_answer(wish, [batch.essays.ids[essay] for essay in sorted(essays)])

        return await self._act(wish, act)

    def _phase(self, name: str) -> PhaseName:
        if name not in set(PhaseName):
            raise PhaseUnknown(phase=name)
        if name not in self._available:
            raise PhaseNotAvailable(phases=name)
        return PhaseName(name)

    async def _control(
        self, wish: CancelAsked | PauseAsked | ResumeAsked, refusal: Refusal, message: str
    ) -> ControlResponse:
        async def act(batch: Batch) -> ControlResponse:
            if (refused := refusal(batch)) is not None:
                raise refused
            after = await self._decisions.on(wish.batch_id, wish)
            return _control_answer(wish, after or batch, message)

        return await self._act(wish, act)

    async def _act(self, wish: Asked, act: Callable[[Batch], Awaitable[Answer]]) -> Answer:
        """Do this with the batch, locked. Raises BatchNotFound if there is none for whoever asks."""
        owner = _owned(await self._batches.get(wish.batch_id), wish).registration

        async def act_on_it() -> Answer:
            return await act(_owned(await self._batches.get_for_update(wish.batch_id), wish))

        cause = cause_of_request(wish.correlation_id, user_id=owner.user_id, org_id=owner.org_id)
        return await self._transactions.run(act_on_it, cause, keys=[wish.batch_id])


def _owned(batch: Batch | None, wish: Asked) -> Batch:
    if batch is None or wish.asked_by not in (None, batch.registration.user_id):
        raise BatchNotFound(batch_id=wish.batch_id)
    return batch


def _control_answer(wish: Asked, batch: Batch, message: str) -> ControlResponse:
    return ControlResponse(
        message=message,
        batch_id=batch.batch_id,
        correlation_id=wish.correlation_id,
        batch_status=batch.status,
        paused=batch.paused is not None,
    )


def _retry_answer(wish: RetryAsked, essay_ids: list[str]) -> RetryResponse:
    return RetryResponse(
        message=f"{len(essay_ids)} essays are tried again.",
        batch_id=wish.batch_id,
        correlation_id=wish.correlation_id,
        phase=wish.phase_name,
        run_id=wish.run_id,
        essay_ids=essay_ids,
    )
