"""The parent's end of a child that reads files."""

import asyncio
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from contextlib import suppress
from typing import Self

from huleedu_service_libs.errors import Unavailable

from file_service.extraction.limits import Limits
from file_service.extraction.wire import LENGTH_BYTES, Answer, decoder, framed

_SECONDS_TO_START = 60.0
_INHERITED = ("PATH", "PYTHONPATH", "LANG", "LC_ALL")  # a child has no business with the rest: it may hold secrets


class ReadingProcessDidNotStart(Unavailable):
    """No process could be started to read the file; that says nothing about the file: try again later."""


class ReadingProcess:
    """One child. After any exception from `ask` it is good for nothing but `end`."""

    def __init__(self, process: Process, files_left: int) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._process, self._requests, self._answers = process, process.stdin, process.stdout
        self._files_left = files_left

    @classmethod
    async def start(cls, reader: str, limits: Limits) -> Self:
        """Start a child and wait until it is ready, so that its start is not counted as any file's time."""
        command = (sys.executable, "-P", "-m", "file_service.extraction.child", reader)
        child = cls(
            # In a session of its own, an interrupt at the terminal does not make a file look like one that crashes.
            await asyncio.create_subprocess_exec(
                *(*command, str(limits.cpu_seconds), str(limits.memory_bytes)),
                stdin=PIPE,
                stdout=PIPE,
                stderr=DEVNULL,
                env={name: os.environ[name] for name in _INHERITED if name in os.environ},
                start_new_session=True,
            ),
            limits.files_per_child,
        )
        await child._await_ready()
        return child

    @property
    def pid(self) -> int:
        """The id of the process."""
        return self._process.pid

    @property
    def usable(self) -> bool:
        """Whether it lives and may read another file."""
        return self._files_left > 0 and self._process.returncode is None and not self._answers.at_eof()

    @property
    def epitaph(self) -> str:
        """How it ended: "exited with 1", "was killed by signal 9"."""
        code = self._process.returncode or 0
        return f"was killed by signal {-code}" if code < 0 else f"exited with {code}"

    async def ask(self, raw: bytes) -> Answer:
        """What the child says to this file. Raises EOFError, ConnectionError or DecodeError when it died over it."""
        self._files_left -= 1
        self._requests.write(framed(raw))
        await self._requests.drain()
        return decoder.decode(await self._frame())

    async def end(self) -> None:
        """Kill the process; what it was still saying is read to its end, or else the pipe would never close."""
        with suppress(ProcessLookupError):
            self._process.kill()
        await self._process.communicate()

    async def _frame(self) -> bytes:
        length = await self._answers.readexactly(LENGTH_BYTES)
        return await self._answers.readexactly(int.from_bytes(length, "big"))

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
