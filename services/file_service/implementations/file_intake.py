"""Takes files in: stored, noted and promised in one transaction, before anybody is told so."""

from collections.abc import Sequence
from functools import partial

import uuid_utils

from file_service.api_models import AcceptedFile, UploadAnswer
from file_service.domain.announcements import added, answer
from file_service.domain.notifications import received, untold
from file_service.domain.uploads import FileUpload
from file_service.implementations.batch_check import BatchCheck
from file_service.implementations.raw_files import FileInHand, Kept, RawFiles
from file_service.messages import ReadFile
from file_service.metrics import FileServiceMetrics
from file_service.protocols import FileUploadRepositoryProtocol
from huleedu_service_libs.runtime import Cause, Effect, Transactions, Work, current_unit


class FileIntake:
    """Accepts the files of one request, all of them or none."""

    def __init__(
        self,
        batches: BatchCheck,
        raw_files: RawFiles,
        uploads: FileUploadRepositoryProtocol,
        transactions: Transactions,
        metrics: FileServiceMetrics,
    ) -> None:
        self._batches, self._raw_files, self._uploads = batches, raw_files, uploads
        self._transactions, self._metrics = transactions, metrics

    async def take(
        self, batch_id: str, user_id: str | None, files: Sequence[FileInHand], ignored: Sequence[str], cause: Cause
    ) -> UploadAnswer:
        """When this returns, each of the files will be answered exactly once, whatever happens.

        Raises BatchNotFound or BatchLocked; Unavailable while BOS, Content Service or the database is away.
        """
        batch = await self._batches.open(batch_id, user_id)
        kept = await self._raw_files.keep(files)
        accept = partial(self._accept, batch_id, user_id or batch.user_id, kept, ignored)
        return await self._transactions.run(accept, cause)

    async def _accept(self, batch_id: str, user_id: str, kept: Sequence[Kept], ignored: Sequence[str]) -> UploadAnswer:
        uploads = [_upload(batch_id, user_id, each) for each in kept]
        self._uploads.add(*uploads)
        unit, correlation_id = current_unit(), current_unit().cause.correlation_id
        for upload in uploads:
            unit.say(*self._promise(upload))
        unit.say(received(batch_id, user_id, len(uploads), unit.now, correlation_id))
        return UploadAnswer(
            message="1 file accepted" if len(uploads) == 1 else f"{len(uploads)} files accepted",
            batch_id=batch_id,
            correlation_id=correlation_id,
            files=[AcceptedFile(file_upload_id=each.file_upload_id, file_name=each.file.file_name) for each in uploads],
            ignored=list(ignored),
        )

    def _promise(self, upload: FileUpload) -> tuple[Effect, ...]:
        """That the file is there, and how it ended or who will work on it."""
        unit = current_unit()
        correlation_id = unit.cause.correlation_id
        ended = answer(upload, unit.now, correlation_id)
        if ended is None:
            work = Work(ReadFile(batch_id=upload.batch_id, upload=upload), on_behalf_of=upload.user_id)
            return added(upload, correlation_id), work
        self._metrics.count(upload)
        return added(upload, correlation_id), ended, untold(upload, unit.now)


def _upload(batch_id: str, user_id: str, kept: Kept) -> FileUpload:
    return FileUpload(
        file_upload_id=str(uuid_utils.uuid7()),
        batch_id=batch_id,
        user_id=user_id,
        file=kept.file,
        raw_storage_id=kept.storage_id,
        accepted_at=current_unit().now,
        outcome=kept.failure,
    )
