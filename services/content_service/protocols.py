"""The ports of the Content Service."""

from collections.abc import AsyncIterable, AsyncIterator
from dataclasses import dataclass
from typing import NewType, Protocol

from huleedu_service_libs.errors import NotFound, TooLarge

StorageId = NewType("StorageId", str)


class BlobNotFound(NotFound):
    """There is no content with this id."""

    code = "CONTENT_NOT_FOUND"


class BlobTooLarge(TooLarge):
    """The content is larger than the {most_bytes} bytes that are kept as one piece."""

    code = "CONTENT_TOO_LARGE"


@dataclass(frozen=True, slots=True)
class Blob:
    """Stored content: its type, its size in bytes, and the bytes themselves, which can be read once."""

    content_type: str
    size: int
    chunks: AsyncIterator[bytes]


class BlobStoreProtocol(Protocol):
    """Keeps bytes under an id that follows from them: the same bytes are kept once, with the type they first came with.

    An id is 32 hex digits, BLAKE2b-128 of the bytes under a key of the installation: it cannot be guessed from a text.
    """

    async def put(self, chunks: AsyncIterable[bytes], content_type: str) -> StorageId:
        """Keep the bytes; on return they survive a power cut. Raises BlobTooLarge, and then nothing is kept."""

    async def open(self, storage_id: str) -> Blob:
        """The content under this id. Raises BlobNotFound, also for what is no id at all."""
