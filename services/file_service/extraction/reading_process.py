"""The parent's end of a child that reads files."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from contextlib import suppress
from typing import Self

from msgspec import DecodeError

from file_service.domain.failures import TextExtractionFailed
from file_service.extraction.limits import Limits
from file_service.extraction.wire import LENGTH_BYTES, Answer, decoder, framed
from huleedu_service_libs.errors import Unavailable

_SECONDS_TO_START = 60.0
_INHERITED = ("PATH", "PYTHONPATH", "LANG", "LC_ALL")  # a child has no business with the rest: it may hold secrets


class ReadingProcessDidNotStart(Unavailable):
    """No process could be started to read the file; that says nothing about the file: try again later."""


class ReadingProcessDied(Exception):
    """The process died over a file: of that file, or of what one before it had left behind."""


class ReadingProcess:
    """One child. An exception from `ask` has ended it."""

    def __init__(self, process: Process, limits: Limits) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._process, self._requests, self._answers = process, process.stdin, process.stdout
        self._limits = limits
        self._files = 0

    @classmethod
    async def start(cls, reader: str, limits: Limits) -> Self:
        """Start a child and wait until it is ready, so that its start is not counted as any file's time."""
        # In a session of its own, an interrupt at the terminal does not make a file look like one that crashes.
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "file_service.extraction.child"),
            *(reader, str(limits.cpu_seconds), str(limits.memory_bytes)),
            stdin=PIPE,
            stdout=PIPE,
            stderr=DEVNULL,
            env={name: os.environ[name] for name in _INHERITED if name in os.environ},
            start_new_session=True,
        )
        child = cls(process, limits)
        await child._await_ready()
        return child

    @property
    def fresh(self) -> bool:
        """Whether it has not been given a file yet."""
        return self._files == 0

    @property
    def usable(self) -> bool:
        """Whether it lives and may read another file."""
        alive = self._process.returncode is None and not self._answers.at_eof()
        return alive and self._files < self._limits.files_per_child

    async def ask(self, raw: bytes) -> Answer:
        """What the child says to this file.

        Raises TextExtractionFailed when that takes too long, ReadingProcessDied when the child dies over it.
        """
        self._files += 1
        try:
            async with asyncio.timeout(self._limits.wall_seconds):
                return await self._exchange(raw)
        except TimeoutError as slow:
            await self.end()
            raise TextExtractionFailed(reason=f"no answer within {self._limits.wall_seconds:g} s") from slow
        except (EOFError, ConnectionError, DecodeError) as death:
            await self.end()
            raise self._verdict() from death
        except BaseException:
            await self.end()
            raise

    async def end(self) -> None:
        """Kill the process; what it was still saying is read to its end, or else the pipe would never close."""
        if self._process.returncode is None:
            # Not by its own `kill`: that would take the exit status of a process which has just died from asyncio.
            with suppress(ProcessLookupError):
                os.kill(self._process.pid, signal.SIGKILL)
        await self._process.communicate()

    async def _exchange(self, raw: bytes) -> Answer:
        self._requests.write(framed(raw))
        await self._requests.drain()
        return decoder.decode(await self._frame())

    async def _frame(self) -> bytes:
        length = await self._answers.readexactly(LENGTH_BYTES)
        return await self._answers.readexactly(int.from_bytes(length, "big"))

    def _verdict(self) -> TextExtractionFailed | ReadingProcessDied:
        """CPU time is counted per file, so whoever runs out of it has only the file to blame."""
        if self._process.returncode == -signal.SIGXCPU:
            return TextExtractionFailed(reason=f"no answer within {self._limits.cpu_seconds} s of CPU time")
        return ReadingProcessDied(f"the process that read it ended with {self._process.returncode}")

    async def _await_ready(self) -> None:
        try:
            async with asyncio.timeout(_SECONDS_TO_START):
                await self._frame()
        except (EOFError, TimeoutError) as failure:
            await self.end()
            raise ReadingProcessDidNotStart from failure
        except BaseException:
            await self.end()
            raise
