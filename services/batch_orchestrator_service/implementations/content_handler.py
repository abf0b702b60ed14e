"""Handles what ELS says about a batch's content, and the deadline that limits the wait for it."""

from batch_orchestrator_service.domain.facts import ContentDeadlinePassed
from batch_orchestrator_service.implementations.decisions import BatchDecisions
from common_core.messages.batch import BatchContentProvisioningCompletedV1, BatchValidationErrorsV1

ContentFact = BatchContentProvisioningCompletedV1 | BatchValidationErrorsV1 | ContentDeadlinePassed


class ContentHandler:
    """Content has come, has failed, or has taken too long."""

    def __init__(self, decisions: BatchDecisions) -> None:
        self._decisions = decisions

    async def handle(self, fact: ContentFact) -> None:
        """Within the poll's unit of work."""
        await self._decisions.on(fact.batch_id, fact)
