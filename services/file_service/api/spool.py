"""The files of one request on their way through: on disk, one after another, gone when the request is over."""

import asyncio
import os
from tempfile import TemporaryFile
from typing import Self

_BLOCK_BYTES = 256 * 1024


class Spool:
    """A temporary file that is written from start to end, then read at any place. Close it, or use it as a context."""

    def __init__(self) -> None:
        self._file = TemporaryFile()  # noqa: SIM115 (`__exit__` closes it)
        self._block = bytearray()
        self.size = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    async def write(self, piece: bytes) -> None:
        """Append; what goes to the disk goes there in a thread, in blocks worth it."""
        self._block += piece
        self.size += len(piece)
        if len(self._block) >= _BLOCK_BYTES:
            await self.flush()

    async def flush(self) -> None:
        """Have everything readable."""
        block, self._block = self._block, bytearray()
        await asyncio.to_thread(self._written, block)

    def _written(self, block: bytearray) -> None:
        self._file.write(block)
        self._file.flush()

    async def read(self, start: int, size: int) -> bytes:
        """Some of the bytes that have been flushed."""
        return await asyncio.to_thread(os.pread, self._file.fileno(), size, start)
