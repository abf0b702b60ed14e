"""What a teacher can see of a batch's files."""

from file_service.api_models import BatchFilesState, FileState, LockStatus
from file_service.domain.batches import Lock, lock_of
from file_service.domain.uploads import Failed, FileUpload
from file_service.implementations.batch_check import BatchCheck
from file_service.protocols import FileUploadRepositoryProtocol


class BatchFiles:
    """The files of batches, and whether more may come."""

    def __init__(self, batches: BatchCheck, uploads: FileUploadRepositoryProtocol) -> None:
        self._batches, self._uploads = batches, uploads

    async def state(self, batch_id: str, user_id: str | None) -> BatchFilesState:
        """Raises BatchNotFound, or Unavailable while BOS or the database is away."""
        batch = await self._batches.existing(batch_id, user_id)
        uploads = await self._uploads.of_batch(batch_id)
        return BatchFilesState(
            batch_id=batch_id, lock_status=_lock_status(lock_of(batch)), files=[_file_state(each) for each in uploads]
        )


def _lock_status(lock: Lock | None) -> LockStatus:
    if lock is None:
        return LockStatus(locked=False)
    return LockStatus(locked=True, reason=lock.reason, current_phase=lock.phase, phase_status=lock.phase_status)


def _file_state(upload: FileUpload) -> FileState:
    failure = upload.outcome if isinstance(upload.outcome, Failed) else None
    return FileState(
        file_upload_id=upload.file_upload_id,
        file_name=upload.file.file_name,
        status=upload.status,
        error_code=failure.code if failure else None,
        error=failure.message if failure else None,
    )
