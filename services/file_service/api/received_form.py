"""A multipart form read as it arrives: fields in memory, files on disk, limits checked on the way."""

import hashlib
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from quart import request
from werkzeug.sansio.multipart import Data, Epilogue, Event, Field, File, MultipartDecoder, NeedData

from file_service.api.spool import Spool
from file_service.config import FileSettings
from file_service.domain.file_names import file_name, is_kept_by_the_computer
from file_service.domain.uploads import Received
from file_service.errors import InvalidFileName, MalformedForm, NotAForm, TooManyFiles
from huleedu_service_libs.streamed_body import streamed_body

_SLICE_BYTES = 64 * 1024
_MOST_BYTES_OF_A_PART_UNREAD = 256 * 1024  # its headers, or a field: nothing else waits in the decoder
_MOST_BYTES_OF_FIELDS = 64 * 1024


@dataclass(frozen=True)
class ReceivedFile:
    """A file of the form; its bytes can be read until the form is closed."""

    file: Received
    spool: Spool
    start: int

    async def read(self) -> bytes:
        """All of it; of a file that is too large, what was kept."""
        return await self.spool.read(self.start, self.file.size_bytes)


@dataclass
class ReceivedForm:
    """The fields, the files, and the names of files that nobody meant to send."""

    fields: dict[str, str] = field(default_factory=dict)
    files: list[ReceivedFile] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)

    async def content(self) -> bytes:
        """What makes two forms the same, whatever the boundaries between their parts."""
        files = [(each.file.file_name, each.file.size_bytes, each.file.md5) for each in self.files]
        return repr((sorted(self.fields.items()), files, self.ignored)).encode()


@asynccontextmanager
async def received_form(settings: FileSettings) -> AsyncIterator[ReceivedForm]:
    """The form in the current request's body.

    Raises NotAForm, MalformedForm, InvalidFileName, TooManyFiles or TooLarge.
    """
    if request.mimetype != "multipart/form-data":
        raise NotAForm
    with Spool() as spool:
        reader = _FormReader(request.mimetype_params.get("boundary", ""), settings, spool)
        yield await reader.read(streamed_body(settings.http_max_body_bytes))


class _FormReader:
    """Werkzeug's decoder, fed a slice at a time."""

    def __init__(self, boundary: str, settings: FileSettings, spool: Spool) -> None:
        if not (boundary and boundary.isascii()):
            raise MalformedForm(reason="its boundary is missing")
        self._decoder = MultipartDecoder(boundary.encode(), _MOST_BYTES_OF_A_PART_UNREAD)
        self._settings, self._spool = settings, spool
        self._form = ReceivedForm()
        self._bytes_of_fields = 0
        self._take: Callable[[Data], Awaitable[None]] = self._drop

    async def read(self, chunks: AsyncIterable[bytes]) -> ReceivedForm:
        try:
            async for chunk in chunks:
                for start in range(0, len(chunk), _SLICE_BYTES):
                    await self._decode(chunk[start : start + _SLICE_BYTES])
            await self._decode(None)
        except ValueError as error:
            raise MalformedForm(reason=_reason(error)) from error
        await self._spool.flush()
        return self._form

    async def _decode(self, data: bytes | None) -> None:
        self._decoder.receive_data(data)
        while not isinstance(event := self._decoder.next_event(), NeedData | Epilogue):
            await self._happen(event)

    async def _happen(self, event: Event) -> None:
        match event:
            case File(filename=given):
                self._take = self._file(given)
            case Field(name=name):
                self._take = self._field(name or "")
            case Data():
                await self._take(event)

    async def _drop(self, data: Data) -> None:
        """What comes before the first part."""

    def _field(self, name: str) -> Callable[[Data], Awaitable[None]]:
        value = bytearray()

        async def take(data: Data) -> None:
            value.extend(data.data)
            self._bytes_of_fields += len(data.data)
            if self._bytes_of_fields > _MOST_BYTES_OF_FIELDS:
                raise MalformedForm(reason="its fields are too long")
            if not data.more_data:
                self._form.fields[name] = value.decode()

        return take

    def _file(self, given: str) -> Callable[[Data], Awaitable[None]]:
        name, start, digest, size = _checked(given), self._spool.size, hashlib.md5(usedforsecurity=False), 0
        if len(self._form.files) >= self._settings.max_files_per_request:
            raise TooManyFiles(most=self._settings.max_files_per_request)

        async def take(data: Data) -> None:
            nonlocal size
            digest.update(data.data)
            size += len(data.data)
            if size <= self._settings.max_file_bytes:
                await self._spool.write(data.data)
            if not data.more_data and (given or size):
                received = Received(file_name=name, size_bytes=size, md5=digest.hexdigest())
                self._note(ReceivedFile(received, self._spool, start))

        return take

    def _note(self, received: ReceivedFile) -> None:
        if is_kept_by_the_computer(received.file.file_name):
            self._form.ignored.append(received.file.file_name)
        else:
            self._form.files.append(received)


def _checked(given: str) -> str:
    if "\0" in given:
        raise InvalidFileName
    return file_name(given)


def _reason(error: ValueError) -> str:
    return "it is not in UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)
