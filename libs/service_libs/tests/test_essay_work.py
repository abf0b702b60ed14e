"""Content over HTTP and in memory keep one contract; what goes wrong with an essay gets a code, or is waited out."""

import asyncio
import hashlib
import os
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from huleedu_service_libs.content_client import (
    ContentClientProtocol,
    ContentMissing,
    HttpContentClient,
    InMemoryContentClient,
)
from huleedu_service_libs.errors import Unavailable
from huleedu_service_libs.essay_work import EssayFailed, EssayWork
from huleedu_service_libs.http_client import PeerClient
from huleedu_service_libs.metrics import ServiceMetrics
from huleedu_service_libs.process_pool import ProcessPool, WorkerNotReady
from huleedu_service_libs.settings import ServiceSettings

T = TypeVar("T")

REFUSED = b"This is more than anybody keeps."
BREAKING = "b" * 32
SMALL: dict[str, Any] = {"http_client_max_response_bytes": 100}


class ReaderSettings(ServiceSettings):
    """Settings of some service that reads content."""

    service_name: ClassVar[str] = "reader_service"
    http_client_attempts: int = 1


def content_service() -> web.Application:
    """As much of Content Service as its clients see; it breaks on one id."""
    kept: dict[str, bytes] = {}

    async def post(request: web.Request) -> web.Response:
        content = await request.read()
        if content == REFUSED:
            return web.json_response({"code": "CONTENT_TOO_LARGE"}, status=413)
        storage_id = hashlib.blake2b(content, digest_size=16).hexdigest()
        kept[storage_id] = content
        return web.json_response({"storage_id": storage_id, "correlation_id": ""}, status=201)

    async def get(request: web.Request) -> web.Response:
        storage_id = request.match_info["storage_id"]
        if storage_id == BREAKING:
            return web.json_response({"code": "INTERNAL_ERROR"}, status=500)
        if len(storage_id) != 32:
            return web.json_response({"code": "INVALID_STORAGE_ID"}, status=400)
        if storage_id not in kept:
            return web.json_response({"code": "CONTENT_NOT_FOUND"}, status=404)
        return web.Response(body=kept[storage_id])

    async def healthz(_: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    app = web.Application()
    app.add_routes(
        [web.post("/v1/content", post), web.get("/v1/content/{storage_id}", get), web.get("/healthz", healthz)]
    )
    return app


def over_http(base_url: str, **settings: Any) -> PeerClient:
    return PeerClient(
        "content_service", base_url, ReaderSettings.load(**settings), ServiceMetrics(ReaderSettings.service_name)
    )


@pytest.fixture
async def http_content() -> AsyncIterator[HttpContentClient]:
    async with TestServer(content_service()) as server, over_http(str(server.make_url("")), **SMALL) as peer:
        yield HttpContentClient(peer)


@pytest.fixture(params=["http", "memory"])
def content(request: pytest.FixtureRequest, http_content: HttpContentClient) -> ContentClientProtocol:
    return http_content if request.param == "http" else InMemoryContentClient()


async def test_what_is_stored_is_fetched_and_the_same_bytes_have_one_id(content: ContentClientProtocol) -> None:
    text = "Hej, världen!\r\n\0".encode()

    storage_id = await content.store(text)

    assert len(storage_id) == 32
    assert await content.store(text) == storage_id
    assert await content.fetch(storage_id) == text


@pytest.mark.parametrize("storage_id", ["0" * 32, "", "..", "../../healthz", "a/b?c#d", "å"])
async def test_an_id_of_nothing_is_missing(content: ContentClientProtocol, storage_id: str) -> None:
    with pytest.raises(ContentMissing):
        await content.fetch(storage_id)


async def test_content_that_answers_is_no_trouble(content: ContentClientProtocol) -> None:
    await content.check()


async def test_while_content_service_is_away_everything_is_unavailable(unused_tcp_port: int) -> None:
    away = InMemoryContentClient()
    away.away = True
    async with over_http(f"http://127.0.0.1:{unused_tcp_port}") as peer:
        for content in (HttpContentClient(peer), away):
            for asking in (content.fetch("0" * 32), content.store(b"text"), content.check()):
                with pytest.raises(Unavailable):
                    await asking


class Here:
    """A pool that is this process."""

    async def run(self, function: Callable[..., T], *args: Any) -> T:
        return function(*args)


def at_work(content: ContentClientProtocol, pool: Any = None, time_limit: float = 60) -> EssayWork:
    return EssayWork(content, pool or Here(), error_code="SPELLCHECK_SERVICE_ERROR", time_limit=time_limit)


async def test_a_text_is_read_as_it_was_kept(content: ContentClientProtocol) -> None:
    work = at_work(content)

    assert await work.read(await work.keep("Å ä ö\r\n😀")) == "Å ä ö\r\n😀"


@pytest.mark.parametrize(("kept", "code"), [(b" \n\t", "EMPTY_CONTENT"), (b"caf\xe9", "PARSING_ERROR")])
async def test_content_that_is_no_text_fails_with_its_code(
    content: ContentClientProtocol, kept: bytes, code: str
) -> None:
    storage_id = await content.store(kept)

    with pytest.raises(EssayFailed) as failed:
        await at_work(content).read(storage_id)

    assert failed.value.code == code


async def test_what_content_service_refuses_fails_with_its_code(http_content: HttpContentClient) -> None:
    work = at_work(http_content)
    too_long = await http_content.store(b"a" * 101)
    cases = [
        (work.read("0" * 32), "CONTENT_NOT_FOUND"),
        (work.read(BREAKING), "CONTENT_SERVICE_ERROR"),
        (work.read(too_long), "CONTENT_TOO_LONG"),
        (work.keep(REFUSED.decode()), "CONTENT_SERVICE_ERROR"),
    ]
    for asking, code in cases:
        with pytest.raises(EssayFailed) as failed:
            await asking
        assert failed.value.code == code


def die_once(traces: Path) -> str:
    """The first process that comes here does not survive it."""
    trace = traces / "was-here"
    if not trace.exists():
        trace.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return "survived"


def die(_: Path) -> str:
    """No process survives this."""
    os.kill(os.getpid(), signal.SIGKILL)
    return ""


def never_end(_: Path) -> str:
    """Wait for what never comes."""
    signal.pause()
    return ""


@pytest.fixture
async def pool() -> AsyncIterator[ProcessPool]:
    async with ProcessPool(1) as pool:
        yield pool


async def test_a_lost_process_costs_nothing_the_first_time_and_the_essay_the_second(
    pool: ProcessPool, tmp_path: Path
) -> None:
    work = at_work(InMemoryContentClient(), pool)

    assert await work.compute(die_once, tmp_path) == "survived"
    with pytest.raises(EssayFailed) as failed:
        await work.compute(die, tmp_path)

    assert failed.value.code == "SPELLCHECK_SERVICE_ERROR"


async def test_a_computation_without_end_is_ended(pool: ProcessPool, tmp_path: Path) -> None:
    await pool.warm()

    with pytest.raises(EssayFailed) as failed:
        await at_work(InMemoryContentClient(), pool, time_limit=0.05).compute(never_end, tmp_path)

    assert failed.value.code == "TIMEOUT"


def raise_this(error: Exception) -> None:
    """A function with a bug, or without a disk."""
    raise error


async def test_a_bug_costs_the_essay_and_a_full_disk_is_waited_out() -> None:
    work = at_work(InMemoryContentClient())

    with pytest.raises(EssayFailed) as failed:
        await work.compute(raise_this, RecursionError("too deep"))
    assert failed.value.code == "SPELLCHECK_SERVICE_ERROR"
    with pytest.raises(OSError, match="disk full"):
        await work.compute(raise_this, OSError("disk full"))
    with pytest.raises(Unavailable):
        await work.compute(raise_this, WorkerNotReady("no memory"))


async def test_a_cancelled_computation_is_cancelled_and_no_failure() -> None:
    class Busy:
        async def run(self, function: Callable[..., T], *args: Any) -> T:
            return await asyncio.Future[T]()

    task = asyncio.create_task(at_work(InMemoryContentClient(), Busy()).compute(print))
    await asyncio.sleep(0)
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
