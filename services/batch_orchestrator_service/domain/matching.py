"""Who wrote the essays of a class's batch: what has come of finding that out, whichever came first."""

from datetime import datetime
from typing import Literal

import msgspec

from batch_orchestrator_service.domain.wait import Wait
from common_core.enums import BatchStatus

TIMED_OUT = "STUDENT_VALIDATION_TIMED_OUT"

Awaited = Literal["student_matching", "teacher_confirmation", "essays_ready"]


class Confirmation(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """Class management has said, at `said_at`, who wrote what; of several corrections the newest is kept.

    `at` is when the first of them came, and `by_time_limit` whether that was decided without the teacher.
    """

    at: datetime
    said_at: datetime
    version: int = 0
    by_time_limit: bool = False

    def is_older_than(self, other: "Confirmation") -> bool:
        """Whether the other one corrects this one."""
        return (self.version, self.said_at) < (other.version, other.said_at)


class TeachersTime(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """Class management decides by itself at `until`, as it has said in its `version` of who wrote what."""

    until: datetime
    version: int


class Matching(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """The facts so far. A batch goes on once it is confirmed who wrote what, and ELS has taken that up.

    `wait` limits the step that is waited for; where it was over, the batch goes on without students (`given_up_at`).
    The teacher's own time, `teachers_time`, is class management's to limit.
    """

    began_at: datetime | None = None
    wait: Wait | None = None
    suggested_at: datetime | None = None
    teachers_time: TeachersTime | None = None
    confirmation: Confirmation | None = None
    essays_ready_at: datetime | None = None
    given_up_at: datetime | None = None

    @property
    def ends_by(self) -> datetime | None:
        """When the step that is waited for ends by itself, if that is known: to a teacher, BOS's limit is a safety net.

        A time that was over before this wait began is of before a cancellation.
        """
        if self.wait is None:
            return None
        if self.awaits != "teacher_confirmation":
            return self.wait.until
        limit = self.teachers_time
        return limit.until if limit and limit.until > self.wait.since else None

    @property
    def over_at(self) -> datetime | None:
        """Since when it keeps the batch waiting no longer."""
        if self.given_up_at or self.confirmation is None or self.essays_ready_at is None:
            return self.given_up_at
        return max(self.confirmation.at, self.essays_ready_at)

    @property
    def is_over(self) -> bool:
        """It keeps the batch waiting no longer."""
        return self.over_at is not None

    @property
    def status(self) -> BatchStatus:
        """Where a batch stands that has come to this."""
        if self.is_over:
            return BatchStatus.READY_FOR_PIPELINE_EXECUTION
        if self.confirmation is None:
            return BatchStatus.AWAITING_STUDENT_VALIDATION
        timed_out = self.confirmation.by_time_limit
        return BatchStatus.VALIDATION_TIMEOUT_PROCESSED if timed_out else BatchStatus.STUDENT_VALIDATION_COMPLETED

    @property
    def awaits(self) -> Awaited:
        """The step that would move it on."""
        if self.confirmation is not None:
            return "essays_ready"
        return "teacher_confirmation" if self.suggested_at or self.essays_ready_at else "student_matching"
