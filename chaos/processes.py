"""Service processes of a platform under test: `huleedu` with what `chaos.service` adds, by name."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
LOG_BYTES = 20 * 1024 * 1024  # of one process; then it begins anew


class Processes:
    """Starts them, and knows what has become of them. They die with us only if `end` is called."""

    def __init__(self, folder: Path, broken: str) -> None:
        """`folder` is shared with the processes; `broken` names mechanisms to switch off."""
        self.logs = folder / "logs"
        for part in (self.logs, folder / "readers", folder / "points"):
            part.mkdir(parents=True, exist_ok=True)
        self._environment = {"CHAOS_FOLDER": str(folder), "CHAOS_BREAK": broken}
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def spawn(self, name: str, words: Sequence[str], environment: Mapping[str, str]) -> None:
        """`huleedu WORDS...` under this name (`service.replica`); its output goes to its log."""
        log = self.logs / f"{name}.log"
        if log.exists() and log.stat().st_size > LOG_BYTES:
            log.replace(log.with_suffix(".old"))
        with log.open("ab") as out:
            self._running[name] = subprocess.Popen(
                [sys.executable, "-m", "chaos.service", *words],
                cwd=ROOT,
                env={**os.environ, **environment, **self._environment, "CHAOS_NAME": name},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )

    def pid(self, name: str) -> int | None:
        """Its process id while it runs."""
        process = self._running[name]
        return process.pid if process.poll() is None else None

    def exit_code(self, name: str) -> int | None:
        """How it ended; None while it runs."""
        return self._running[name].poll()

    def end(self) -> None:
        """kill -9, all of them."""
        for process in self._running.values():
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
        for process in self._running.values():
            process.wait()
