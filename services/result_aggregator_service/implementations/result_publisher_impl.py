"""Saying things in the running unit of work."""

from datetime import datetime

from huleedu_service_libs.runtime.effects import Effect
from huleedu_service_libs.runtime.unit_of_work import Cause, current_unit


class UnitOfWorkResultPublisherImpl:
    """See `ResultPublisherProtocol`."""

    @property
    def now(self) -> datetime:
        """See the protocol."""
        return current_unit().now

    def publish(self, effect: Effect, cause: Cause) -> None:
        """See the protocol."""
        current_unit().say(effect, cause=cause)
