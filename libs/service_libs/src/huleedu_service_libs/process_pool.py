"""CPU work in processes of its own, spawned, never forked; a worker that dies costs only the call it had.

Each worker is a fresh interpreter that reads pickled calls from its standard input (see `pool_worker`). The standard
library's pools will not do: one dead worker breaks all calls of a `ProcessPoolExecutor`, and its workers run the main
module's code again.
"""

import asyncio
import os
import pickle
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, ParamSpec, Self, TypeVar, cast

from huleedu_service_libs import pool_worker

P = ParamSpec("P")
R = TypeVar("R")

_READ_AHEAD = 1024 * 1024
# Not `-m`: what that module defines would then be of `__main__` over there, and unknown here.
_WORKER = "from huleedu_service_libs.pool_worker import main; main()"


class WorkerDied(Exception):
    """The worker process ended before it could answer."""


class WorkerNotReady(Exception):
    """A worker could not be made ready: a module failed to import, or the warm-up raised."""


class ProcessPool:
    """At most `workers` processes, started when first needed; they die with the thread whose event loop started them.

    `preload` names modules that a worker imports before it says it is ready; `warm_up`, a function of a module, runs
    there too (to load a lexicon, say). Use it as an async context manager, or `close` it.
    """

    def __init__(
        self, workers: int, *, preload: Sequence[str] = (), warm_up: Callable[[], object] | None = None
    ) -> None:
        self.workers = workers
        self._welcome = pickle.dumps((sys.path, tuple(preload), _reference(warm_up)))
        self._places = asyncio.Semaphore(workers)
        self._idle: list[_Worker] = []
        self._all: set[_Worker] = set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def run(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Call a function of a module, elsewhere; its arguments and its result are pickled.

        Raises what the function raises (its traceback there is a note), WorkerDied when the process ends before it
        answers, WorkerNotReady. Cancelling the call, by a time limit for instance, ends its worker: nothing else
        stops a computation.
        """
        call = pickle.dumps((function, args, kwargs), pickle.HIGHEST_PROTOCOL)
        async with self._places:
            worker = await self._ready_worker()
            try:
                answer = await worker.ask(call)
            except BaseException:
                await self._end(worker)
                raise
            self._idle.append(worker)
        return cast(R, _result(answer))

    async def warm(self) -> None:
        """Start all workers now. Raises WorkerNotReady."""
        async with asyncio.TaskGroup() as starting:
            for _ in range(self.workers - len(self._all)):
                starting.create_task(self._start_idle())

    async def close(self) -> None:
        """End all workers, whatever they are doing."""
        await asyncio.gather(*map(self._end, tuple(self._all)))

    async def _start_idle(self) -> None:
        async with self._places:
            if len(self._all) < self.workers:
                self._idle.append(await self._start())

    async def _ready_worker(self) -> "_Worker":
        while self._idle:
            worker = self._idle.pop()
            if worker.lives:
                return worker
            await self._end(worker)
        return await self._start()

    async def _start(self) -> "_Worker":
        worker = await _Worker.start()
        self._all.add(worker)
        try:
            _result(await worker.ask(self._welcome))
        except BaseException as error:
            await self._end(worker)
            if isinstance(error, Exception):
                raise WorkerNotReady(f"{type(error).__name__}: {error}") from error
            raise
        return worker

    async def _end(self, worker: "_Worker") -> None:
        self._all.discard(worker)
        await worker.end()


class _Worker:
    """One process and the pipes to it."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._calls = cast(asyncio.StreamWriter, process.stdin)
        self._answers = cast(asyncio.StreamReader, process.stdout)

    @classmethod
    async def start(cls) -> "_Worker":
        """A new interpreter in a session of its own, so that Ctrl-C at the terminal is not its business."""
        command = (sys.executable, "-P", "-c", _WORKER, str(os.getpid()))
        process = await asyncio.create_subprocess_exec(
            *command, stdin=PIPE, stdout=PIPE, limit=_READ_AHEAD, start_new_session=True
        )
        return cls(process)

    @property
    def lives(self) -> bool:
        return self._process.returncode is None and not self._answers.at_eof()

    async def ask(self, call: bytes) -> bytes:
        """Send one call and wait for its answer. Raises WorkerDied."""
        try:
            self._calls.write(pool_worker.LENGTH.pack(len(call)) + call)
            await self._calls.drain()
            (length,) = pool_worker.LENGTH.unpack(await self._answers.readexactly(pool_worker.LENGTH.size))
            return await self._answers.readexactly(length)
        except (ConnectionError, asyncio.IncompleteReadError) as error:
            raise WorkerDied(f"its exit status is {await self._process.wait()}") from error

    async def end(self) -> None:
        """Kill the process, if it still runs, and collect it."""
        if self._process.returncode is None:
            self._process.kill()
        self._calls.close()
        await self._process.wait()


def _reference(function: Callable[[], object] | None) -> str | None:
    """By name: pickled, it would be looked up before the worker knows where to import from."""
    return function and f"{function.__module__}:{function.__qualname__}"


def _result(answer: bytes) -> Any:
    succeeded, value = pickle.loads(answer)
    if not succeeded:
        raise value
    return value
