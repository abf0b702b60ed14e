"""Which messages class management hears, and who handles them."""

from class_management_service.config import SERVICE_NAME
from huleedu_service_libs.runtime.routing import Group


class ClassKafkaConsumer:
    """The routing table, bound to this service's handlers."""

    def groups(self) -> tuple[Group, ...]:
        """To be subscribed."""
        return (Group(name=SERVICE_NAME, routes=()),)
