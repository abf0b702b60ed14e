"""Clients that keep streams open: cut again and again, they come back to any replica and go on after what they saw."""

import asyncio
import random
import time
from collections.abc import Iterable
from contextlib import suppress

import aiohttp
import msgspec

from chaos.books import Shown
from chaos.client import AWAY, BOS, Platform
from chaos.diary import Diary, Entry, Watched
from chaos.showing import digest
from huleedu_service_libs.event_streams.reading import EventReader, StreamedEvent

LIFE = (0.5, 10.0)  # seconds after which a client hangs up, if nobody else has cut it off
AWHILE = (0.0, 0.5)  # seconds until it comes back
GLANCE = 0.1


class _Batch(msgspec.Struct):
    version: int


class _Snapshot(msgspec.Struct):
    gap: bool
    batch: _Batch | None = None


_snapshot = msgspec.json.Decoder(_Snapshot).decode


class Watcher:
    """One client and its one stream: of a batch, of all that a user has, or, if neither is named, of everything."""

    def __init__(
        self, user: str, batch_id: str, chance: random.Random, platform: Platform, diary: Diary, requests: Diary
    ) -> None:
        """What it sees goes to the `diary`, what it is refused to that of `requests`."""
        self.user, self.batch_id = user, batch_id
        self.offset = 0
        self._chance, self._platform = chance, platform
        self._diary, self._requests = diary, requests
        self._last = ""
        self._connections = 0

    async def watch(self) -> None:
        """Until cancelled."""
        while True:
            with suppress(*AWAY):
                await self._listen()
            await asyncio.sleep(self._chance.uniform(*AWHILE))

    async def _listen(self) -> None:
        path = f"/v1/batches/{self.batch_id}/stream" if self.batch_id else "/v1/stream"
        limit = aiohttp.ClientTimeout(total=self._chance.uniform(*LIFE), connect=2)
        began, reader = time.time(), EventReader()
        async with self._platform.listen(BOS, path, self._chance, headers=self._headers, timeout=limit) as response:
            if response.status != 200:
                self._refused(began, response.status, await response.text())
                return
            self._connections += 1
            async for chunk in response.content.iter_any():
                for event in reader.feed(chunk):
                    self._see(event)

    @property
    def _headers(self) -> dict[str, str]:
        return ({"X-User-ID": self.user} if self.user else {}) | ({"Last-Event-ID": self._last} if self._last else {})

    def _see(self, event: StreamedEvent) -> None:
        """Put down first, and only then go on from there."""
        is_snapshot = event.event == "snapshot"
        told = _snapshot(event.data) if is_snapshot else None
        seen = Watched(
            user=self.user,
            batch_id=self.batch_id,
            connection=self._connections,
            id=event.id,
            event=event.event,
            digest=digest(event.data.encode()),
            gap=told is not None and told.gap,
            version=told.batch.version if told and told.batch else 0,
        )
        self._diary.write(seen)
        self._last, self.offset = event.id, seen.offset

    def _refused(self, began: float, status: int, answer: str) -> None:
        who, now = self.user or "operator", time.time()
        batch_id = self.batch_id
        entry = Entry(who=who, what="stream", began=began, ended=now, status=status, batch_id=batch_id, answer=answer)
        self._requests.write(entry)


class Watchers:
    """All of them, each a task."""

    def __init__(self, seed: int, platform: Platform, diary: Diary, requests: Diary) -> None:
        self._seed, self._platform, self._diaries = seed, platform, (diary, requests)
        self._tasks: dict[Watcher, asyncio.Task[None]] = {}

    def watch(self, user: str, batch_id: str) -> None:
        """From now on, until `close`; see `Watcher` for what."""
        chance = random.Random(f"{self._seed} watches {user} {batch_id}")
        watcher = Watcher(user, batch_id, chance, self._platform, *self._diaries)
        self._tasks[watcher] = asyncio.create_task(watcher.watch())

    async def catch_up(self, shown: Iterable[Shown], patience: float) -> None:
        """Wait until each has seen the last that there is for it, for so many seconds at most: what lacks is found."""
        last: dict[Watcher, int] = {}
        for event in shown:
            last |= {watcher: event.next for watcher in self._tasks if event.is_for(watcher.user, watcher.batch_id)}
        until = time.time() + patience
        while time.time() < until and any(watcher.offset < offset for watcher, offset in last.items()):
            await asyncio.sleep(GLANCE)

    async def close(self) -> None:
        """Everybody hangs up."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
