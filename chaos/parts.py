"""Processes of a platform by name, whatever they run: killed, looked at, started again."""

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from chaos.service import POINTS, READERS
from infra.replica import Replica

CONFIRMATION_SECONDS = "4"  # for a class's teacher: some let it pass, and some are late
COMMAND = (sys.executable, "-m", "chaos.service")


class Parts:
    """The part of a `World` that every one has: its service processes."""

    def __init__(self, start: Callable[[Replica], None]) -> None:
        self._start = start
        self._replicas: Mapping[str, Replica] = {}

    def know(self, replicas: Sequence[Replica]) -> None:
        """These are the processes."""
        self._replicas = {f"{replica.service}.{replica.number}": replica for replica in replicas}

    @property
    def processes(self) -> Sequence[str]:
        """See `World`."""
        return list(self._replicas)

    def pid(self, process: str) -> int | None:
        """See `World`."""
        return self._replicas[process].pid

    def exit_code(self, process: str) -> int | None:
        """See `World`."""
        return self._replicas[process].exit_code

    def url(self, process: str) -> str:
        """See `World`."""
        return self._replicas[process].url

    def spawn(self, process: str) -> None:
        """See `World`."""
        self._start(self._replicas[process])


def environment(folder: Path, broken: str, engines: str) -> dict[str, str]:
    """What the processes are told besides; they share `folder` with us."""
    for part in (READERS, POINTS):
        (folder / part).mkdir(parents=True, exist_ok=True)
    chosen = {"SPELLCHECKER_SERVICE_ENGINE": engines, "NLP_SERVICE_ENGINE": engines}
    limit = {"CLASS_MANAGEMENT_SERVICE_CONFIRMATION_SECONDS": CONFIRMATION_SECONDS}
    return {"CHAOS_FOLDER": str(folder), "CHAOS_BREAK": broken, **chosen, **limit}
