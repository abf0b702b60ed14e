"""Dead letters asked for again, where the inbox decides: one that Kafka has delivered again meanwhile is done."""

from collections.abc import Sequence

from huleedu_service_libs.runtime.connection import Connection
from huleedu_service_libs.runtime.delivery import Delivery
from huleedu_service_libs.runtime.kafka import inbox
from huleedu_service_libs.runtime.sources import ReplaySource
from huleedu_service_libs.runtime.unit_of_work import UnitOfWork


class InboxReplaySource(ReplaySource):
    """A letter leaves no row in the inbox; its replay does, and what is still on its way here then comes too late."""

    async def admit(self, con: Connection, deliveries: Sequence[Delivery]) -> Sequence[Delivery]:
        """Ask the inbox."""
        return await inbox.admit(con, self._group, deliveries)

    async def bury(self, unit: UnitOfWork, deliveries: Sequence[Delivery]) -> None:
        """They leave the inbox again."""
        await inbox.forget(unit.connection, self._group, deliveries)
        await super().bury(unit, deliveries)
