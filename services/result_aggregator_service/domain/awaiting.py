"""Waiting for results that come on other topics than the end of their run."""

from datetime import datetime, timedelta
from typing import ClassVar

from common_core.message import Message

AGAIN_AFTER = timedelta(seconds=1)
GIVE_UP_AFTER = timedelta(minutes=1)


class ResultsAwaited(Message, frozen=True, kw_only=True):
    """A timer of this service alone: the run has ended, and not all of its results had come at `since`."""

    topic: ClassVar[str] = "huleedu.ras.results.awaited.v1"
    producer: ClassVar[str] = "result_aggregator_service"
    stays: ClassVar[bool] = True

    batch_id: str
    run_id: str
    since: datetime

    @property
    def name(self) -> str:
        """The timer's name: one for a run."""
        return f"results {self.batch_id} {self.run_id}"
