"""Makes an accepted file a text, or says why that cannot be done: one answer for each file, whatever happens."""

from msgspec.structs import replace

from file_service.config import SERVICE_NAME
from file_service.domain.announcements import answer
from file_service.domain.failures import FileRefused, UnknownValidationError
from file_service.domain.notifications import untold
from file_service.domain.uploads import Failed, Outcome, Provisioned, failed
from file_service.domain.validation import validated
from file_service.messages import ReadFile
from file_service.metrics import FileServiceMetrics
from file_service.protocols import FileUploadRepositoryProtocol, TextReaderProtocol
from huleedu_service_libs.content_client import ContentClientProtocol
from huleedu_service_libs.logging_utils import create_service_logger
from huleedu_service_libs.runtime import current_unit

_logger = create_service_logger(SERVICE_NAME, "files")


class ReadFileHandler:
    """Works on one file at a time."""

    def __init__(
        self,
        content: ContentClientProtocol,
        reader: TextReaderProtocol,
        uploads: FileUploadRepositoryProtocol,
        metrics: FileServiceMetrics,
    ) -> None:
        self._content, self._reader, self._uploads, self._metrics = content, reader, uploads, metrics

    async def perform(self, order: ReadFile) -> Outcome:
        """Read, validate and store the text. Raises Unavailable while that cannot be done, for whatever reason."""
        raw = await self._content.fetch(order.upload.raw_storage_id or "")
        try:
            return await self._provisioned(raw, order.upload.file.file_name)
        except FileRefused as refused:
            about = {"batch_id": order.batch_id, "file_upload_id": order.upload.file_upload_id}
            _logger.warning("file not used", code=refused.code, reason=refused.reason or str(refused), **about)
            return failed(refused)

    async def _provisioned(self, raw: bytes, file_name: str) -> Provisioned:
        with self._metrics.extraction.time():
            essay = await self._reader.extract(raw, file_name)
        storage_id = await self._content.store(validated(essay.text).encode())
        return Provisioned(text_storage_id=storage_id, document_author=essay.author, first_lines=essay.first_lines)

    async def conclude(self, order: ReadFile, outcome: Outcome) -> None:
        """Keep the outcome and say it."""
        upload = replace(order.upload, outcome=outcome)
        await self._uploads.conclude(upload)
        unit = current_unit()
        if (ended := answer(upload, unit.now, unit.cause.correlation_id)) is not None:
            unit.say(ended)
        if isinstance(outcome, Failed):
            unit.say(untold(upload, unit.now))
        self._metrics.count(upload)

    async def abandon(self, order: ReadFile, _error: Exception) -> None:
        """Something unforeseen is wrong: the batch must not wait for this file for ever."""
        await self.conclude(order, failed(UnknownValidationError()))
