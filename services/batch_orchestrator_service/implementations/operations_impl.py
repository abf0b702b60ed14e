"""Operations in memory, for tests."""

from collections.abc import Sequence

from batch_orchestrator_service.domain.operation import Operation


class MockOperationsImpl:
    """See `OperationsProtocol`. What is kept is there at once."""

    def __init__(self) -> None:
        self._operations: dict[str, Operation] = {}

    async def begin(self, operation: Operation) -> Operation:
        """See the protocol."""
        alike = (each for each in self._operations.values() if each.subject == operation.subject and each.is_running)
        running = next(alike, None)
        begun = operation if running is None else running.anew(operation)
        await self.save(begun)
        return begun

    async def get_for_update(self, operation_id: str) -> Operation | None:
        """See the protocol."""
        return self._operations.get(operation_id)

    async def save(self, operation: Operation) -> None:
        """See the protocol."""
        self._operations[operation.operation_id] = operation

    async def get(self, operation_id: str) -> Operation | None:
        """See the protocol."""
        return self._operations.get(operation_id)

    async def newest(self, limit: int) -> Sequence[Operation]:
        """See the protocol."""
        return sorted(self._operations.values(), key=lambda each: each.operation_id, reverse=True)[:limit]
