"""One run: start, load, trouble, rest, and the books."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
from aiokafka.errors import KafkaError

from chaos import bookkeeper, witness
from chaos.assignments import PROBE
from chaos.bookkeeper import KafkaContents
from chaos.books import Books
from chaos.client import BOS, Platform, Refused
from chaos.diary import Diary, Struck
from chaos.kafka_side import Duplicator, Poisoner
from chaos.operator import Operator
from chaos.plan import Fault
from chaos.recovery import probe_name
from chaos.showing import shown
from chaos.teacher import Teacher
from chaos.trouble import Trouble
from chaos.watching import Watchers
from chaos.world import World

CALM_SECONDS, CALM_LIMIT = 4.0, 25.0
BOOKS_LIMIT = 300.0  # seconds for reading everything
STILL_SECONDS = 1.0  # for which nothing may be left to do before it counts as rest
CATCH_UP_SECONDS = 30.0
EVERYBODY = ""  # whose stream is that of all users
GLANCE = 0.25
AWAY = (OSError, TimeoutError, KafkaError, asyncpg.PostgresError, asyncpg.InterfaceError)


class Load(msgspec.Struct, frozen=True):
    """How many clients, how many seconds each waits between two classes, and what share of events is sent again."""

    teachers: int = 4
    pause: float = 0.3
    again: float = 0.1


class Lived(msgspec.Struct, frozen=True, kw_only=True):
    """What a run has come to. Times are in seconds; `rested` is None if it never came to rest."""

    books: Books
    troubled_at: float
    kills: int
    exits: Sequence[str]
    duplicates_sent: int
    rested: float | None


class Run:
    """Clients, probes and trouble around one world."""

    def __init__(self, world: World, folder: Path, seed: int, load: Load) -> None:
        self._world, self._folder, self._seed, self._load = world, folder, seed, load
        self._client_diary, self._fault_diary = Diary(folder / "clients.jsonl"), Diary(folder / "faults.jsonl")
        self._poison_diary, self._stream_diary = Diary(folder / "poison.jsonl"), Diary(folder / "streams.jsonl")
        self._platform = Platform(world.addresses)
        self._watchers = Watchers(seed, self._platform, self._stream_diary, self._client_diary)
        self._operator = Operator("operator", seed, self._platform, self._client_diary)
        self._enough = asyncio.Event()
        self._batches: list[str] = []
        self._probes: set[asyncio.Task[Any]] = set()

    async def live(self, faults: Sequence[Fault], seconds: float, patience: float) -> Lived:
        """Trouble for so many seconds; then at most `patience` seconds to come to rest."""
        trouble = Trouble(self._world, self._folder / "points", self._fault_diary, self._send_probe)
        duplicates = 0
        async with _until_done(trouble.keep_alive()):
            async with self._using() as users:
                await self._calm()
                began = time.time()
                async with self._meddling() as duplicator:
                    await trouble.carry_out(faults, seconds)
                    await asyncio.sleep(max(0.0, began + seconds - time.time()))
                    if duplicator is not None:
                        await duplicator.rest()
                        duplicates = duplicator.sent
                self._enough.set()
                rested = await self._rest(users, patience)
                await self._watchers.catch_up(await shown(self._world.dsns[BOS]), min(patience, CATCH_UP_SECONDS))
            async with asyncio.timeout(BOOKS_LIMIT):
                books = await self._books()
        return Lived(
            books=books,
            troubled_at=began,
            kills=trouble.kills,
            exits=trouble.exits,
            duplicates_sent=duplicates,
            rested=rested,
        )

    async def close(self) -> None:
        """Put everything down."""
        await self._platform.close()
        for diary in (self._client_diary, self._fault_diary, self._poison_diary, self._stream_diary):
            diary.close()

    async def _calm(self) -> None:
        """Some undisturbed probes, to compare with, once everybody has got going; if that takes too long, none."""
        with suppress(TimeoutError):
            async with asyncio.timeout(CALM_LIMIT):
                await self._probe("first of all")
                until, number = time.time() + CALM_SECONDS, 0
                while number == 0 or time.time() < until:
                    number -= 1
                    await self._probe(probe_name(number))

    @asynccontextmanager
    async def _using(self) -> AsyncIterator[set[asyncio.Task[Any]]]:
        """Teachers and an operator at work, and watching; at the end, whoever is still at it is sent home."""
        names = [f"teacher {number}" for number in range(1, self._load.teachers + 1)]
        tasks = {
            asyncio.create_task(self._teacher(name).teach(self._enough, self._batches, self._load.pause))
            for name in names
        }
        tasks.add(asyncio.create_task(self._operator.operate(self._enough, names)))
        for name in (EVERYBODY, *names):
            self._watchers.watch(name, "")
        try:
            yield tasks
        finally:
            for task in (*tasks, *self._probes):
                task.cancel()
            await asyncio.gather(*tasks, *self._probes, return_exceptions=True)
            await self._watchers.close()

    @asynccontextmanager
    async def _meddling(self) -> AsyncIterator[Duplicator | None]:
        """Events sent again, and poison, where there is a Kafka to do it in."""
        if self._world.bootstrap is None:
            yield None
            return
        duplicator = Duplicator(self._world.bootstrap, random.Random(f"{self._seed} duplicates"), self._load.again)
        readers = witness.readers(self._folder / "readers")
        poisoner = Poisoner(self._world.bootstrap, random.Random(f"{self._seed} poison"), readers, self._poison_diary)
        async with _until_done(duplicator.run()), _until_done(poisoner.run(self._batches)):
            yield duplicator

    def _teacher(self, name: str) -> Teacher:
        return Teacher(name, self._seed, self._platform, self._client_diary, self._watchers.watch)

    async def _probe(self, name: str) -> None:
        with suppress(Refused):  # which stands in the diary
            await self._teacher(name).hand_in(PROBE)

    def _send_probe(self, struck: Struck) -> asyncio.Task[Any]:
        task = asyncio.create_task(self._probe(probe_name(struck.number)))
        self._probes.add(task)
        return task

    async def _rest(self, users: set[asyncio.Task[Any]], patience: float) -> float | None:
        """Seconds until every client had what it asked for and nothing was left to do; None if that took too long.

        An operator's wish is carried out by timers: once none is due, what is paused then waits for nobody else.
        """
        began = time.time()
        with suppress(TimeoutError):
            async with asyncio.timeout(patience):
                await asyncio.gather(*users, *self._probes)
                await self._still()
                while await self._operator.wake(self._batches):
                    await self._still()
                return time.time() - began
        return None

    async def _still(self) -> None:
        since = time.time()
        while time.time() - since < STILL_SECONDS:
            try:
                left = any((await self._world.behind()).values())
            except AWAY:
                left = True
            if left:
                since = time.time()
            await asyncio.sleep(GLANCE)

    async def _books(self) -> Books:
        contents: KafkaContents | None = await self._world.contents()
        readers = witness.readers(self._folder / "readers")
        return await bookkeeper.read_books(self._world.dsns, self._folder, readers, contents)


@asynccontextmanager
async def _until_done(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Within: this goes on beside; what it fails of is raised at the end."""
    task = asyncio.create_task(work)
    try:
        yield
        if task.done():
            task.result()
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError, Exception):
            await task
