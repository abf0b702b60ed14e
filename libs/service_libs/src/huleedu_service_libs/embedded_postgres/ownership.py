"""Who runs the server of a data folder: the process that holds its lock; the others find it by the run file."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from huleedu_service_libs.embedded_postgres.cluster import NONE_OTHER, Cluster, dsn_of, is_alive, ticks
from huleedu_service_libs.embedded_postgres.errors import ServerDidNotStart, failure, full_disk_named
from huleedu_service_libs.embedded_postgres.folder_lock import FolderLock
from huleedu_service_libs.embedded_postgres.installation import programs, server_account
from huleedu_service_libs.embedded_postgres.process import ServerProcess

START_LIMIT_S = 120  # recovery after a power cut reads up to max_wal_size
RETRY_LIMIT_S = 20
WATCH_EVERY_S = 0.2
LOG_LIMIT_BYTES = 10_000_000
LAST_WORDS = 2_000
PASSING = (
    "is still in use",  # the last children of a killed server
    "could not create any TCP/IP sockets",  # a port that somebody took since we looked
)


@dataclass(frozen=True, slots=True)
class Server:
    """A running server. `owner`: the process that got this value runs it, and the server dies with that process."""

    dsn: str = field(repr=False)
    port: int
    owner: bool


class Run(msgspec.Struct, frozen=True):
    """What an owner tells the others: the port, kept for the next owner too, and its process id while it serves."""

    port: int
    owner: int | None


class EmbeddedPostgres:
    """PostgreSQL in a folder of our own, for as long as one of the processes that use the folder lives.

    Each of them calls `start`. One becomes the owner and its server dies with it; then `watch` returns in the others,
    they call `start` again, and one of them serves the same data on the same port.

    Args:
        data_dir: made if missing; holds the cluster with its password, the run file, the lock and the server's log.
        port: the one to use if it is free; else the last one that was used here, else any free one.
        installation: the folder of other PostgreSQL programs to run instead of those from the wheel.
        settings: of the server, over those that all of ours have.
    """

    def __init__(
        self,
        data_dir: Path,
        port: int | None = None,
        *,
        installation: Path | None = None,
        settings: Mapping[str, str] = NONE_OTHER,
    ) -> None:
        self._folder = data_dir.absolute()
        self._wish = port
        self._installation = installation
        self._settings = settings
        self._lock = FolderLock(self._folder)
        self._process: ServerProcess | None = None
        self._joined: Run | None = None

    def start(self) -> Server:
        """The folder's server, started if nobody runs it. Blocks: seconds the first time, else well below one.

        Raises an `EmbeddedPostgresError`: `DiskFull`, `NoUnprivilegedAccount`, `NoPrograms` or `ServerDidNotStart`.
        """
        with full_disk_named():
            self._folder.mkdir(parents=True, exist_ok=True)
            for _ in ticks(START_LIMIT_S):
                if self._lock.take():
                    return self._serve()
                if server := self._join():
                    return server
        raise ServerDidNotStart(f"Another process holds {self._folder} and has not started it for {START_LIMIT_S} s.")

    @property
    def pid(self) -> int | None:
        """The process id of the server while it runs and is ours."""
        return None if self._process is None or self._process.ended_within(0) else self._process.pid

    def stop(self) -> None:
        """Stop the server if it is ours, rolling open transactions back, and let the folder go."""
        self._joined = None
        if self._process:
            self._process.stop()
            self._process = None
        if self._lock.held:
            self._forget_owner()
            self._lock.drop()

    async def watch(self) -> None:
        """Return when the server that `start` gave is gone, whatever ended it; call `start` again for the next one."""
        while self._is_there():  # noqa: ASYNC110 (another process holds the lock, and its death sets no event)
            await asyncio.sleep(WATCH_EVERY_S)

    def _is_there(self) -> bool:
        if self._process:
            return not self._process.ended_within(0)
        return self._joined is not None and self._joined == self._read_run() and not self._lock.is_free()

    def _join(self) -> Server | None:
        run = self._read_run()
        if run is None or run.owner is None or not is_alive(run.owner):
            return None
        self._joined = run
        return Server(dsn_of(self._folder, run.port), run.port, owner=False)

    def _serve(self) -> Server:
        if self._process is None or self._process.ended_within(0):
            try:
                self._forget_owner()
                self._process = self._started_process()
            except BaseException:
                self._lock.drop()
                raise
        run = self._read_run()
        assert run is not None
        return Server(dsn_of(self._folder, run.port), run.port, owner=True)

    def _started_process(self) -> ServerProcess:
        account = server_account()
        cluster = Cluster(self._folder, self._installation or programs(account), account, self._settings)
        cluster.ensure_made()
        refused: ServerDidNotStart | None = None
        for _ in ticks(RETRY_LIMIT_S):
            cluster.free_from_predecessor()
            port = self._choose_port()
            try:
                process = self._try_start(cluster, port)
            except ServerDidNotStart as problem:
                if not any(words in str(problem) for words in PASSING):
                    raise
                refused = problem
            else:
                self._write_run(Run(port, os.getpid()))
                return process
        raise refused or ServerDidNotStart()

    def _try_start(self, cluster: Cluster, port: int) -> ServerProcess:
        log_path = self._folder / "server.log"
        log_path.touch(mode=0o600)
        with log_path.open("ab") as log:
            if log.tell() > LOG_LIMIT_BYTES:
                log.truncate(0)
            begin = log_path.stat().st_size
            process = ServerProcess(cluster.server_command(port), log)
        for _ in ticks(START_LIMIT_S):
            if process.ended_within(0):
                break
            if cluster.accepts_connections(process.pid):
                return process
        process.stop()
        said = log_path.read_bytes()[begin:].decode(errors="replace")
        raise failure(said[-LAST_WORDS:], self._folder)

    def _choose_port(self) -> int:
        run = self._read_run()
        for port in (self._wish, run and run.port):
            if port and is_free(port):
                return port
        return free_port()

    def _forget_owner(self) -> None:
        if run := self._read_run():
            self._write_run(Run(run.port, None))

    def _read_run(self) -> Run | None:
        try:
            return msgspec.json.decode(self._run_path.read_bytes(), type=Run)
        except (FileNotFoundError, msgspec.DecodeError):  # never started, or a power cut took its text
            return None

    def _write_run(self, run: Run) -> None:
        draft = self._run_path.with_suffix(".draft")
        draft.write_bytes(msgspec.json.encode(run))
        draft.replace(self._run_path)

    @property
    def _run_path(self) -> Path:
        return self._folder / "run.json"


def is_free(port: int) -> bool:
    """Whether a server could listen on this port of 127.0.0.1; one just closed counts as free, as for PostgreSQL."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """Some free port of 127.0.0.1."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
