"""PostgreSQL as the machine has it, from Debian's packages or on the PATH; where it has none, the embedded one."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from huleedu_service_libs.embedded_postgres import EmbeddedPostgres, EmbeddedPostgresError
from huleedu_service_libs.embedded_postgres.cluster import ticks
from infra.errors import DidNotStart
from infra.ports import demand_free
from infra.server import Seat

DEBIAN = Path("/usr/lib/postgresql")
GONE_LIMIT_S = 10
SETTINGS = {"max_connections": "400"}  # a pool for each replica of each service, and for each client of a test


class PostgresServer(Seat):
    """One PostgreSQL server, always on the same folder and port; it dies with us, and every commit outlives every kill.

    Args:
        folder: made if missing; holds the data, the password and the server's log, `server.log`.
        port: of 127.0.0.1; None means any.
    """

    name = "PostgreSQL"

    def __init__(self, folder: Path, port: int | None = None) -> None:
        super().__init__(folder, port)
        self.installation = installed()
        self.dsn = ""
        self._server = EmbeddedPostgres(self.folder, self.port, installation=self.installation, settings=SETTINGS)

    @property
    def password(self) -> str:
        """Of its superuser, `huleedu`."""
        return urlsplit(self.dsn).password or ""

    @property
    def pid(self) -> int | None:
        """Its process id while it runs; somebody may have killed it."""
        return self._server.pid

    def start(self) -> Self:
        """Have it running and answering at `dsn`. Blocks; nothing to do if it runs already.

        Raises an `InfraError`: `PortTaken` or `DidNotStart`.
        """
        if self.pid is None:
            demand_free(self.port)
            try:
                self.dsn = self._server.start().dsn
            except EmbeddedPostgresError as problem:
                raise DidNotStart(str(problem)) from problem
        return self

    def stop(self) -> None:
        """Let it finish and end, rolling open transactions back; nothing to do if it does not run."""
        self._server.stop()

    def kill(self) -> None:
        """kill -9, and see it gone: `start` recovers what was committed."""
        if (pid := self.pid) is not None:
            os.kill(pid, signal.SIGKILL)
            for _ in ticks(GONE_LIMIT_S):
                if self.pid is None:
                    return


def installed() -> Path | None:
    """The folder of the machine's newest PostgreSQL programs; None if it has none that make and run a server."""
    return next((folder for folder in _candidates() if _has_server(folder)), None)


def _candidates() -> Iterator[Path]:
    versions = [folder for folder in DEBIAN.glob("*/bin") if folder.parent.name.isdecimal()]
    yield from sorted(versions, key=lambda folder: int(folder.parent.name), reverse=True)
    if on_path := shutil.which("postgres"):
        yield Path(on_path).resolve().parent


def _has_server(folder: Path) -> bool:
    return all(os.access(folder / program, os.X_OK) for program in ("initdb", "postgres"))
