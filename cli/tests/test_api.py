"""Asking a platform that is not always all there."""

import getpass
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from huleedu import api as subject
from huleedu.addresses import AddressUnknown
from huleedu.api import REFUSALS, Api, Refused
from huleedu_service_libs.server import bind

AWAY = {"detail": "Something this needs is away: try again later.", "code": "SERVICE_UNAVAILABLE"}


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subject, "PAUSE_SECONDS", 0)


def answering(answers: Callable[[web.Request], web.Response]) -> web.Application:
    """Gives these answers, whatever it is asked."""

    async def answer(request: web.Request) -> web.Response:
        await request.read()
        return answers(request)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    return app


@asynccontextmanager
async def platform(answers: Callable[[web.Request], web.Response]) -> AsyncIterator[Api]:
    """One server in the place of all services."""

    async with TestServer(answering(answers)) as server:
        address = str(server.make_url("")).rstrip("/")
        async with Api({"batch_orchestrator_service": address, "file_service": address}) as api:
            yield api


def away() -> web.Response:
    return web.json_response(AWAY, status=503, content_type="application/problem+json")


async def test_what_is_away_for_a_moment_is_asked_again_under_the_same_key(tmp_path: Path) -> None:
    keys: list[str] = []

    def answers(request: web.Request) -> web.Response:
        keys.append(request.headers["Idempotency-Key"])
        return away() if len(keys) % 2 else web.json_response({})

    (tmp_path / "a.txt").touch()
    async with platform(answers) as api:
        await api.request_pipeline("b1", "nlp")
        await api.upload("b1", [tmp_path / "a.txt"])

    assert keys[0] == keys[1] != keys[2] == keys[3]


async def test_what_hangs_up_is_asked_again_under_the_same_key() -> None:
    keys: list[str] = []

    def answers(request: web.Request) -> web.Response:
        keys.append(request.headers["Idempotency-Key"])
        if len(keys) == 1:
            assert request.transport is not None
            request.transport.abort()
        return web.json_response({})

    async with platform(answers) as api:
        await api.request_pipeline("b1", "nlp")

    assert len(keys) == 2
    assert len(set(keys)) == 1


async def test_where_nobody_listens_it_does_not_ask_for_long() -> None:
    with bind("127.0.0.1", 0) as closed:
        address = f"http://127.0.0.1:{closed.getsockname()[1]}"

    async with Api({"batch_orchestrator_service": address}) as api:
        with pytest.raises(aiohttp.ClientConnectorError):
            await api.status("b1")


async def test_a_service_that_is_started_again_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    with bind("127.0.0.1", 0) as closed:
        port = closed.getsockname()[1]
    back, back_at = TestServer(web.Application(), port=port), f"http://127.0.0.1:{port}"
    pauses = 0

    async def pause() -> None:
        nonlocal pauses
        pauses += 1
        if pauses == REFUSALS + 1:
            await back.start_server()

    monkeypatch.setattr(subject, "pause", pause)
    async with TestServer(answering(lambda _: web.json_response({}))) as others:
        places = {"batch_orchestrator_service": str(others.make_url("")), "result_aggregator_service": back_at}
        async with Api({name: place.rstrip("/") for name, place in places.items()}) as api:
            await api.status("b1")
            with pytest.raises(Refused):  # by the one that came back: it knows no batch
                await api.results("b1")
    await back.close()


async def test_a_service_that_nothing_says_the_address_of_is_named_with_its_setting() -> None:
    async with Api({}) as api:
        with pytest.raises(AddressUnknown, match="BOS_URL"):
            await api.status("b1")


async def test_what_stays_away_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subject, "PATIENCE", 2)

    async with platform(lambda _: away()) as api:
        with pytest.raises(Refused, match="try again later"):
            await api.status("b1")


async def test_an_account_without_a_name_is_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    def nameless() -> str:
        raise KeyError("getpwuid(): uid not found: 12345")

    monkeypatch.setattr(getpass, "getuser", nameless)
    monkeypatch.setattr("os.getuid", lambda: 12345)

    async with Api({}) as api:
        assert api.user == "12345"
