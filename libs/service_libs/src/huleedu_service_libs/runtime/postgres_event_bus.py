"""The event bus of one machine: readers over the log, one process at a time for each group."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from huleedu_service_libs.runtime.database import Database, now
from huleedu_service_libs.runtime.database_event_bus import DatabaseEventBus, GroupRunner
from huleedu_service_libs.runtime.delivery import Source
from huleedu_service_libs.runtime.routing import Group
from huleedu_service_libs.runtime.sources import LogSource


class PostgresEventBus(DatabaseEventBus):
    """Reads for the groups that no live process reads for, or takes them over at once (`take_over`)."""

    name = "postgres"
    starts_at = 0

    def __init__(
        self,
        dsn: str,
        *,
        take_over: bool = False,
        keep: timedelta = timedelta(days=1),
        clock: Callable[[], datetime] = now,
    ) -> None:
        """`keep`: how long the log is kept after every group has passed it, for streams that resume."""
        super().__init__(dsn, take_over=take_over, keep=keep, clock=clock)

    def source(self, database: Database, group: Group, topics: Sequence[str]) -> Source:
        """The log."""
        return LogSource(database, group.name, self.owner, topics)

    def _wake_on_topics(self, runner: GroupRunner) -> None:
        for topic in runner.topics:
            self._wakes[topic].append(runner.reader.wake)
