"""One PostgreSQL server process: started, kept, ended."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import IO

from huleedu_service_libs.embedded_postgres.installation import Account

LAUNCH = str(Path(__file__).with_name("launch.py"))
PATIENCE_S = 30
ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}  # no PG* variable of ours may reach the server


def launcher(account: Account | None, folder: Path, command: Sequence[str]) -> list[str]:
    """The command line that runs `command` as the account and ends it when this process dies."""
    uid, gid = (str(account.uid), str(account.gid)) if account else ("", "")
    return [sys.executable, "-I", "-S", LAUNCH, str(os.getpid()), uid, gid, str(folder), *command]


class ServerProcess:
    """A server that lives no longer than this process.

    A thread of its own starts it and waits for its end. The kernel binds a child to the *thread* that forked it: were
    that a worker of some pool, the server would be shut down as soon as the pool lets the worker go.
    """

    def __init__(self, command: Sequence[str], log: IO[bytes]) -> None:
        self._ended = threading.Event()
        started: Future[subprocess.Popen[bytes]] = Future()
        threading.Thread(target=self._keep, args=(command, log, started), name="embedded-postgres", daemon=True).start()
        self._server = started.result()
        self.pid = self._server.pid

    def _keep(self, command: Sequence[str], log: IO[bytes], started: Future[subprocess.Popen[bytes]]) -> None:
        try:
            server = spawn(command, log)
        except OSError as problem:
            started.set_exception(problem)
            return
        with watchdog(server.pid) if sys.platform != "linux" else contextlib.nullcontext():
            started.set_result(server)
            server.wait()
        self._ended.set()

    def ended_within(self, seconds: float) -> bool:
        """Whether the server is gone, now or after waiting so long."""
        return self._ended.wait(seconds)

    def stop(self) -> None:
        """Shut down, rolling open transactions back; ever less politely, each time after PATIENCE_S seconds.

        Nothing committed is lost either way: the next start recovers it from the log of changes.
        """
        for sign in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            if self._ended.is_set():
                return
            self._server.send_signal(sign)
            self._ended.wait(PATIENCE_S)


def spawn(command: Sequence[str], log: IO[bytes]) -> subprocess.Popen[bytes]:
    """Start it in a session of its own: Ctrl-C is for the owner, who decides when the server stops."""
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        cwd="/",
        env=ENVIRONMENT,
        start_new_session=True,
    )


@contextlib.contextmanager
def watchdog(server: int) -> Iterator[None]:
    """A small process that shuts the server down when this one dies, for systems whose kernel does not."""
    command = [sys.executable, "-I", "-S", LAUNCH, "watch", str(server)]
    dog = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)
    try:
        yield
    finally:
        dog.kill()
        dog.communicate()
