"""The ports of File Service; Content Service's is `ContentClientProtocol`."""

from collections.abc import Sequence
from typing import Protocol

from file_service.domain.batches import BatchStanding
from file_service.domain.extracted_text import ExtractedText
from file_service.domain.notifications import Tally
from file_service.domain.uploads import FileUpload


class BatchStandingsProtocol(Protocol):
    """What BOS knows about batches."""

    async def find(self, batch_id: str) -> BatchStanding | None:
        """The batch's standing, None if there is no such batch. Raises Unavailable while BOS is away."""


class TextReaderProtocol(Protocol):
    """Reads the text out of files."""

    async def extract(self, raw: bytes, file_name: str) -> ExtractedText:
        """The file's text. Raises a FileRefused for the file, or Unavailable when the fault is not the file's."""


class FileUploadRepositoryProtocol(Protocol):
    """Keeps uploads."""

    def add(self, *uploads: FileUpload) -> None:
        """Keep these when the running unit of work commits."""

    async def conclude(self, upload: FileUpload) -> None:
        """Keep the upload's outcome when the running unit of work commits."""

    async def of_batch(self, batch_id: str) -> Sequence[FileUpload]:
        """The batch's uploads as last committed, in the order in which they came."""

    async def tally(self, batch_id: str) -> Tally:
        """How the batch's uploads stand, within the running unit of work."""
