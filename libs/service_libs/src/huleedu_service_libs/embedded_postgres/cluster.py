"""The files of one PostgreSQL cluster: made whole or not at all, and freed from what a killed owner left behind."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from huleedu_service_libs.embedded_postgres.errors import failure
from huleedu_service_libs.embedded_postgres.installation import Account
from huleedu_service_libs.embedded_postgres.launch import FOLDER
from huleedu_service_libs.embedded_postgres.process import ENVIRONMENT, PATIENCE_S, launcher

SUPERUSER = "huleedu"
DYING_S = 5
READY = "ready"
STATUS_LINE = 7  # of postmaster.pid; `pg_ctl --wait` reads it too
FIRST_WITH_LOCALE = 17
NONE_OTHER: Mapping[str, str] = {}
SETTINGS = {
    "listen_addresses": "127.0.0.1",  # nobody else's machine has any business here
    "unix_socket_directories": "",  # one way in, with a password; no path that may be too long or not ours to write
    "max_connections": "100",  # eleven services with small pools, a few tools, and room for tests
    "shared_buffers": "128MB",  # holds the rows in flight; the system's cache does the rest
    "wal_level": "minimal",  # nobody replicates from here, so bulk loads need not be logged row by row
    "max_wal_senders": "0",  # what a minimal wal_level asks for
    "fsync": "on",  # a power cut loses nothing
    "synchronous_commit": "on",  # an answer given is an answer on disk
    "wal_compression": "off",  # batches arrive compressed; a second time costs time and saves nothing
    "checkpoint_timeout": "15min",  # each checkpoint makes the next write of every page a full-page one
    "max_wal_size": "2GB",  # a burst of writing does not force a checkpoint either
    "jit": "off",  # compiling costs more than our short statements take
    "timezone": "UTC",  # the machine's own would make tests and dumps differ
    "log_timezone": "UTC",  # the same clock in every log
}


class Cluster:
    """A cluster in `<data folder>/cluster`, run with these programs by this account (None: by us).

    Its `settings` win over those that all clusters of ours have.
    """

    def __init__(
        self, data_dir: Path, programs: Path, account: Account | None, settings: Mapping[str, str] = NONE_OTHER
    ) -> None:
        self.folder = data_dir / "cluster"
        self._programs = programs
        self._account = account
        self._settings = {**SETTINGS, **settings}

    def ensure_made(self) -> None:
        """Make the cluster if there is none yet: in a draft beside it, so that a kill at any moment leaves no half."""
        for leftover in self.folder.parent.glob("draft-*"):
            remove(leftover)
        if self.folder.exists():
            return
        draft = Path(tempfile.mkdtemp(prefix="draft-", dir=self.folder.parent))
        try:
            self._initdb(draft)
            (draft / "cluster").rename(self.folder)
        finally:
            remove(draft)

    def _initdb(self, draft: Path) -> None:
        password = draft / "password"
        password.touch(mode=0o600)
        password.write_text(secrets.token_urlsafe(24))
        if self._account:
            for place in (draft, password):
                os.chown(place, self._account.uid, self._account.gid)
        command = [
            *(str(self._programs / "initdb"), "--pgdata", f"{FOLDER}/cluster"),
            *("--username", SUPERUSER, "--auth", "scram-sha-256", "--pwfile", f"{FOLDER}/password"),
            *("--encoding", "UTF8", *self._locale()),
        ]
        done = subprocess.run(
            launcher(self._account, draft, command), cwd="/", env=ENVIRONMENT, capture_output=True, text=True
        )
        if done.returncode:
            raise failure(done.stderr, draft)
        password.rename(draft / "cluster/password")  # it lives and dies with the cluster that it opens

    def _locale(self) -> list[str]:
        """The same order and letters on every machine: PostgreSQL's own C.UTF-8 or, before version 17, the system's."""
        said = subprocess.run([self._programs / "initdb", "--version"], capture_output=True, text=True).stdout
        version = re.search(r"\d+", said)
        if version and int(version[0]) < FIRST_WITH_LOCALE:
            return ["--locale", "C.UTF-8"]
        return ["--locale", "C", "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"]

    def server_command(self, port: int) -> list[str]:
        """The command line of its server, which dies with this process."""
        settings = {**self._settings, "port": str(port)}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return launcher(self._account, self.folder, [str(self._programs / "postgres"), "-D", FOLDER, *options])

    def accepts_connections(self, pid: int) -> bool:
        """Whether the server with this process id says that it is ready."""
        lines = self._pid_file_lines()
        return len(lines) > STATUS_LINE and lines[0] == str(pid) and lines[STATUS_LINE].strip() == READY

    def free_from_predecessor(self) -> None:
        """See the server of a killed owner out, and take its word if its process id is by now somebody else's.

        The file is kept: what else it says makes PostgreSQL wait for the dead server's last children.
        """
        lines = self._pid_file_lines()
        if not lines or not lines[0].isdecimal():
            self._pid_file.unlink(missing_ok=True)
            return
        pid = int(lines[0])
        if self._serves(pid):
            self._see_out(pid)
        elif is_alive(pid):
            lines[0] = str(os.getpid())  # a server takes the id of its own parent for a stale one
            self._pid_file.write_text("\n".join(lines) + "\n")

    def _see_out(self, pid: int) -> None:
        for sign in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, sign)
            for _ in ticks(PATIENCE_S):
                if self._is_gone(pid):
                    return

    def _is_gone(self, pid: int) -> bool:
        """Whether it has let go of port and files; Linux shows that even if nobody reaps it, as in a container."""
        return not is_alive(pid) or (sys.platform == "linux" and not self._serves(pid))

    def _serves(self, pid: int) -> bool:
        """Whether this process is a server of this cluster: it works in its folder, as nothing else does."""
        if sys.platform == "linux":
            with contextlib.suppress(OSError):
                return os.path.samefile(f"/proc/{pid}/cwd", self.folder)
            return False
        shown = subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True).stdout
        return f"-D {self.folder} " in shown

    @property
    def _pid_file(self) -> Path:
        return self.folder / "postmaster.pid"

    def _pid_file_lines(self) -> list[str]:
        try:
            return self._pid_file.read_text().splitlines()
        except FileNotFoundError:
            return []


def dsn_of(data_dir: Path, port: int) -> str:
    """The address of a data folder's server, with the password, which only the server's account and root can read."""
    password = (data_dir / "cluster/password").read_text()
    return f"postgresql://{SUPERUSER}:{password}@127.0.0.1:{port}/postgres"


def remove(draft: Path) -> None:
    """Remove a draft; more than once if the `initdb` of a killed owner still writes into it for a moment."""
    for _ in ticks(DYING_S):
        shutil.rmtree(draft, ignore_errors=True)
        if not draft.exists():
            return


def ticks(seconds: float, every: float = 0.02) -> Iterator[None]:
    """Look again and again, `every` so many seconds, until the time is over."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        yield
        time.sleep(every)


def is_alive(pid: int) -> bool:
    """Whether a process has this id, whoever's it is."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # it lives, and is another account's
        pass
    return True
