"""A database that dies is started again, as often as it takes."""

import asyncio
from pathlib import Path

from huleedu.kept_database import kept_alive
from huleedu_service_libs.embedded_postgres import DiskFull, EmbeddedPostgres, Server


class Flaky(EmbeddedPostgres):
    """Is gone at once, and starts only when it has failed to twice."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.starts = 0
        self.there = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    async def watch(self) -> None:
        if self.there.is_set():
            await asyncio.Event().wait()

    def start(self) -> Server:
        self.starts += 1
        if self.starts < 3:
            raise DiskFull
        self._loop.call_soon_threadsafe(self.there.set)
        return Server("", 0, owner=True)


async def test_a_start_that_fails_is_tried_again(tmp_path: Path) -> None:
    postgres = Flaky(tmp_path)

    async with asyncio.timeout(10), kept_alive(postgres):
        await postgres.there.wait()

    assert postgres.starts == 3
