"""One wish for many batches: step by step, each batch at a time of its own, and each decided on like any other."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from batch_orchestrator_service.api_models import BulkRequest, BulkResponse
from batch_orchestrator_service.config import BatchOrchestratorSettings
from batch_orchestrator_service.domain.admission import essays_to_retry
from batch_orchestrator_service.domain.asked import (
    BulkAction,
    BulkAsked,
    CancelAsked,
    PauseAsked,
    ResumeAsked,
    RetryAsked,
)
from batch_orchestrator_service.domain.batch import UNENDED, Batch
from batch_orchestrator_service.implementations.decisions import BatchDecisions
from batch_orchestrator_service.protocols import (
    BatchEventPublisherProtocol,
    BatchFilter,
    BatchRepositoryProtocol,
    Clock,
    NewId,
)
from common_core.enums import BatchStatus, PhaseName
from huleedu_service_libs.causes import cause_of_request
from huleedu_service_libs.runtime.effects import Later
from huleedu_service_libs.runtime.transactions import Transactions
from huleedu_service_libs.runtime.unit_of_work import Cause

OPERATOR = "operator"
STEP = 200
"""Batches that are looked at in one transaction."""

_WISHES: Mapping[BulkAction, type[CancelAsked] | type[PauseAsked] | type[ResumeAsked]] = {
    BulkAction.CANCEL: CancelAsked,
    BulkAction.PAUSE: PauseAsked,
    BulkAction.RESUME: ResumeAsked,
}
_CONCERNED = {action: tuple(sorted(UNENDED)) for action in _WISHES} | {
    BulkAction.RETRY: (BatchStatus.COMPLETED_WITH_FAILURES, BatchStatus.FAILED_CRITICALLY)
}

_ABOUT_PAUSES = {BulkAction.PAUSE, BulkAction.RESUME}

Wish = CancelAsked | PauseAsked | ResumeAsked | RetryAsked


class BulkDesk:
    """Takes an operator's wish, and has it carried out by timers: they survive a restart, and keep the pace."""

    def __init__(
        self,
        batches: BatchRepositoryProtocol,
        transactions: Transactions,
        decisions: BatchDecisions,
        publisher: BatchEventPublisherProtocol,
        settings: BatchOrchestratorSettings,
        clock: Clock,
        new_id: NewId,
    ) -> None:
        self._batches, self._transactions, self._decisions = batches, transactions, decisions
        self._publisher, self._clock, self._new_id = publisher, clock, new_id
        self._available = settings.available_phases

    async def ask(self, request: BulkRequest, correlation_id: str) -> BulkResponse:
        """Durable when it returns."""
        asked = BulkAsked(
            operation_id=self._new_id(),
            action=request.action,
            user_id=request.user_id,
            since=request.since,
            phase_name=request.phase,
            per_second=request.per_second,
            asked_by=OPERATOR,
            reason=request.reason,
            correlation_id=correlation_id,
        )

        async def begin() -> BulkResponse:
            self._publisher.publish(Later(asked, _name(asked), self._clock()))
            return BulkResponse(
                operation_id=asked.operation_id, action=asked.action, correlation_id=asked.correlation_id
            )

        return await self._transactions.run(begin, cause_of_request(correlation_id))

    async def step(self, asked: BulkAsked) -> None:
        """Give the next batches their times, and the next step the one after them."""
        page = await self._batches.list(
            BatchFilter(
                user_id=asked.user_id,
                statuses=_CONCERNED[asked.action],
                since=asked.since,
                cursor=asked.after,
                limit=STEP,
            )
        )
        at, pause = self._clock(), timedelta(seconds=1 / asked.per_second)
        for batch in await self._batches.get_all([listed.batch_id for listed in page]):
            if (wish := self._wish(asked, batch)) is not None:
                owner = batch.registration
                cause = Cause(asked.correlation_id, {"user_id": owner.user_id, "org_id": owner.org_id})
                timer = Later(wish, f"{batch.batch_id} {asked.action} {asked.operation_id}", at)
                self._publisher.publish(timer, cause=cause)
                at += pause
        if len(page) == STEP:
            self._publisher.publish(Later(replace(asked, after=page[-1].batch_id), _name(asked), at))

    async def decide(self, wish: Wish) -> None:
        """It is this batch's turn; if it has moved on, nothing happens."""
        await self._decisions.on(wish.batch_id, wish)

    def _wish(self, asked: BulkAsked, batch: Batch) -> Wish | None:
        shared: dict[str, Any] = {
            "batch_id": batch.batch_id,
            "asked_by": asked.asked_by,
            "reason": asked.reason,
            "correlation_id": asked.correlation_id,
        }
        if (asked.action is BulkAction.RESUME) != (batch.paused is not None) and asked.action in _ABOUT_PAUSES:
            return None
        if asked.action is not BulkAction.RETRY:
            return _WISHES[asked.action](**shared)
        phase = self._phase_to_retry(asked, batch)
        return None if phase is None else RetryAsked(run_id=self._new_id(), phase_name=phase, **shared)

    def _phase_to_retry(self, asked: BulkAsked, batch: Batch) -> PhaseName | None:
        """The first phase of the last run that can try essays again: what depends on it then takes them too."""
        names = [phase.name for phase in batch.runs[-1].phases]
        wanted = [name for name in names if asked.phase_name in (None, name) and name in self._available]
        return next((name for name in wanted if isinstance(essays_to_retry(batch, name, ()), frozenset)), None)


def _name(asked: BulkAsked) -> str:
    return f"operation {asked.operation_id}"
