"""Serving: many apps in one loop, on the port asked for or a free one, stopped by one event and never late."""

import asyncio
import socket
import sys
from collections.abc import AsyncIterator

import aiohttp
import pytest
from quart import Blueprint, Response, request

from huleedu_service_libs import server
from huleedu_service_libs.app_factory import ServiceApp, create_app
from huleedu_service_libs.metrics import ServiceMetrics
from huleedu_service_libs.server import bind, serve
from huleedu_service_libs.settings import ServiceSettings


class DemoSettings(ServiceSettings):
    """Of a service that declares nothing more."""

    service_name = "demo_service"


def app_named(name: str, **settings: float) -> ServiceApp:
    """An app that can say its name, take its time, and stream without end."""
    blueprint = Blueprint("demo", __name__)
    never = asyncio.Event()

    @blueprint.get("/name")
    async def say_name() -> dict[str, str]:
        return {"name": name}

    @blueprint.post("/body")
    async def measure() -> dict[str, int]:
        return {"bytes": len(await request.get_data(as_text=False))}

    @blueprint.get("/flood")
    async def flood() -> Response:
        async def all_of_it() -> AsyncIterator[bytes]:
            while True:
                yield b"x" * 100_000

        response = Response(all_of_it())
        response.timeout = None
        return response

    @blueprint.get("/stream")
    async def stream() -> Response:
        async def events() -> AsyncIterator[bytes]:
            yield b"data: begun\n\n"
            await never.wait()

        response = Response(events(), content_type="text/event-stream")
        response.timeout = None
        return response

    return create_app(name, DemoSettings.load(**settings), ServiceMetrics(name), [blueprint])


@pytest.fixture
def stopping() -> asyncio.Event:
    """The one event that stops them all."""
    return asyncio.Event()


async def test_many_apps_answer_in_one_loop_and_stop_together(stopping: asyncio.Event) -> None:
    served = [await serve(app_named(name), "127.0.0.1", 0, stopping) for name in ("one", "other")]
    async with aiohttp.ClientSession() as client:
        for name, app in zip(("one", "other"), served, strict=True):
            async with client.get(app.url + "/name") as answer:
                assert await answer.json() == {"name": name}

        stopping.set()
        await asyncio.gather(*(app.stopped() for app in served))

        with pytest.raises(aiohttp.ClientConnectorError):
            await client.get(served[0].url + "/name")


async def test_a_taken_port_becomes_a_free_one(stopping: asyncio.Event) -> None:
    first = await serve(app_named("one"), "127.0.0.1", 0, stopping)
    second = await serve(app_named("other"), "127.0.0.1", first.port, stopping)

    assert second.port not in (0, first.port)

    stopping.set()
    await asyncio.gather(first.stopped(), second.stopped())


def test_a_taken_port_is_an_error_where_it_has_to_be_this_one() -> None:
    with bind("127.0.0.1", 0) as taken, pytest.raises(OSError, match="in use"):
        bind("127.0.0.1", taken.getsockname()[1], fall_back=False)


def test_a_socket_listens_at_once_so_that_nobody_else_can_take_its_port() -> None:
    with bind("127.0.0.1", 0) as bound:
        socket.create_connection(bound.getsockname()).close()


async def test_an_app_that_cannot_start_says_why(stopping: asyncio.Event) -> None:
    app = app_named("one")

    @app.before_serving
    async def start() -> None:
        raise RuntimeError("no database")

    with pytest.raises(Exception, match="no database"):
        await serve(app, "127.0.0.1", 0, stopping)


async def test_a_stream_that_does_not_end_is_cut_off(stopping: asyncio.Event) -> None:
    app = app_named("one", http_graceful_timeout=0.05)
    served = await serve(app, "127.0.0.1", 0, stopping)
    async with aiohttp.ClientSession() as client, client.get(served.url + "/stream") as answer:
        assert await answer.content.readany() == b"data: begun\n\n"

        stopping.set()
        async with asyncio.timeout(5):
            await served.stopped()

    assert app.open_tasks == set()


@pytest.mark.skipif(sys.platform != "linux", reason="TCP_USER_TIMEOUT is Linux's: elsewhere a stalled client stays")
async def test_who_takes_nothing_any_more_is_lost_without_alarm(
    stopping: asyncio.Event, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(server, "STALLED_SECONDS", 0.5)
    app = app_named("one")
    served = await serve(app, "127.0.0.1", 0, stopping)
    reader, writer = await asyncio.open_connection(served.host, served.port, limit=1000)
    writer.write(b"GET /flood HTTP/1.1\r\nHost: here\r\n\r\n")
    await reader.read(1)

    while app.open_tasks:
        await asyncio.sleep(0.01)

    with pytest.raises(ConnectionError):
        await reader.read()
    stopping.set()
    await served.stopped()
    assert not [record for record in caplog.records if record.name == "asyncio"]


async def test_ten_megabytes_are_refused_while_they_are_still_coming(stopping: asyncio.Event) -> None:
    async def ten_megabytes() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b"x" * 100_000

    served = await serve(app_named("one", http_max_body_bytes=1_000_000), "127.0.0.1", 0, stopping)
    async with aiohttp.ClientSession(headers={"Content-Type": "application/json"}) as client:
        for body in (b"x" * 10_000_000, ten_megabytes()):
            async with client.post(served.url + "/body", data=body) as answer:
                assert (answer.status, (await answer.json(content_type=None))["code"]) == (413, "TOO_LARGE")

    stopping.set()
    await served.stopped()


async def test_a_body_that_does_not_come_is_given_up(stopping: asyncio.Event) -> None:
    served = await serve(app_named("one", http_body_timeout=0.05), "127.0.0.1", 0, stopping)
    reader, writer = await asyncio.open_connection(served.host, served.port)
    writer.write(b"POST /body HTTP/1.1\r\nHost: here\r\nContent-Length: 10\r\n\r\nhalf")

    answer = await reader.readuntil(b"}")

    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"REQUEST_TIMEOUT" in answer
    writer.close()
    stopping.set()
    await served.stopped()
