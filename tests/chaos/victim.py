"""A platform in a process of its own, what its clients do meanwhile, and what its books say in the end."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import aiohttp
import asyncpg

from common_core.enums import CourseCode
from huleedu import run_file
from huleedu.api import Api, Refused
from huleedu.run_file import RunningPlatform
from huleedu.services import SERVICES

BATCHES, ESSAYS = 6, 25
DRAIN_SECONDS, REST_SECONDS = 10, 15
ROOT = Path(__file__).parents[2]
AWAY = (aiohttp.ClientError, ConnectionError, TimeoutError, Refused)


class Victim:
    """A platform in a process of its own, to be killed and started again."""

    def __init__(self, data_dir: Path, breakage: str = "", words: Sequence[str] = ("up",)) -> None:
        """`words` is what a person would type after `huleedu`."""
        self.data_dir = data_dir
        self._command = [sys.executable, "-m", "tests.chaos", breakage, *words]
        self._log = data_dir / f"{'-'.join(words)}.log"
        no_engines = {"SPELLCHECKER_SERVICE_ENGINE": "none", "NLP_SERVICE_ENGINE": "none"}
        any_ports = {f"{name.upper()}_PORT": "0" for name in SERVICES}
        self._environment = {**os.environ, **no_engines, **any_ports, "HULEEDU_DATA_DIR": str(data_dir)}
        self._process: subprocess.Popen[bytes] | None = None

    async def start(self) -> RunningPlatform:
        """Start it and wait until it is up."""
        process = self.spawn()
        while (running := run_file.read(self.data_dir)) is None or running.pid != process.pid:
            assert process.poll() is None, self._log.read_text()[-3000:]
            await asyncio.sleep(0.05)
        return running

    async def announced(self) -> None:
        """Wait until it has said where its data is: then it answers."""
        while "Data is in" not in self._log.read_text():
            await asyncio.sleep(0.05)

    def spawn(self) -> "subprocess.Popen[bytes]":
        """Start it."""
        with self._log.open("ab") as out:
            self._process = subprocess.Popen(
                self._command, cwd=ROOT, env=self._environment, stdout=out, stderr=out, start_new_session=True
            )
        return self._process

    async def stop(self) -> int | None:
        """SIGTERM, as a supervisor sends it; the exit code, or None if it has not ended after ten seconds."""
        assert self._process is not None
        self._process.terminate()
        with suppress(subprocess.TimeoutExpired):
            return await asyncio.to_thread(self._process.wait, DRAIN_SECONDS)
        return None

    @property
    def pid(self) -> int:
        """Of the process that was started last."""
        assert self._process is not None
        return self._process.pid

    @property
    def alive(self) -> bool:
        """False once it has ended, or before it was started."""
        return self._process is not None and self._process.poll() is None

    def kill(self) -> None:
        """kill -9."""
        if self._process is not None and self._process.poll() is None:
            os.kill(self._process.pid, signal.SIGKILL)
            self._process.wait()


async def hand_in(api: Api, files: list[Path]) -> str:
    """Register a batch and upload its files."""
    batch_id = await api.register(len(files), CourseCode.ENG5)
    await api.upload(batch_id, files)
    return batch_id


async def drive(api: Api, batch_id: str) -> bool:
    """Push a batch on by what a client would do next; True once it has ended."""
    with suppress(*AWAY):
        status = await api.status(batch_id)
        if status["client_status"] == "ready":
            await api.request_pipeline(batch_id, "nlp")
        return bool(status["client_status"] in {"completed_successfully", "completed_with_failures", "failed"})
    return False


async def ended(api: Api, batch_ids: list[str]) -> None:
    """Push all batches on until each has ended."""
    while not all([await drive(api, batch_id) for batch_id in batch_ids]):
        await asyncio.sleep(0.1)


async def at_rest(dsn: str) -> None:
    """Wait until every group has read to the end, or has had the time to."""
    con = await asyncpg.connect(dsn)
    with suppress(TimeoutError):
        async with asyncio.timeout(REST_SECONDS):
            while not await con.fetchval("select bool_and(at = next) from runtime.cursor, runtime.head"):
                await asyncio.sleep(0.1)
    await con.close()


async def books(dsn: str) -> dict[str, object]:
    """What the databases of all services say in the end."""
    await at_rest(dsn)
    con = await asyncpg.connect(dsn)
    try:
        results = await con.fetchval("select count(*) from essay_lifecycle_service.essay_result")
        phases = await con.fetch("select total, succeeded, failed from essay_lifecycle_service.phase")
        return {
            "ended": await con.fetchval(
                "select count(*) from batch_orchestrator_service.batches where status = 'completed_successfully'"
            ),
            "results": results,
            "phases balance": all(row["succeeded"] + row["failed"] == row["total"] for row in phases),
            "phases": len(phases),
            "in flight": await con.fetchval("select sum(in_flight + waiting) from essay_lifecycle_service.fan_out"),
            "told": await con.fetchval("select count(*) from result_aggregator_service.essay_result"),
            "dead letters": await con.fetchval("select count(*) from runtime.dead_letter"),
            "log is dense": await con.fetchval(
                "select (select sum(n) from runtime.log) = (select next from runtime.head)"
            ),
            "read to the end": await con.fetchval("select bool_and(at = next) from runtime.cursor, runtime.head"),
            "work left": await con.fetchval("select count(*) from runtime.work"),
        }
    finally:
        await con.close()


BALANCED: dict[str, object] = {
    "ended": BATCHES,
    "results": BATCHES * ESSAYS * 2,
    "phases balance": True,
    "phases": BATCHES * 2,
    "in flight": 0,
    "told": BATCHES * ESSAYS * 2,
    "dead letters": 0,
    "log is dense": True,
    "read to the end": True,
    "work left": 0,
}
