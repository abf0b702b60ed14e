"""Which messages class management hears, and who handles them."""

from class_management_service.config import SERVICE_NAME
from class_management_service.domain.facts import ConfirmationDue
from class_management_service.implementations.association_table import AssociationTable
from class_management_service.implementations.matches_handler import MatchesHandler
from common_core.messages.control import BatchResumedV1, BatchRunCancelledV1
from common_core.messages.matching import BatchAuthorMatchesSuggestedV1
from huleedu_service_libs.runtime.routing import Group, on_run


class ClassKafkaConsumer:
    """The routing table, bound to this service's handlers."""

    def __init__(self, table: AssociationTable, matches: MatchesHandler) -> None:
        self._table, self._matches = table, matches

    def groups(self) -> tuple[Group, ...]:
        """To be subscribed."""
        routes = (
            on_run(BatchAuthorMatchesSuggestedV1, self._matches.suggested),
            on_run(BatchRunCancelledV1, self._matches.cancelled),
            on_run(BatchResumedV1, self._matches.resumed),
            on_run(ConfirmationDue, self._matches.overdue),
        )
        return (Group(name=SERVICE_NAME, states=self._table, routes=routes),)
