"""A start that has to wait for its servers."""

import asyncio
from collections.abc import Iterator

import aiohttp
import pytest

from huleedu.servers import ServerAway
from huleedu.services import definition
from huleedu.waiting import Door, StillAway, wait_until_there
from huleedu_service_libs.server import bind

LONG = 60.0


class Database:
    """A server that comes up when the test says so."""

    def __init__(self) -> None:
        self.is_up = False

    async def there(self) -> None:
        if not self.is_up:
            raise ServerAway("nobody listens")


@pytest.fixture
def database() -> Database:
    return Database()


@pytest.fixture
def door() -> Iterator[Door]:
    """Where BOS will answer."""
    with bind("127.0.0.1", 0) as listening:
        yield Door(definition("batch_orchestrator_service").settings.load(), listening)


def url(door: Door, path: str) -> str:
    return f"http://127.0.0.1:{door.listening.getsockname()[1]}{path}"


async def test_meanwhile_it_lives_and_says_what_it_waits_for(database: Database, door: Door) -> None:
    waiting = asyncio.create_task(wait_until_there({"database": database.there}, [door], LONG))

    async with aiohttp.ClientSession() as session:
        async with session.get(url(door, "/healthz")) as alive:
            assert alive.status == 200
        async with session.get(url(door, "/readyz")) as ready:
            assert ready.status == 503
            assert "nobody listens" in (await ready.json())["checks"]["database"]["detail"]
        async with session.post(url(door, "/v1/batches/register"), json={}) as refused:
            assert (refused.status, "Retry-After" in refused.headers) == (503, True)
            assert "database" in (await refused.json())["detail"]

    database.is_up = True
    await waiting


async def test_whoever_comes_when_the_wait_ends_is_kept_for_the_service(database: Database, door: Door) -> None:
    waiting = asyncio.create_task(wait_until_there({"database": database.there}, [door], LONG))
    async with aiohttp.ClientSession() as session, session.get(url(door, "/readyz")):
        pass
    database.is_up = True
    await waiting

    _, writer = await asyncio.open_connection("127.0.0.1", door.listening.getsockname()[1])

    with door.listening.accept()[0]:
        writer.close()


async def test_patience_ends_with_a_sentence_that_names_the_server(database: Database, door: Door) -> None:
    with pytest.raises(StillAway, match=r"Waited 0\.01 s in vain for database school on db:5432: nobody listens"):
        await wait_until_there({"database school on db:5432": database.there}, [door], 0.01)


async def test_a_start_that_is_broken_off_lets_go_at_once(database: Database, door: Door) -> None:
    waiting = asyncio.create_task(wait_until_there({"database": database.there}, [door], LONG))
    async with aiohttp.ClientSession() as session, session.get(url(door, "/readyz")):
        pass

    waiting.cancel()

    with pytest.raises(asyncio.CancelledError):
        await waiting
