"""The supervisor of the children that read files: a few long-lived processes, each replaced when it misbehaves."""

import asyncio
import os
from contextlib import suppress
from types import TracebackType
from typing import Self

from file_service.domain.extracted_text import ExtractedText
from file_service.domain.failures import TextExtractionFailed, UnsupportedFileType, refusal, too_large
from file_service.extraction.limits import Limits
from file_service.extraction.reading_process import ReadingProcess, ReadingProcessDied
from file_service.extraction.wire import Answer, Refusal

READ_TEXT = "file_service.extraction.reading:read_text"
_TEMPORARY_OF_WORD = "~$"
_MOST_CHILDREN = 4


class Extractor:
    """Files to texts, several at a time. Belongs to one event loop; close it, or use it as a context.

    `children` is how many files are read at once (default: one a core, at most four); `reader` names the function that
    the children run, as "module:function".
    """

    def __init__(self, children: int | None = None, limits: Limits | None = None, reader: str = READ_TEXT) -> None:
        self._children = children or min(os.cpu_count() or 1, _MOST_CHILDREN)
        self._limits = limits or Limits()
        self._reader = reader
        self._seats = asyncio.Semaphore(self._children)
        self._idle: list[ReadingProcess] = []

    async def extract(self, raw: bytes, file_name: str) -> ExtractedText:
        """The text of the file, whatever the file does to the process that reads it.

        Raises a FileRefused for the file, ReadingProcessDidNotStart when the fault is not the file's.
        """
        self._refuse_unread(raw, file_name)
        async with self._seats:
            answer = await self._read(raw)
        if isinstance(answer, Refusal):
            raise refusal(answer.code, answer.message, answer.reason)
        return answer

    async def close(self) -> None:
        """Wait until the files that are being read have been, then end the children."""
        for _ in range(self._children):
            await self._seats.acquire()
        while self._idle:
            await self._idle.pop().end()
        for _ in range(self._children):
            self._seats.release()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def _refuse_unread(self, raw: bytes, file_name: str) -> None:
        if file_name.startswith(_TEMPORARY_OF_WORD):
            raise UnsupportedFileType(
                "This is a temporary file that Word keeps beside an open document. Upload the document itself."
            )
        if len(raw) > self._limits.most_bytes:
            raise too_large(len(raw), self._limits.most_bytes)

    async def _read(self, raw: bytes) -> Answer:
        """A process that dies over its first file condemns it; one that has read others may have died of those."""
        child = await self._usable_child()
        if not child.fresh:
            with suppress(ReadingProcessDied):
                return await self._ask(child, raw)
            child = await self._new_child()
        try:
            return await self._ask(child, raw)
        except ReadingProcessDied as death:
            raise TextExtractionFailed(reason=str(death)) from death

    async def _ask(self, child: ReadingProcess, raw: bytes) -> Answer:
        answer = await child.ask(raw)
        self._idle.append(child)
        return answer

    async def _usable_child(self) -> ReadingProcess:
        while self._idle:
            child = self._idle.pop()
            if child.usable:
                return child
            await child.end()
        return await self._new_child()

    async def _new_child(self) -> ReadingProcess:
        return await ReadingProcess.start(self._reader, self._limits)
