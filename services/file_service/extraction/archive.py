"""A zip archive that cannot unpack to more than a document holds, whatever it declares."""

import io
import re
import zipfile
from collections.abc import Iterator

from file_service.domain.failures import EncryptedFile, FileTooLarge, TextExtractionFailed

MOST_ENTRIES = 2_000
MOST_BYTES = 50_000_000
MOST_RATIO = 100
_ALWAYS_ALLOWED_BYTES = 1_000_000  # an honest small document can be little more than repetition
_CHUNK_BYTES = 64 * 1024
_ENCRYPTED = 0x1
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


class Archive:
    """The parts of a .docx or .odt, read within limits.

    Raises FileTooLarge beyond a limit, EncryptedFile, TextExtractionFailed, and on damage what `zipfile` raises.
    """

    def __init__(self, raw: bytes) -> None:
        self._zip = zipfile.ZipFile(io.BytesIO(raw))
        self._unread = MOST_BYTES
        self.names = frozenset(self._zip.namelist())
        _refuse_bomb(self._zip.infolist(), len(raw))

    def named(self, pattern: re.Pattern[str]) -> list[str]:
        """The names of the parts that match from beginning to end, sorted."""
        return sorted(name for name in self.names if pattern.fullmatch(name))

    def chunks(self, name: str) -> Iterator[bytes]:
        """The part's bytes. What was read of all parts together is counted, since declared sizes can lie."""
        entry = self._zip.getinfo(name)
        if entry.flag_bits & _ENCRYPTED:
            raise EncryptedFile
        if entry.compress_type not in _METHODS:
            raise TextExtractionFailed(reason=f"compression method {entry.compress_type}")
        with self._zip.open(entry) as part:
            while chunk := part.read(_CHUNK_BYTES):
                self._unread -= len(chunk)
                if self._unread < 0:
                    raise FileTooLarge(reason="an archive that lies about its size")
                yield chunk

    def read(self, name: str) -> bytes:
        """The whole part."""
        return b"".join(self.chunks(name))


def _refuse_bomb(entries: list[zipfile.ZipInfo], packed_bytes: int) -> None:
    declared = sum(entry.file_size for entry in entries)
    if len(entries) > MOST_ENTRIES:
        raise FileTooLarge(reason=f"an archive of {len(entries)} entries")
    if declared > MOST_BYTES or declared > max(_ALWAYS_ALLOWED_BYTES, MOST_RATIO * packed_bytes):
        raise FileTooLarge(reason=f"an archive of {packed_bytes} bytes that unpacks to {declared}")
