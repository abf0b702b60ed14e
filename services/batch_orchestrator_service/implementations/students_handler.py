"""Handles what matching and class management say of who wrote which essay, and the clock that limits the wait."""

from batch_orchestrator_service.domain.facts import StudentsDeadlinePassed, StudentsSuggested
from batch_orchestrator_service.implementations.decisions import BatchDecisions
from common_core.messages.matching import BatchAuthorMatchesSuggestedV1, StudentAssociationsConfirmedV1


class StudentsHandler:
    """Students were suggested, confirmed, or have taken too long."""

    def __init__(self, decisions: BatchDecisions) -> None:
        self._decisions = decisions

    async def suggested(self, matches: BatchAuthorMatchesSuggestedV1) -> None:
        """Within the poll's unit of work. Who is suggested is class management's to keep: here it is how many."""
        summary = matches.processing_summary
        fact = StudentsSuggested(
            batch_id=matches.batch_id, matched=summary.matched, unmatched=summary.total_essays - summary.matched
        )
        await self._decisions.on(matches.batch_id, fact)

    async def confirmed(self, confirmed: StudentAssociationsConfirmedV1) -> None:
        """Within the poll's unit of work."""
        await self._decisions.on(confirmed.batch_id, confirmed)

    async def overdue(self, deadline: StudentsDeadlinePassed) -> None:
        """Within the poll's unit of work."""
        await self._decisions.on(deadline.batch_id, deadline)
