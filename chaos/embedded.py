"""The platform as one process on its embedded PostgreSQL: no Kafka, no Redis, no lines to cut."""

import asyncio
import os
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path

from chaos import bookkeeper
from chaos.bookkeeper import KafkaContents
from chaos.processes import Processes
from chaos.proxy import Line
from chaos.world import Killable
from huleedu import run_file
from huleedu.services import SERVICES

NAME = "platform.1"
KINDS = ("kill-service", "point-service", "drain-service", "pause-service", "kill-postgres")
POINTS = ("after-take", "before-commit", "after-commit")
GONE_SECONDS = 0.02


class _Postgres:
    """The server in the data folder; whoever is left of the platform starts it again."""

    def __init__(self, data_dir: Path) -> None:
        self._note = data_dir / "postgres/cluster/postmaster.pid"

    @property
    def pid(self) -> int | None:
        """See `Killable`."""
        try:
            return int(self._note.read_text().splitlines()[0])
        except (FileNotFoundError, IndexError):
            return None

    def kill(self) -> None:
        """See `Killable`."""
        if (pid := self.pid) is not None:
            os.kill(pid, signal.SIGKILL)

    def start(self) -> None:
        """The platform does."""


class EmbeddedWorld:
    """See `World`."""

    bootstrap: str | None = None

    def __init__(self, folder: Path, data_dir: Path, broken: str = "", engines: str = "none") -> None:
        """`data_dir` holds lexicons already, if engines need them."""
        self._data_dir, self._processes = data_dir, Processes(folder, broken)
        self._environment = {
            "HULEEDU_DATA_DIR": str(data_dir),
            "SPELLCHECKER_SERVICE_ENGINE": engines,
            "NLP_SERVICE_ENGINE": engines,
            **{f"{name.upper()}_PORT": "0" for name in SERVICES},
        }
        self._addresses: dict[str, list[str]] = {}
        self.processes: Sequence[str] = (NAME,)
        self.servers: Mapping[str, Killable] = {"postgres": _Postgres(data_dir)}
        self.lines: Mapping[str, Line] = {}
        self.dsns: Mapping[str, str] = {}

    async def start(self) -> None:
        """Up and answering."""
        self._data_dir.mkdir(parents=True, exist_ok=True)
        self.spawn(NAME)
        while (running := run_file.read(self._data_dir)) is None:
            if self.pid(NAME) is None:
                raise RuntimeError(f"the platform did not start: see {self._processes.logs}")
            await asyncio.sleep(GONE_SECONDS)
        self.dsns = dict.fromkeys(SERVICES, running.dsn)

    async def stop(self) -> None:
        """Everything, at once."""
        self._processes.end()

    def addresses(self) -> Mapping[str, Sequence[str]]:
        """See `World`; what was last known while it is away."""
        if (running := run_file.read(self._data_dir)) is not None:
            self._addresses = {name: [url] for name, url in running.addresses.items()}
        return self._addresses

    def pid(self, process: str) -> int | None:
        """See `World`."""
        return self._processes.pid(process)

    def exit_code(self, process: str) -> int | None:
        """See `World`."""
        return self._processes.exit_code(process)

    def spawn(self, process: str) -> None:
        """See `World`."""
        self._processes.spawn(process, ("up",), self._environment)

    async def contents(self) -> KafkaContents | None:
        """There is no Kafka."""
        return None

    async def behind(self) -> Mapping[str, int]:
        """See `World`."""
        return await bookkeeper.behind(self.dsns)
