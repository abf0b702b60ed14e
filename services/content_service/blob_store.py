"""Where content lies: on disk, and in memory for tests."""

import asyncio
import os
import re
import secrets
from collections.abc import AsyncIterable, AsyncIterator, Callable
from functools import partial
from pathlib import Path
from typing import Self, TypeVar

from content_service.blob_files import (
    TYPE_LENGTH_BYTES,
    Draft,
    digest,
    installation_key,
    remove_old_drafts,
    storage_id_of,
    sync_folder,
)
from content_service.protocols import Blob, BlobNotFound, BlobTooLarge, StorageId

MOST_BYTES = 20_000_000
_BLOCK_BYTES = 256 * 1024
_ID = re.compile(r"[0-9a-f]{32}")

T = TypeVar("T")


class DiskBlobStore:
    """Blobs as files `ab/abcd...` in a folder, each begun in `drafts/` and renamed when it is whole and on the disk.

    A file holds the content's type (after its length in two bytes) and then the content: one file is one atomic write.
    Any number of processes may share the folder.
    """

    def __init__(self, folder: Path, key: bytes, most_bytes: int = MOST_BYTES) -> None:
        """`most_bytes` is the largest content that is kept; see `at` for a folder that may be new."""
        self._folder = folder
        self._key = key
        self._most_bytes = most_bytes
        self._durable_folders: set[Path] = set()

    @classmethod
    def at(cls, folder: Path, most_bytes: int = MOST_BYTES) -> Self:
        """The store in this folder, made if need be, with its key. Removes what a crash left half written a day ago."""
        drafts = folder / "drafts"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        drafts.mkdir(exist_ok=True)
        sync_folder(folder.parent)
        remove_old_drafts(drafts)
        return cls(folder, installation_key(folder / "key"), most_bytes)

    async def put(self, chunks: AsyncIterable[bytes], content_type: str) -> StorageId:
        """Keep the bytes; on return they are on the disk. Raises BlobTooLarge, and then nothing is kept."""
        draft = Draft(self._folder / "drafts" / secrets.token_hex(16), self._key, content_type)
        try:
            async for block in _blocks(chunks, self._most_bytes):
                await _finished(partial(draft.write, block))
            return await _finished(partial(self._keep, draft))
        finally:
            await _finished(draft.discard)

    async def open(self, storage_id: str) -> Blob:
        """The content under this id. Raises BlobNotFound, also for what is no id at all."""
        if not _ID.fullmatch(storage_id):
            raise BlobNotFound
        path = self._path(StorageId(storage_id))
        try:
            return await asyncio.to_thread(_opened, path)
        except FileNotFoundError as missing:
            raise BlobNotFound from missing

    def _path(self, storage_id: StorageId) -> Path:
        return self._folder / storage_id[:2] / storage_id

    def _keep(self, draft: Draft) -> StorageId:
        """Give the draft its name. A duplicate's folder is synced too: the first writer may not be that far yet."""
        path = self._path(draft.storage_id)
        self._make_durable(path.parent)
        if not path.exists():
            draft.become(path)
        sync_folder(path.parent)
        return draft.storage_id

    def _make_durable(self, leaf: Path) -> None:
        """Once per process, even where the folder exists: another process may have made it a moment ago."""
        if leaf not in self._durable_folders:
            leaf.mkdir(exist_ok=True)
            sync_folder(self._folder)
            self._durable_folders.add(leaf)


class MemoryBlobStore:
    """Blobs in a dictionary."""

    def __init__(self, key: bytes = b"key of the tests", most_bytes: int = MOST_BYTES) -> None:
        self._key = key
        self._most_bytes = most_bytes
        self._blobs: dict[str, tuple[str, bytes]] = {}

    async def put(self, chunks: AsyncIterable[bytes], content_type: str) -> StorageId:
        """Keep the bytes. Raises BlobTooLarge, and then nothing is kept."""
        content = b"".join([block async for block in _blocks(chunks, self._most_bytes)])
        storage_id = storage_id_of(digest(self._key, content))
        self._blobs.setdefault(storage_id, (content_type, content))
        return storage_id

    async def open(self, storage_id: str) -> Blob:
        """The content under this id. Raises BlobNotFound."""
        if storage_id not in self._blobs:
            raise BlobNotFound
        content_type, content = self._blobs[storage_id]
        return Blob(content_type, len(content), _in_blocks(content))


def _opened(path: Path) -> Blob:
    with path.open("rb") as file:
        content_type = file.read(int.from_bytes(file.read(TYPE_LENGTH_BYTES), "big")).decode()
        start = file.tell()
        size = os.fstat(file.fileno()).st_size - start
        return Blob(content_type, size, _rest(path, file.read(_BLOCK_BYTES), start, start + size))


async def _rest(path: Path, first: bytes, start: int, end: int) -> AsyncIterator[bytes]:
    """The first block, which is all of an essay, then the others; the file is open only while a block is read."""
    block, position = first, start
    while block:
        yield block
        position += len(block)
        block = await asyncio.to_thread(_block_at, path, position) if position < end else b""


def _block_at(path: Path, position: int) -> bytes:
    with path.open("rb") as file:
        file.seek(position)
        return file.read(_BLOCK_BYTES)


async def _blocks(chunks: AsyncIterable[bytes], most_bytes: int) -> AsyncIterator[bytes]:
    """The chunks, however small, in blocks worth a write; the last one may be empty. Raises BlobTooLarge."""
    block, size = bytearray(), 0
    async for chunk in chunks:
        size += len(chunk)
        if size > most_bytes:
            raise BlobTooLarge(most_bytes=most_bytes)
        block += chunk
        if len(block) >= _BLOCK_BYTES:
            yield bytes(block)
            block.clear()
    yield bytes(block)


async def _in_blocks(content: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(content), _BLOCK_BYTES):
        yield content[start : start + _BLOCK_BYTES]


async def _finished(work: Callable[[], T]) -> T:
    """Run blocking work in a thread. Who is cancelled waits for it: no thread writes behind its caller's back."""
    thread = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(thread)
    except asyncio.CancelledError:
        await asyncio.wait((thread,))
        raise
