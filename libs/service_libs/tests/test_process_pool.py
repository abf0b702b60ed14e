"""The process pool: results, deaths that cost one call, and workers that never outlive their parent."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from huleedu_service_libs.pool_worker import RemoteFailure
from huleedu_service_libs.process_pool import ProcessPool, WorkerDied, WorkerNotReady


def square(number: int) -> int:
    """Something to compute."""
    return number * number


def own_pid() -> int:
    """Who works; the noise must not get between the answers."""
    print("noise")
    return os.getpid()


def end_abruptly() -> None:
    """As a crash in a C library does."""
    os._exit(3)


def fail(reason: str) -> None:
    """As an ordinary error does."""
    raise ValueError(reason)


class Unportable(Exception):
    """Cannot be pickled."""

    def __init__(self, first: str, second: str) -> None:
        super().__init__(first)
        self.second = second


def fail_unportably() -> None:
    """As libraries' errors sometimes do."""
    raise Unportable("lost", "found")


def compute_for_ever(started: str) -> None:
    """Until somebody ends it; tells its pid to whoever reads the named pipe `started`."""
    Path(started).write_text(str(os.getpid()))
    while True:
        pass


def warm_up() -> None:
    """What a lexicon's loading would be."""
    os.environ["POOL_WORK_IS_WARM"] = "yes"


def is_warm() -> tuple[bool, bool]:
    """Whether the warm-up ran, and whether `colorsys` was preloaded."""
    return os.environ.get("POOL_WORK_IS_WARM") == "yes", "colorsys" in sys.modules


def cannot_warm_up() -> None:
    """What a broken lexicon's loading would be."""
    raise LookupError("no lexicon")


def main_module() -> str | None:
    """The file that runs as the worker's main module."""
    return getattr(sys.modules["__main__"], "__file__", None)


@pytest.fixture
async def pool() -> AsyncIterator[ProcessPool]:
    """Two workers at most."""
    async with ProcessPool(2) as pool:
        yield pool


async def test_work_is_done_in_other_processes_and_answers_match_questions(pool: ProcessPool) -> None:
    assert await asyncio.gather(*(pool.run(square, n) for n in range(50))) == [n * n for n in range(50)]

    workers = set(await asyncio.gather(*(pool.run(own_pid) for _ in range(10))))
    assert len(workers) <= 2
    assert os.getpid() not in workers


async def test_nothing_is_started_before_there_is_work() -> None:
    async with ProcessPool(1, preload=["no_such_module"]):
        pass


async def test_answers_larger_than_any_pipe_arrive(pool: ProcessPool) -> None:
    text = "å" * 3_000_000

    assert await pool.run(str.upper, text) == text.upper()


async def test_an_error_comes_back_as_itself_with_its_traceback(pool: ProcessPool) -> None:
    with pytest.raises(ValueError, match="not a text") as failed:
        await pool.run(fail, "not a text")

    assert "in fail" in failed.value.__notes__[0]


async def test_an_error_that_cannot_travel_comes_back_as_text(pool: ProcessPool) -> None:
    with pytest.raises(RemoteFailure, match="Unportable: lost"):
        await pool.run(fail_unportably)


async def test_a_worker_s_death_costs_only_its_own_call(pool: ProcessPool) -> None:
    calls = [pool.run(square, n) for n in range(10)]

    results = await asyncio.gather(pool.run(end_abruptly), *calls, return_exceptions=True)

    assert isinstance(results[0], WorkerDied)
    assert results[1:] == [n * n for n in range(10)]


async def test_a_worker_killed_while_idle_is_replaced() -> None:
    async with ProcessPool(1) as pool:
        os.kill(await pool.run(own_pid), signal.SIGKILL)
        with suppress(WorkerDied):  # when the next call is sooner than the news
            await pool.run(square, 2)

        assert await pool.run(square, 3) == 9


@pytest.fixture
def started(tmp_path: Path) -> Path:
    """A named pipe: who reads it waits for a computation to begin."""
    pipe = tmp_path / "started"
    os.mkfifo(pipe)
    return pipe


async def test_a_cancelled_computation_ends(pool: ProcessPool, started: Path) -> None:
    call = asyncio.create_task(pool.run(compute_for_ever, str(started)))
    worker = int(await asyncio.to_thread(started.read_text))
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call

    assert not exists(worker)
    assert await pool.run(square, 2) == 4


def exists(pid: int) -> bool:
    """True for a process of ours that has not ended and been collected."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_workers_are_warm_before_their_first_call() -> None:
    async with ProcessPool(1, preload=["colorsys"], warm_up=warm_up) as pool:
        await pool.warm()
        assert await pool.run(is_warm) == (True, True)


@pytest.mark.parametrize(
    "broken", [partial(ProcessPool, preload=["no_such_module"]), partial(ProcessPool, warm_up=cannot_warm_up)]
)
async def test_a_worker_that_cannot_get_ready_says_why(broken: Callable[[int], ProcessPool]) -> None:
    async with broken(1) as pool:
        for _ in range(2):
            with pytest.raises(WorkerNotReady, match=r"no_such_module|no lexicon"):
                await pool.run(square, 2)


async def test_the_main_module_is_not_run_again(pool: ProcessPool) -> None:
    assert await pool.run(main_module) is None


async def test_ctrl_c_is_not_a_worker_s_business() -> None:
    async with ProcessPool(1) as pool:
        worker = await pool.run(own_pid)
        os.kill(worker, signal.SIGINT)

        assert await pool.run(own_pid) == worker


async def test_closing_ends_everybody() -> None:
    pool = ProcessPool(2)
    await pool.warm()
    workers = await asyncio.gather(*(pool.run(own_pid) for _ in range(4)))
    await pool.close()

    assert not any(map(exists, workers))


PARENT = """
import asyncio, sys
sys.path.insert(0, sys.argv[1])
from test_process_pool import compute_for_ever
from huleedu_service_libs.process_pool import ProcessPool

async def main() -> None:
    pool = ProcessPool(2)
    await pool.warm()
    await pool.run(compute_for_ever, sys.argv[2])

asyncio.run(main())
"""


def test_workers_die_with_their_parent_idle_or_busy(started: Path) -> None:
    """They inherit its standard error, so that comes to its end when the last of them has."""
    command = [sys.executable, "-c", PARENT, str(Path(__file__).parent), str(started)]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as parent:
        started.read_text()
        parent.kill()

        parent.communicate(timeout=30)
