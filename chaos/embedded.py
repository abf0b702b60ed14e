"""The platform as one process on its embedded PostgreSQL: no Kafka, no Redis, no lines to cut."""

import asyncio
import os
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path

from chaos import bookkeeper
from chaos.bookkeeper import KafkaContents
from chaos.parts import COMMAND, Parts, environment
from chaos.proxy import Line
from chaos.world import Killable
from huleedu import run_file
from huleedu.services import SERVICES
from infra.replica import Replica

PLATFORM = "up"  # what is typed is its name
KINDS = ("kill-service", "point-service", "drain-service", "pause-service", "kill-postgres")
POINTS = ("after-take", "before-commit", "after-commit")
GLANCE = 0.05
LEADER = "batch_orchestrator_service"


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


class EmbeddedWorld(Parts):
    """See `World`."""

    def __init__(self, folder: Path, data_dir: Path, broken: str = "", engines: str = "none") -> None:
        """`data_dir` holds lexicons already, if there are any."""
        super().__init__(lambda replica: replica.start([*COMMAND, PLATFORM], self._environment))
        any_ports = {f"{name.upper()}_PORT": "0" for name in SERVICES}
        told = environment(folder, broken, engines) | {"HULEEDU_DATA_DIR": str(data_dir)}
        self._data_dir, self._environment = data_dir, {**os.environ, **any_ports, **told}
        self._platform = Replica(PLATFORM, 0, folder / "platform.log")
        self.know([self._platform])
        self._addresses: dict[str, list[str]] = {}
        self.servers: Mapping[str, Killable] = {"postgres": _Postgres(data_dir)}
        self.lines: Mapping[str, Line] = {}
        self.dsns: Mapping[str, str] = {}
        self.bootstrap: str | None = None

    async def start(self) -> None:
        """Up and answering."""
        self._data_dir.mkdir(parents=True, exist_ok=True)
        for process in self.processes:
            self.spawn(process)
        while (running := run_file.read(self._data_dir)) is None:
            if self._platform.pid is None:
                raise RuntimeError(f"the platform did not start: see {self._platform.log}")
            await asyncio.sleep(GLANCE)
        self.dsns = dict.fromkeys(SERVICES, running.dsn)

    async def stop(self) -> None:
        """In good order: the database ends with the platform."""
        await self._platform.stop()

    def url(self, process: str) -> str:
        """See `World`: the process that counts is the one that has left its note."""
        running = run_file.read(self._data_dir)
        is_up = running is not None and running.pid == self._platform.pid
        return running.addresses[LEADER] if running is not None and is_up else self._platform.url

    def addresses(self) -> Mapping[str, Sequence[str]]:
        """See `World`; what was last known while it is away."""
        if (running := run_file.read(self._data_dir)) is not None:
            self._addresses = {name: [url] for name, url in running.addresses.items()}
        return self._addresses

    async def contents(self) -> KafkaContents | None:
        """There is no Kafka."""
        return None

    async def behind(self) -> Mapping[str, int]:
        """See `World`."""
        return await bookkeeper.behind(self.dsns)
