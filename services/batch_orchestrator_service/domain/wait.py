"""Waiting: since when, until when, and what is made of a wait that has taken too long."""

from datetime import datetime, timedelta

import msgspec
from msgspec.structs import replace

AWAY = timedelta(minutes=10)
"""A timer that comes so much too late says that nobody was there: what was waited for has stood still as well."""

MOST_EXTENSIONS = 3


class Wait(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """Something is waited for until `until`; `overdue`: whoever owes it has been told to come to an end.

    `seen` is how many essays were done when the time limit was last set.
    """

    since: datetime
    until: datetime
    overdue: bool = False
    extensions: int = 0
    seen: int = 0

    def resumed(self, paused_at: datetime, at: datetime) -> "Wait":
        """The same after a pause: what was left then is what is left now."""
        left = self.until - max(paused_at, self.since)
        return replace(self, until=at + max(left, timedelta()))

    def extended(self, at: datetime, limit: timedelta, done: int) -> "Wait | None":
        """The wait once more, if work has gone on meanwhile or nobody was there to do any; a few times at most."""
        worth_it = done > self.seen or at - self.until > AWAY
        if not worth_it or self.overdue or self.extensions >= MOST_EXTENSIONS:
            return None
        return replace(self, until=at + limit, extensions=self.extensions + 1, seen=done)

    def closing(self, at: datetime, silence: timedelta) -> "Wait":
        """Whoever owes it has been told that its time is up, and has so long to say what there is."""
        return replace(self, until=at + silence, overdue=True)
