"""The note that a running platform leaves for commands: who runs it and where its services answer."""

import os
from contextlib import suppress
from pathlib import Path

import msgspec


class RunningPlatform(msgspec.Struct, frozen=True):
    """A platform that is up: its process, its database and the base URL of each service."""

    pid: int
    dsn: str
    addresses: dict[str, str]


def write(data_dir: Path, running: RunningPlatform) -> None:
    """Leave the note, whole or not at all; it holds the database's password, so it is for the owner's eyes."""
    draft = data_dir / f"platform.{os.getpid()}.draft"
    draft.touch(mode=0o600)
    draft.write_bytes(msgspec.json.encode(running))
    draft.replace(_path(data_dir))


def read(data_dir: Path) -> RunningPlatform | None:
    """The platform that is up, or None; a note whose process is gone counts for nothing."""
    try:
        running = msgspec.json.decode(_path(data_dir).read_bytes(), type=RunningPlatform)
        os.kill(running.pid, 0)
    except (FileNotFoundError, msgspec.DecodeError, ProcessLookupError):
        return None
    except PermissionError:
        pass
    return running


def remove(data_dir: Path) -> None:
    """Take the note away, if it is ours."""
    running = read(data_dir)
    if running is not None and running.pid == os.getpid():
        with suppress(FileNotFoundError):
            _path(data_dir).unlink()


def _path(data_dir: Path) -> Path:
    return data_dir / "platform.json"
