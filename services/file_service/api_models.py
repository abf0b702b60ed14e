"""What clients send and are answered."""

from pydantic import BaseModel, Field

from common_core.enums import FileValidationErrorCode
from file_service.domain.uploads import UploadStatus


class AcceptedFile(BaseModel):
    """A file that will be answered for: with a text, or with the reason why not."""

    file_upload_id: str
    file_name: str


class UploadAnswer(BaseModel):
    """The files are stored and are being read."""

    message: str
    batch_id: str
    correlation_id: str
    files: list[AcceptedFile]
    ignored: list[str] = Field([], description="files that the computer keeps for itself; they count as nothing")


class LockStatus(BaseModel):
    """Whether the batch takes more files, and if not, why."""

    locked: bool
    reason: str | None = None
    current_phase: str | None = None
    phase_status: str | None = None


class FileState(BaseModel):
    """Where a file stands; `error` is for its teacher."""

    file_upload_id: str
    file_name: str
    status: UploadStatus
    error_code: FileValidationErrorCode | None = None
    error: str | None = None


class BatchFilesState(BaseModel):
    """A batch's files."""

    batch_id: str
    lock_status: LockStatus
    files: list[FileState]
