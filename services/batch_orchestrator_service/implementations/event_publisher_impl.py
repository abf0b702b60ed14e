"""Saying what decisions call for."""

from huleedu_service_libs.runtime.effects import Effect
from huleedu_service_libs.runtime.unit_of_work import Cause, current_unit


class DefaultBatchEventPublisherImpl:
    """See `BatchEventPublisherProtocol`: the unit of work writes to the log what it says, in its one transaction."""

    def publish(self, *effects: Effect, cause: Cause | None = None) -> None:
        """See the protocol."""
        current_unit().say(*effects, cause=cause)
