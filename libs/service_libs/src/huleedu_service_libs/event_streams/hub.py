"""One tail of the log for all open streams of a process: each event becomes bytes once, and goes to whoever watches."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Generic

import msgspec
import structlog

from common_core.message import M
from huleedu_service_libs.errors import ServiceUnavailable
from huleedu_service_libs.event_streams.frames import KEEP_ALIVE, OPENED, frame
from huleedu_service_libs.event_streams.settings import StreamsEvents
from huleedu_service_libs.event_streams.telemetry import StreamMetrics
from huleedu_service_libs.event_streams.watcher import Watcher
from huleedu_service_libs.runtime.blame import pause, reason
from huleedu_service_libs.runtime.connection import Connection
from huleedu_service_libs.runtime.tail import Gap, Page, Place, Tail, look

SNAPSHOT = "snapshot"
BREATH_BYTES = 32 * 1024  # offered in one go; then those who watch get a chance to take it
AT_ONCE = 2  # readings for streams that begin: polls and requests need the database too

Snapshot = Callable[[Connection, Gap | None], Awaitable[bytes]]

_logger = structlog.get_logger("huleedu_service_libs.event_streams")


class TooManyStreams(ServiceUnavailable):
    """As many streams are open here as there may be, or the service is about to end: come again later."""

    code = "TOO_MANY_STREAMS"


class Shown(msgspec.Struct, frozen=True):
    """What clients get of a message: the event's name, its data as JSON, and the channels that show it."""

    event: str
    data: bytes
    channels: tuple[str, ...]


class Opening(msgspec.Struct, frozen=True):
    """Where a stream begins: right behind what its client has seen, or with a snapshot of all that lies before."""

    place: Place
    snapshot: bytes | None


class Hub(Generic[M]):
    """The streams of this process. It follows the log only while somebody watches."""

    def __init__(
        self, tail: Tail[M], show: Callable[[M], Shown], settings: StreamsEvents, metrics: StreamMetrics
    ) -> None:
        self._tail, self._show, self._settings, self._metrics = tail, show, settings, metrics
        self._watchers: defaultdict[str, set[Watcher]] = defaultdict(set)
        self._following: asyncio.Task[None] | None = None
        self._place = Place("", 0)  # up to where everything has been offered
        self._beginning = asyncio.Semaphore(AT_ONCE)
        self._open = 0
        self._has_ended = False

    async def open(self, last: Place | None, snapshot: Snapshot) -> Opening:
        """Where a stream begins that has seen everything before `last`, or nothing yet.

        `snapshot` makes the data (JSON in one line) of one; it is read in the same snapshot of the database as the
        place that it stands for, and told why one is needed although there was a `last`. Raises TooManyStreams.
        """
        if self._has_ended or self._open >= self._settings.stream_limit:
            raise TooManyStreams
        async with (
            self._beginning,
            self._tail.pool.acquire() as con,
            con.transaction(isolation="repeatable_read", readonly=True),
        ):
            kept = await look(con)
            gap = kept.gap_after(last) if last is not None else None
            if last is not None and gap is None:
                return Opening(last, None)
            return Opening(kept.end, frame(SNAPSHOT, await snapshot(con, gap), kept.end))

    async def stream(self, channel: str, opening: Opening) -> AsyncGenerator[bytes, None]:
        """What the channel shows from there on, until its client goes or is too slow, or `end` is called."""
        with self._counted():
            yield OPENED + (opening.snapshot or b"")
            place, is_fresh = opening.place, opening.snapshot is not None
            while not self._has_offered_up_to(place, is_fresh):
                page = await self._read(place)
                if self._has_ended or page.kept.gap_after(place):
                    return  # it comes again, and gets a snapshot then
                if missed := b"".join(self._missed(page, channel)):
                    yield missed
                place, is_fresh = page.end, page.is_last
            with self._watching(channel, place) as watcher:
                while (taken := await watcher.take(self._settings.stream_keep_alive_seconds)) is not None:
                    yield taken or KEEP_ALIVE

    @property
    def following(self) -> int:
        """How many streams are up to date and wait for more."""
        return sum(map(len, self._watchers.values()))

    def end(self) -> None:
        """Every stream ends at once, and no other begins."""
        self._has_ended = True
        self._let_go()

    def _has_offered_up_to(self, place: Place, is_fresh: bool) -> bool:
        """Whether whoever watches from now on misses nothing after this place; where nobody watches, it is begun there.

        What lies far back is better read page by page, as quickly as its client takes it.
        """
        return is_fresh if self._following is None else place.offset >= self._place.offset

    async def _read(self, place: Place) -> Page[M]:
        async with self._beginning:
            return await self._tail.read(place.offset)

    def _missed(self, page: Page[M], channel: str) -> Iterator[bytes]:
        for told in page.told:
            shown = self._show(told.message)
            if channel in shown.channels:
                yield frame(shown.event, shown.data, told.place)

    @contextmanager
    def _counted(self) -> Iterator[None]:
        self._open += 1
        self._metrics.open.inc()
        try:
            yield
        finally:
            self._open -= 1
            self._metrics.open.dec()

    @contextmanager
    def _watching(self, channel: str, place: Place) -> Iterator[Watcher]:
        task = asyncio.current_task()
        assert task is not None
        watcher = Watcher(place.offset, self._settings.stream_buffer_bytes, task.cancel)
        if self._has_ended:
            watcher.end()
        self._watchers[channel].add(watcher)
        if self._following is None:
            self._place = place
            self._following = asyncio.create_task(self._follow(), name="event streams")
        try:
            yield watcher
        finally:
            self._forget(channel, watcher)

    def _forget(self, channel: str, watcher: Watcher) -> None:
        self._watchers[channel].discard(watcher)
        if not self._watchers[channel]:
            del self._watchers[channel]
        if not self._watchers and self._following is not None:
            self._following.cancel()
            self._following = None

    async def _follow(self) -> None:
        """While somebody watches; what keeps it from reading is waited out."""
        tries = 0
        while True:
            self._tail.wake.clear()
            try:
                page = await self._tail.read(self._place.offset)
            except Exception as error:
                tries += 1
                _logger.warning("the streams wait", reason=reason(error), tries=tries)
                await asyncio.sleep(pause(tries))
                continue
            tries = 0
            if page.kept.gap_after(self._place):
                self._following = None
                self._let_go()
                return
            await self._offer(page)
            if page.is_last:
                await self._tail.wake.wait()

    async def _offer(self, page: Page[M]) -> None:
        offered = 0
        for told in page.told:
            shown = self._show(told.message)
            data = frame(shown.event, shown.data, told.place)
            for channel in shown.channels:
                for watcher in self._watchers.get(channel, ()):
                    if not watcher.offer(told.place.offset, data):
                        self._metrics.cut.inc()
            self._place = told.place
            offered += len(data)
            if offered > BREATH_BYTES:
                offered = 0
                await asyncio.sleep(0)
        self._place = page.end

    def _let_go(self) -> None:
        for watchers in self._watchers.values():
            for watcher in watchers:
                watcher.end()
