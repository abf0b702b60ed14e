"""What a batch's teacher is told of files: that they have come and, once all are read, how many cannot be used."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import ClassVar

from msgspec import Struct

from common_core.enums import NotificationPriority, WebSocketEventCategory
from common_core.message import Message
from common_core.messages.notification import TeacherNotificationRequestedV1
from file_service.domain.uploads import FileUpload
from huleedu_service_libs.runtime.effects import Effect, Later

LOOK_AFTER = timedelta(seconds=2)
"""Between a file that cannot be used and a look whether its neighbours are read by now."""


class FilesUnusable(Message, frozen=True, kw_only=True):
    """A timer: files of this batch cannot be used, and its teacher does not know it yet."""

    topic: ClassVar[str] = "file_service.files.unusable"
    producer: ClassVar[str] = "file_service"
    stays: ClassVar[bool] = True

    batch_id: str
    user_id: str

    def later(self, at: datetime) -> Later:
        """Look soon; one look is enough for all of a batch's files."""
        return Later(self, f"{self.batch_id} unusable", at + LOOK_AFTER)


class Tally(Struct, frozen=True, kw_only=True):
    """How many files were handed in for a batch, how many of them are still to be read, and why how many failed."""

    files: int
    unread: int
    failures: Mapping[str, int]


def untold(upload: FileUpload, at: datetime) -> Later:
    """This upload has failed, which the teacher is to hear together with what becomes of its neighbours."""
    return FilesUnusable(batch_id=upload.batch_id, user_id=upload.user_id).later(at)


def unusable(asked: FilesUnusable, tally: Tally, at: datetime, correlation_id: str) -> Effect:
    """What cannot be used, of all that the batch has; while files are still being read, another look."""
    if tally.unread:
        return asked.later(at)
    failed = sum(tally.failures.values())
    return TeacherNotificationRequestedV1(
        teacher_id=asked.user_id,
        notification_type="batch_validation_failed",
        category=WebSocketEventCategory.SYSTEM_ALERTS,
        priority=NotificationPriority.IMMEDIATE,
        payload={
            "batch_id": asked.batch_id,
            "total_files": tally.files,
            "failed_files": failed,
            "error_codes": dict(tally.failures),
            "message": f"{failed} of {_files(tally.files)} cannot be used.",
        },
        action_required=True,
        correlation_id=correlation_id,
        batch_id=asked.batch_id,
        timestamp=at,
    )


def received(
    batch_id: str, user_id: str, files: int, at: datetime, correlation_id: str
) -> TeacherNotificationRequestedV1:
    """One request's files are here to stay, whatever becomes of them."""
    return TeacherNotificationRequestedV1(
        teacher_id=user_id,
        notification_type="batch_files_uploaded",
        category=WebSocketEventCategory.FILE_OPERATIONS,
        priority=NotificationPriority.STANDARD,
        payload={"batch_id": batch_id, "files_uploaded": files, "message": f"{_files(files)} received."},
        correlation_id=correlation_id,
        batch_id=batch_id,
        timestamp=at,
    )


def _files(count: int) -> str:
    return f"{count} file" if count == 1 else f"{count} files"
