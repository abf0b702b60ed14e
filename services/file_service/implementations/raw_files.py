"""Raw bytes of uploaded files, into Content Service."""

import asyncio
from collections.abc import Sequence
from typing import NamedTuple, Protocol

from file_service.config import SERVICE_NAME, FileSettings
from file_service.domain.failures import RawStorageFailed
from file_service.domain.uploads import Failed, Received, failed, refused_unread
from huleedu_service_libs.content_client import ContentClientProtocol
from huleedu_service_libs.http_client import PeerRefused
from huleedu_service_libs.logging_utils import create_service_logger

_logger = create_service_logger(SERVICE_NAME, "files")

_AT_A_TIME = 4  # so many files, of all requests together, are in memory whole
_BYTES_OF_ANY_KIND = "application/octet-stream"


class FileInHand(Protocol):
    """A file that has been received and not been stored yet."""

    @property
    def file(self) -> Received:
        """Its name, size and hash."""

    async def read(self) -> bytes:
        """Its bytes."""


class Kept(NamedTuple):
    """A file with the id of its stored bytes, or with the reason why it was not stored."""

    file: Received
    storage_id: str | None = None
    failure: Failed | None = None


class RawFiles:
    """Stores files as they were handed in, a few at a time."""

    def __init__(self, content: ContentClientProtocol, settings: FileSettings) -> None:
        self._content = content
        self._most_bytes = settings.max_file_bytes
        self._turns = asyncio.Semaphore(_AT_A_TIME)

    async def keep(self, files: Sequence[FileInHand]) -> list[Kept]:
        """Store them all, except those that fail by themselves. Raises Unavailable while Content Service is away."""
        try:
            async with asyncio.TaskGroup() as tasks:
                storing = [tasks.create_task(self._kept(each)) for each in files]
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from failures
        return [each.result() for each in storing]

    async def _kept(self, each: FileInHand) -> Kept:
        refusal = refused_unread(each.file, self._most_bytes)
        return await self._stored(each) if refusal is None else Kept(each.file, failure=refusal)

    async def _stored(self, each: FileInHand) -> Kept:
        async with self._turns:
            try:
                return Kept(each.file, await self._content.store(await each.read(), _BYTES_OF_ANY_KIND))
            except PeerRefused as refused:
                _logger.warning("file not stored", code=RawStorageFailed.code, reason=str(refused))
                return Kept(each.file, failure=failed(RawStorageFailed(reason=str(refused))))
