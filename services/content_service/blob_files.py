"""Files that hold content: begun as drafts, named when they are whole and on the disk. All of it blocks."""

import hashlib
import os
import secrets
import time
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from content_service.protocols import StorageId

_KEY_BYTES = 32
_ID_BYTES = 16
TYPE_LENGTH_BYTES = 2
_SECONDS_OF_A_DRAFT = 24 * 3600.0


class Draft:
    """Content on its way to the disk: its type (after the type's length in two bytes), then its bytes."""

    def __init__(self, path: Path, key: bytes, content_type: str) -> None:
        self._path = path
        self._digest = digest(key)
        self._file: BinaryIO | None = None
        self._head = _type_as_written(content_type)

    @property
    def storage_id(self) -> StorageId:
        return storage_id_of(self._digest)

    def write(self, block: bytes) -> None:
        if self._file is None:
            self._file = _new_private_file(self._path)
            self._file.write(self._head)
        self._file.write(block)
        self._digest.update(block)

    def become(self, path: Path) -> None:
        """Take the final name, with everything on the disk before the name is."""
        assert self._file is not None
        _sync(self._file)
        os.replace(self._path, path)

    def discard(self) -> None:
        """Close the file, and remove it unless it has taken its final name."""
        if self._file is None:
            return
        try:
            self._file.close()
        finally:
            self._path.unlink(missing_ok=True)


def installation_key(path: Path) -> bytes:
    """The key in this file, made once: of several processes that start together, one makes it and all use it."""
    if not path.exists():
        draft = path.with_name(f"key.{secrets.token_hex(16)}")
        with _new_private_file(draft) as file:
            file.write(secrets.token_bytes(_KEY_BYTES))
            _sync(file)
        with suppress(FileExistsError):
            os.link(draft, path)
        draft.unlink()
        sync_folder(path.parent)
    key = path.read_bytes()
    if len(key) != _KEY_BYTES:
        raise ValueError(f"{path} does not hold a key of {_KEY_BYTES} bytes")
    return key


def remove_old_drafts(drafts: Path) -> None:
    """Remove what no process can still be writing."""
    latest = time.time() - _SECONDS_OF_A_DRAFT
    for draft in drafts.iterdir():
        with suppress(FileNotFoundError):
            if draft.stat().st_mtime < latest:
                draft.unlink()


def digest(key: bytes, content: bytes = b"") -> hashlib.blake2b:
    return hashlib.blake2b(content, digest_size=_ID_BYTES, key=key)


def storage_id_of(digest: hashlib.blake2b) -> StorageId:
    return StorageId(digest.hexdigest())


def _type_as_written(content_type: str) -> bytes:
    encoded = content_type.encode()
    return len(encoded).to_bytes(TYPE_LENGTH_BYTES, "big") + encoded


def _new_private_file(path: Path) -> BinaryIO:
    """A new file for this user's eyes only: essays and keys are nobody else's business."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def _sync(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """A new name is on the disk when its folder is."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
