"""A file's way from the teacher's hands to an essay's text, or to the reason why not."""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from common_core.enums import FileValidationErrorCode
from file_service.domain.failures import EmptyContent, FileRefused, too_large


class UploadStatus(StrEnum):
    """Where an upload stands."""

    ACCEPTED = "accepted"
    PROVISIONED = "provisioned"
    FAILED = "failed"


class Received(Struct, frozen=True, kw_only=True):
    """A file as it came in: `size_bytes` and the MD5 of all its bytes in hex, also of those that were not kept."""

    file_name: str
    size_bytes: int
    md5: str


class Provisioned(Struct, frozen=True, kw_only=True, tag=True):
    """The file has become a text; what it says about its author is kept beside it."""

    text_storage_id: str
    document_author: str | None
    first_lines: tuple[str, ...]


class Failed(Struct, frozen=True, kw_only=True, tag=True):
    """The file cannot be used; `message` is for the teacher."""

    code: FileValidationErrorCode
    message: str


Outcome = Provisioned | Failed


class FileUpload(Struct, frozen=True, kw_only=True):
    """One file that was handed in, with what has become of it so far."""

    file_upload_id: str
    batch_id: str
    user_id: str
    file: Received
    raw_storage_id: str | None
    accepted_at: datetime
    outcome: Outcome | None = None

    @property
    def status(self) -> UploadStatus:
        """Where it stands, from its outcome."""
        match self.outcome:
            case None:
                return UploadStatus.ACCEPTED
            case Provisioned():
                return UploadStatus.PROVISIONED
            case Failed():
                return UploadStatus.FAILED


def failed(refused: FileRefused) -> Failed:
    """The outcome that this refusal means."""
    return Failed(code=refused.code, message=str(refused))


def refused_unread(file: Received, most_bytes: int) -> Failed | None:
    """Why the file is not even stored, if so: it is empty or too large."""
    if file.size_bytes == 0:
        return failed(EmptyContent("The file is empty."))
    if file.size_bytes > most_bytes:
        return failed(too_large(file.size_bytes, most_bytes))
    return None
