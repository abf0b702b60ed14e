"""Handles ELSBatchPhaseOutcomeV1."""

from batch_orchestrator_service.implementations.decisions import BatchDecisions
from common_core.messages.pipeline import ELSBatchPhaseOutcomeV1


class ELSBatchPhaseOutcomeHandler:
    """ELS has finished a phase: move the batch on, and send whatever that calls for."""

    def __init__(self, decisions: BatchDecisions) -> None:
        self._decisions = decisions

    async def handle(self, outcome: ELSBatchPhaseOutcomeV1) -> None:
        """Within the poll's unit of work."""
        await self._decisions.on(outcome.batch_id, outcome)
