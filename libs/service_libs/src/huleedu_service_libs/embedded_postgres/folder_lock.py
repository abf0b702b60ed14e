"""The lock on a data folder, which the system frees when its holder dies, however it dies."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path


class FolderLock:
    """An flock on `<data folder>/lock`: at most one holder, and no process id to guess from."""

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / "lock"
        self._descriptor: int | None = None

    @property
    def held(self) -> bool:
        """Whether we hold it."""
        return self._descriptor is not None

    def take(self) -> bool:
        """Take it if it is free; whether it is ours now."""
        if self._descriptor is None:
            self._descriptor = self._locked(fcntl.LOCK_EX)
        return self.held

    def drop(self) -> None:
        """Let others have it."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def is_free(self) -> bool:
        """Whether nobody holds it; asked with a shared lock, in which two who ask do not see each other."""
        descriptor = self._locked(fcntl.LOCK_SH)
        if descriptor is None:
            return False
        os.close(descriptor)
        return True

    def _locked(self, kind: int) -> int | None:
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        return descriptor
