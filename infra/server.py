"""Servers on loopback, each in a folder of its own, which can be killed and started again, and which die with us."""

from __future__ import annotations

import os
import signal
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Protocol, Self

from huleedu_service_libs.embedded_postgres.cluster import ticks
from huleedu_service_libs.embedded_postgres.process import ServerProcess, launcher
from infra.errors import DidNotStart
from infra.ports import demand_free, quiet_port

START_LIMIT_S = 60
GONE_LIMIT_S = 10
LAST_WORDS = 2_000


class Server(Protocol):
    """What can be done with each of them: at most one process at a time, always on the same folder and port."""

    folder: Path
    port: int

    @property
    def name(self) -> str:
        """What people call it."""

    @property
    def address(self) -> str:
        """Where it listens, as `host:port`."""

    @property
    def log(self) -> Path:
        """What it says, over all its starts."""

    @property
    def pid(self) -> int | None:
        """Its process id while it runs; somebody may have killed it."""

    def start(self) -> Self:
        """Have it running and answering. Blocks; nothing to do if it runs already.

        Raises an `InfraError`: `Missing` what it needs, `PortTaken` or `DidNotStart`.
        """

    def stop(self) -> None:
        """Let it finish and end; nothing to do if it does not run."""

    def kill(self) -> None:
        """kill -9, and see it gone: `start` takes up what its folder holds."""


class Seat:
    """Where a server sits for ever: its folder, and its port of 127.0.0.1 (None means any)."""

    def __init__(self, folder: Path, port: int | None) -> None:
        self.folder = folder.absolute()
        self.port = port or quiet_port()

    @property
    def address(self) -> str:
        """Where it listens, as `host:port`."""
        return f"127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        """What it says, over all its starts."""
        return self.folder / "server.log"


class OneProcess(Seat, ABC):
    """A `Server` that is a single process, run with one command line.

    Args:
        folder: made if missing; holds the server's data and its log, `server.log`.
        port: of 127.0.0.1; None means any.
    """

    name: str

    def __init__(self, folder: Path, port: int | None = None) -> None:
        super().__init__(folder, port)
        self._process: ServerProcess | None = None

    @property
    def pid(self) -> int | None:
        """Its process id while it runs; somebody may have killed it."""
        return None if self._process is None or self._process.ended_within(0) else self._process.pid

    def start(self) -> Self:
        """Have it running and answering. Blocks; nothing to do if it runs already.

        Raises an `InfraError`: `Missing` what it needs, `PortTaken` or `DidNotStart`.
        """
        if self.pid is None:
            self.folder.mkdir(parents=True, exist_ok=True)
            command = self._command()
            demand_free(self.port)
            self._run(command)
        return self

    def stop(self) -> None:
        """Let it finish and end; nothing to do if it does not run."""
        if self._process is not None:
            self._process.stop()

    def kill(self) -> None:
        """kill -9, and see it gone: `start` takes up what its folder holds."""
        if self._process is not None and self.pid is not None:
            os.kill(self._process.pid, signal.SIGKILL)
            self._process.ended_within(GONE_LIMIT_S)

    def _run(self, command: list[str]) -> None:
        with self.log.open("ab") as log:
            begin = log.tell()
            process = ServerProcess(launcher(None, self.folder, command), log)
        for _ in ticks(START_LIMIT_S):
            said = self.log.read_bytes()[begin:].decode(errors="replace")
            if process.ended_within(0):
                raise DidNotStart(said[-LAST_WORDS:])
            if self._is_ready(said):
                self._process = process
                return
        process.stop()
        raise DidNotStart(f"{said[-LAST_WORDS:]}\nIt had {START_LIMIT_S} seconds.")

    @abstractmethod
    def _command(self) -> list[str]:
        """The command line that runs it in the foreground, with everything it needs in place."""

    @abstractmethod
    def _is_ready(self, said: str) -> bool:
        """Whether it answers, given what it has said since this start."""
