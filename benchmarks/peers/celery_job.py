"""Celery's side: each phase of a batch is a chord of its essays, whose callback sends off the next."""

import sys
import warnings
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import msgspec
from celery import Celery, chord
from celery.platforms import SecurityWarning

from benchmarks.peers.job import ESSAYS, PHASES, trace_to, work

ENDED = "ended"  # a list in Redis: the batches that are through
# Its guide to optimizing: with many short tasks reserve many at once, keep connections, leave out what nobody looks at.
# Late acknowledgement and giving back are what lets a task outlive its worker.
SETTINGS = {
    "task_acks_late": True,
    "task_reject_on_worker_lost": True,
    "worker_prefetch_multiplier": 128,
    "result_expires": 3600,
    "broker_pool_limit": 20,
    "redis_max_connections": 100,
    "worker_enable_remote_control": False,
    "worker_send_task_events": False,
}


class Setup(msgspec.Struct, frozen=True):
    """Workers with so many tasks at once each, in a pool of this kind."""

    workers: int
    pool: str
    at_once: int

    def __str__(self) -> str:
        return f"{self.workers} x {self.pool} {self.at_once}"


SETUPS = (Setup(workers=1, pool="prefork", at_once=2), Setup(workers=2, pool="solo", at_once=1))


def celery_app(redis_url: str) -> Celery:
    """The app of the workers and of whoever hands batches in."""
    app = Celery("orchestrate", broker=f"{redis_url}/0", backend=f"{redis_url}/1")
    app.conf.update(SETTINGS)
    essay = app.task(work, name="essay", shared=False)

    def phase_over(results: Sequence[dict[str, int]], batch: str, phase: int) -> None:
        assert len(results) == ESSAYS
        if phase + 1 < PHASES:
            start_phase(batch, phase + 1)
        else:
            app.backend.client.rpush(ENDED, batch)

    over = app.task(phase_over, name="phase_over", ignore_result=True, shared=False)

    def start_phase(batch: str, phase: int) -> None:
        chord(essay.s(batch, phase, number) for number in range(ESSAYS))(over.s(batch, phase))

    app.task(start_phase, name="start_phase", ignore_result=True, shared=False)
    return app


def described() -> str:
    """What is measured, and how it is set up."""
    packages = ", ".join(f"{name} {version(name)}" for name in ("celery", "kombu", "redis", "hiredis"))
    return f"{packages}; {', '.join(f'{name}={value}' for name, value in SETTINGS.items())}"


def main(redis_url: str, trace: str, pool: str, at_once: str, name: str) -> None:
    """Be a worker until terminated."""
    trace_to(Path(trace))
    warnings.simplefilter("ignore", SecurityWarning)  # whoever measures as root knows
    quiet = ("--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "ERROR")
    celery_app(redis_url).worker_main(["worker", "-n", f"{name}@localhost", "-P", pool, "-c", at_once, *quiet])


if __name__ == "__main__":
    main(*sys.argv[1:])
