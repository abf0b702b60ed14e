"""Handles BatchEssaysReady."""

from batch_orchestrator_service.implementations.decisions import BatchDecisions
from common_core.messages.batch import BatchEssaysReady


class BatchEssaysReadyHandler:
    """The essays and where their texts are kept are known: keep that, and await the client's pipeline request."""

    def __init__(self, decisions: BatchDecisions) -> None:
        self._decisions = decisions

    async def handle(self, ready: BatchEssaysReady) -> None:
        """Within the poll's unit of work."""
        await self._decisions.on(ready.batch_id, ready)
