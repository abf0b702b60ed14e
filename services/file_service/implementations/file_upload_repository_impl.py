"""Uploads in memory, for tests."""

from collections import Counter
from collections.abc import Sequence

from file_service.domain.notifications import Tally
from file_service.domain.uploads import Failed, FileUpload


class InMemoryFileUploadRepository:
    """Uploads in a dict; what is kept is kept at once."""

    def __init__(self) -> None:
        self._uploads: dict[str, FileUpload] = {}

    def add(self, *uploads: FileUpload) -> None:
        """See `FileUploadRepositoryProtocol.add`."""
        self._uploads.update({upload.file_upload_id: upload for upload in uploads})

    async def conclude(self, upload: FileUpload) -> None:
        """See `FileUploadRepositoryProtocol.conclude`."""
        self._uploads[upload.file_upload_id] = upload

    async def of_batch(self, batch_id: str) -> Sequence[FileUpload]:
        """See `FileUploadRepositoryProtocol.of_batch`."""
        uploads = [upload for upload in self._uploads.values() if upload.batch_id == batch_id]
        return sorted(uploads, key=lambda upload: upload.file_upload_id)

    async def tally(self, batch_id: str) -> Tally:
        """See `FileUploadRepositoryProtocol.tally`."""
        outcomes = [upload.outcome for upload in await self.of_batch(batch_id)]
        failures = Counter(str(outcome.code) for outcome in outcomes if isinstance(outcome, Failed))
        return Tally(files=len(outcomes), unread=outcomes.count(None), failures=failures)
