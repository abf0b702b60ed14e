"""What clients were told, and what was done to the platform, as JSON lines: written at once, read at the end."""

from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, TypeVar

import msgspec

T = TypeVar("T")


class Entry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One request and what came of it; times are Unix seconds, status 0 means that no answer came.

    `what`: class, roster, register, upload, confirm (who wrote what), request (a pipeline), cancel, pause, resume,
    retry, operation, status, associations, results, peek, stream; or without a request: wrote (which pupil which file),
    saw (a new status), finished, left.
    """

    who: str
    what: str
    began: float
    ended: float
    status: int = 0
    key: str = ""
    batch_id: str = ""
    sent: dict[str, Any] = {}
    answer: str = ""
    error: str = ""


class Watched(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """An event of a stream: of a batch, of a user, or, if neither is named, of everything.

    `connection` counts how often the client has come back. A snapshot says whether there is a `gap` before it and, if
    it is of one batch, the batch's `version`.
    """

    user: str = ""
    batch_id: str = ""
    connection: int
    id: str
    event: str
    digest: str
    gap: bool = False
    version: int = 0

    @property
    def offset(self) -> int:
        """The place in the log right after it."""
        return int(self.id.rpartition("-")[2])


class Struck(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A fault as it was carried out; `ended` is when it was undone, in Unix seconds. `missed`: it could not be."""

    number: int
    kind: str
    target: str
    began: float
    ended: float
    note: str = ""
    missed: bool = False
    drained_in: float | None = None
    exit_code: int | None = None


class Planted(msgspec.Struct, frozen=True, kw_only=True):
    """A message that nobody can handle, handed to a topic; `mark` is in its bytes.

    `groups` are to set it aside; none if nobody knows whether Kafka has it.
    """

    mark: str
    topic: str
    groups: tuple[str, ...]


class Diary:
    """A file of entries, each on its line before the next thing happens."""

    def __init__(self, path: Path) -> None:
        self._file: IO[bytes] = path.open("ab")

    def write(self, entry: msgspec.Struct) -> None:
        """Put it down."""
        self._file.write(msgspec.json.encode(entry) + b"\n")
        self._file.flush()

    def close(self) -> None:
        """No more entries."""
        self._file.close()


def read(path: Path, kind: type[T]) -> Iterator[T]:
    """The entries of a file, in order; none if there is no such file."""
    decode = msgspec.json.Decoder(kind).decode
    if path.exists():
        with path.open("rb") as file:
            yield from map(decode, file)
