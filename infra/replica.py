"""One replica of one service: a process of its own, always at the same address, whatever becomes of it."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from huleedu_service_libs.embedded_postgres.process import launcher
from infra.errors import DidNotStart
from infra.ports import quiet_port

ROOT = Path(__file__).resolve().parents[1]
START_LIMIT_S = 90  # many start at once, on few cores
DRAIN_LIMIT_S = 10
LOOK_S = 0.1
LAST_WORDS = 3_000


@dataclass(frozen=True)
class Stopped:
    """How a process ended that was asked to; without an exit code it had to be killed."""

    exit_code: int | None
    seconds: float


class Replica:
    """A process that says what it has to say to `log`, and dies with us.

    Args:
        service: whose replica it is.
        number: from 0.
        log: appended to at each start.
    """

    def __init__(self, service: str, number: int, log: Path) -> None:
        self.service, self.number, self.log = service, number, log
        self.port = quiet_port()
        self.in_turn = False  # whether requests are to be sent here
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def name(self) -> str:
        """Of the process, for people."""
        return f"{self.service}-{self.number}"

    @property
    def url(self) -> str:
        """Where it answers, while it does."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int | None:
        """Its process id while it runs."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    @property
    def exit_code(self) -> int | None:
        """How it ended, a signal as a negative number; None while it runs."""
        return None if self._process is None else self._process.poll()

    def start(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        """Run it, if it does not run; `ready` waits until it answers. It dies with the thread that calls this."""
        if self.pid is not None:
            return
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                launcher(None, self.log.parent, command),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=ROOT,
                env={**environment, f"{self.service.upper()}_PORT": str(self.port)},
                start_new_session=True,
            )

    async def ready(self, seconds: float = START_LIMIT_S) -> None:
        """Wait until it says that it can do its work. Raises DidNotStart with its last words."""
        deadline = time.monotonic() + seconds
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session:
            while lacking := await self._lacks(session):
                if self.pid is None or time.monotonic() > deadline:
                    said = self.log.read_text(errors="replace")[-LAST_WORDS:]
                    raise DidNotStart(f"{self.name}: {lacking}\n{said}")
                await asyncio.sleep(LOOK_S)
        self.in_turn = True

    async def _lacks(self, session: aiohttp.ClientSession) -> str | None:
        """What keeps it from its work, if anything."""
        try:
            async with session.get(f"{self.url}/readyz") as response:
                return None if response.status == 200 else await response.text()
        except (aiohttp.ClientError, TimeoutError) as error:
            return f"{type(error).__name__}: {error}"

    async def stop(self) -> Stopped:
        """SIGTERM, as a supervisor sends it; kill -9 when it has not ended in time."""
        self.in_turn = False
        if self._process is None or self.pid is None:
            return Stopped(None, 0.0)
        begin = time.monotonic()
        self._process.terminate()
        with suppress(subprocess.TimeoutExpired):
            await asyncio.to_thread(self._process.wait, DRAIN_LIMIT_S)
        end = Stopped(self._process.poll(), time.monotonic() - begin)
        self.kill()
        return end

    def kill(self) -> None:
        """kill -9, and see it gone; nothing to do if it does not run."""
        self.in_turn = False
        if self._process is not None and self.pid is not None:
            os.kill(self._process.pid, signal.SIGKILL)
            self._process.wait()
