"""DBOS Transact's side: a workflow for each batch, taken from a queue; in it each essay is a step, or queued itself."""

import asyncio
import os
import sys
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec
from dbos import DBOS, DBOSClient

from benchmarks.peers.job import ESSAYS, PHASES, trace_to, work

BATCHES, ESSAYS_QUEUE = "batches", "essays"
POLLING_S = 0.05  # of the queues; a second by default
ESSAYS_AT_ONCE = 100


class Setup(msgspec.Struct, frozen=True):
    """Worker processes, each with so many connections and batches at once, and which of the workflows they run."""

    processes: int
    connections: int
    batches_at_once: int
    workflow: str

    def __str__(self) -> str:
        return f"{self.processes} x {self.batches_at_once} batches at once, {self.workflow}"


SETUPS = (
    Setup(processes=2, connections=8, batches_at_once=4, workflow="essays as steps"),
    Setup(processes=4, connections=4, batches_at_once=1, workflow="essays as steps"),
    Setup(processes=2, connections=20, batches_at_once=8, workflow="essays queued"),
)


async def _essay(batch: str, phase: int, number: int) -> dict[str, int]:
    return work(batch, phase, number)


essay_step = DBOS.step(name="essay_step")(_essay)
essay_workflow = DBOS.workflow(name="essay_workflow")(_essay)


async def _by_steps(batch: str) -> None:
    for phase in range(PHASES):
        await asyncio.gather(*(essay_step(batch, phase, number) for number in range(ESSAYS)))


async def _by_queue(batch: str) -> None:
    for phase in range(PHASES):
        await _all([await _queued(batch, phase, number) for number in range(ESSAYS)])


async def _queued(batch: str, phase: int, number: int) -> Any:
    return await DBOS.enqueue_workflow_async(ESSAYS_QUEUE, essay_workflow, batch, phase, number)


async def _all(handles: Iterable[Any]) -> None:
    for handle in handles:
        await handle.get_result(polling_interval_sec=POLLING_S)


WORKFLOWS = {
    "essays as steps": DBOS.workflow(name="essays as steps")(_by_steps),
    "essays queued": DBOS.workflow(name="essays queued")(_by_queue),
}


def url_of(dsn: str) -> str:
    """The database's address as DBOS's documentation has it, with the driver that it recommends."""
    return dsn.replace("postgresql://", "postgresql+psycopg://")


def described() -> str:
    """What is measured, and how it is set up."""
    packages = ", ".join(f"{name} {version(name)}" for name in ("dbos", "psycopg", "sqlalchemy"))
    return f"{packages}; queues polled every {POLLING_S} s, LISTEN/NOTIFY, asyncio workflows"


async def register_queues(client: DBOSClient, setup: Setup) -> None:
    """Have both queues known, with their limits for each process."""
    limits = {BATCHES: setup.batches_at_once, ESSAYS_QUEUE: ESSAYS_AT_ONCE}
    for name, limit in limits.items():
        await client.register_queue_async(name, worker_concurrency=limit, polling_interval_sec=POLLING_S)


async def main(url: str, trace: str, connections: str) -> None:
    """Be a worker until terminated."""
    trace_to(Path(trace))
    DBOS(
        config={
            "name": "orchestrate",
            "system_database_url": url,
            "sys_db_pool_size": int(connections),
            "application_version": "1",
            "executor_id": str(os.getpid()),
            "log_level": "ERROR",
        }
    )
    DBOS.launch()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
