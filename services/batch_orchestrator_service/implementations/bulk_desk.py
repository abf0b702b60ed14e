"""One wish for many batches: step by step at a limited rate, and each batch decided on like any other."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from batch_orchestrator_service.config import BatchOrchestratorSettings
from batch_orchestrator_service.domain.asked import BulkStepDue
from batch_orchestrator_service.domain.batch import Batch
from batch_orchestrator_service.domain.operation import RATES, Operation, OperationStatus, Wish
from batch_orchestrator_service.errors import OperationHasEnded, OperationNotFound
from batch_orchestrator_service.implementations.decisions import BatchDecisions
from batch_orchestrator_service.operation_models import BulkRequest, OperationBody, OperationsResponse
from batch_orchestrator_service.protocols import (
    BatchEventPublisherProtocol,
    BatchFilter,
    BatchRepositoryProtocol,
    Clock,
    NewId,
    OperationsProtocol,
)
from huleedu_service_libs.causes import cause_of_request
from huleedu_service_libs.runtime.effects import Later
from huleedu_service_libs.runtime.transactions import Transactions
from huleedu_service_libs.runtime.unit_of_work import Cause

OPERATOR = "operator"
COUNTED = 10_000
SHOWN = 50
LOOK = 20
"""Batches that a step looks at, at least: not each has to be asked."""


@dataclass(frozen=True)
class BulkDesk:
    """Takes an operator's wish, and has it carried out by one timer after the other: they survive a restart."""

    batches: BatchRepositoryProtocol
    operations: OperationsProtocol
    transactions: Transactions
    decisions: BatchDecisions
    publisher: BatchEventPublisherProtocol
    settings: BatchOrchestratorSettings
    clock: Clock
    new_id: NewId

    async def ask(self, request: BulkRequest, correlation_id: str) -> OperationBody:
        """Durable when it returns."""

        async def begin() -> Operation:
            begun = await self.operations.begin(self._asked(request, correlation_id))
            self._go_on(begun)
            return begun

        return await self._changed(begin, correlation_id)

    async def stop(self, operation_id: str, correlation_id: str) -> OperationBody:
        """No further batch is asked. Stopped twice is stopped once. Raises OperationNotFound, OperationHasEnded."""

        async def stop() -> Operation:
            found = _there(await self.operations.get_for_update(operation_id), operation_id)
            if found.status is OperationStatus.DONE:
                raise OperationHasEnded
            stopped = found.ended(OperationStatus.STOPPED, self.clock()) if found.is_running else found
            await self.operations.save(stopped)
            return stopped

        return await self._changed(stop, correlation_id)

    async def state(self, operation_id: str) -> OperationBody:
        """How far it is. Raises OperationNotFound."""
        return await self._body(_there(await self.operations.get(operation_id), operation_id))

    async def newest(self) -> OperationsResponse:
        """Those begun last."""
        found = await self.operations.newest(SHOWN)
        return OperationsResponse(operations=[await self._body(each) for each in found])

    async def step(self, due: BulkStepDue) -> None:
        """Ask as many batches as fit into a second, and set the time of the next step."""
        operation = await self.operations.get_for_update(due.operation_id)
        if operation is None or not operation.is_running:
            return
        look = max(LOOK, operation.most)
        page = await self.batches.list(_filter(operation, look))
        seen, wishes = self._wishes(operation, await self.batches.get_all([each.batch_id for each in page]))
        for batch, wish in wishes:
            self._have_decided(operation, batch, wish)
        if page:
            operation = operation.stepped(page[seen - 1].batch_id, seen, len(wishes), self.clock())
        if seen == len(page) < look:
            operation = operation.ended(OperationStatus.DONE, self.clock())
        await self.operations.save(operation)
        self._go_on(operation)

    async def decide(self, wish: Wish) -> None:
        """It is this batch's turn; if it has moved on, nothing happens."""
        await self.decisions.on(wish.batch_id, wish)

    def _asked(self, request: BulkRequest, correlation_id: str) -> Operation:
        return Operation(
            operation_id=self.new_id(),
            action=request.action,
            user_id=request.user_id,
            phase_name=request.phase,
            since=request.since,
            per_second=request.per_second or RATES[request.action],
            asked_by=OPERATOR,
            reason=request.reason,
            correlation_id=correlation_id,
            begun_at=self.clock(),
            next_at=self.clock(),
        )

    def _wishes(self, operation: Operation, batches: Sequence[Batch]) -> tuple[int, list[tuple[Batch, Wish]]]:
        """How many have been looked at, up to the last that is asked in this step, and those that are."""
        wishes: list[tuple[Batch, Wish]] = []
        for seen, batch in enumerate(batches, start=1):
            if wish := operation.wish(batch, self.new_id(), self.settings.available_phases):
                wishes.append((batch, wish))
            if len(wishes) == operation.most:
                return seen, wishes
        return len(batches), wishes

    def _have_decided(self, operation: Operation, batch: Batch, wish: Wish) -> None:
        """As a message of the batch: it takes its turn among all others about it."""
        owner = batch.registration
        cause = Cause(operation.correlation_id, {"user_id": owner.user_id, "org_id": owner.org_id})
        name = f"{batch.batch_id} {operation.action} {operation.operation_id}"
        self.publisher.publish(Later(wish, name, self.clock()), cause=cause)

    def _go_on(self, operation: Operation) -> None:
        if operation.is_running:
            due = BulkStepDue(operation_id=operation.operation_id)
            at = max(operation.next_at, self.clock())
            self.publisher.publish(Later(due, f"operation {operation.operation_id}", at))

    async def _changed(self, action: Callable[[], Awaitable[Operation]], correlation_id: str) -> OperationBody:
        async def act() -> OperationBody:
            return await self._body(await action())

        return await self.transactions.run(act, cause_of_request(correlation_id))

    async def _body(self, operation: Operation) -> OperationBody:
        left = await self.batches.count(_filter(operation, COUNTED)) if operation.is_running else 0
        return OperationBody(
            operation_id=operation.operation_id,
            action=operation.action,
            user_id=operation.user_id,
            phase=operation.phase_name,
            since=operation.since,
            per_second=operation.per_second,
            reason=operation.reason,
            status=operation.status,
            seen=operation.seen,
            asked=operation.asked,
            left=left,
            begun_at=operation.begun_at,
            ended_at=operation.ended_at,
            correlation_id=operation.correlation_id,
        )


def _there(operation: Operation | None, operation_id: str) -> Operation:
    if operation is None:
        raise OperationNotFound(operation_id=operation_id)
    return operation


def _filter(operation: Operation, limit: int) -> BatchFilter:
    return BatchFilter(
        user_id=operation.user_id,
        statuses=operation.concerned,
        since=operation.since,
        cursor=operation.after,
        limit=limit,
    )
