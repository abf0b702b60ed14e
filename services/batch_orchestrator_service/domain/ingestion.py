"""How a batch's content came in: which files failed, and when and why it was closed."""

from datetime import UTC, datetime

import msgspec
from msgspec.structs import replace

from batch_orchestrator_service.domain.wait import Wait
from common_core.messages.batch import BatchValidationErrorsV1, EssayValidationError

DEADLINE_PASSED = "CONTENT_DEADLINE_PASSED"
NO_USABLE_CONTENT = "NO_USABLE_CONTENT"

_NEVER = datetime.fromtimestamp(0, UTC)
NOT_KEPT = Wait(_NEVER, _NEVER)
"""What stands for the wait in rows of 0.1.0."""


class FileFailure(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """A file that could not be used; `essay_id` is the slot that stays empty for it."""

    essay_id: str
    file_name: str
    error_code: str
    message: str
    failed_at: datetime


class Ingestion(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """Open until `closed_at`, and then no longer waited for; `error_code` says why no essay could be used.

    `deadline_passed` is how 0.1.0 said that the wait is overdue.
    """

    wait: Wait = NOT_KEPT
    closed_at: datetime | None = None
    error_code: str | None = None
    failures: tuple[FileFailure, ...] = ()
    deadline_passed: bool = False

    @property
    def is_open(self) -> bool:
        """Content is still expected."""
        return self.closed_at is None

    def closed(self, at: datetime, *, usable: bool) -> "Ingestion":
        """No more content; `usable` if there is an essay to work on."""
        reason = DEADLINE_PASSED if self.wait.overdue else NO_USABLE_CONTENT
        return replace(self, closed_at=at, error_code=None if usable else reason)

    def with_failures(self, errors: BatchValidationErrorsV1) -> "Ingestion":
        """The same with the failures not yet known; itself when all are."""
        known = {(failure.essay_id, failure.file_name) for failure in self.failures}
        new = [error for error in errors.failed_essays if (error.essay_id, error.file_name) not in known]
        return replace(self, failures=self.failures + tuple(map(_failure, new))) if new else self


def _failure(error: EssayValidationError) -> FileFailure:
    detail = error.error_detail
    return FileFailure(error.essay_id, error.file_name, detail.error_code, detail.message, error.failed_at)
