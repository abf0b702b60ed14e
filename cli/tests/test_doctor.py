"""What `huleedu doctor` makes of what services say of themselves."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from huleedu.doctor import examine
from huleedu.screen import screen

REDIS_AWAY = {"ok": False, "detail": "Redis is away"}
DATABASE_AWAY = {"ok": False, "detail": "no answer"}


@pytest.fixture
async def platform(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """One server in the place of two services, of which BOS lacks Redis and ELS its database."""

    async def bos(_: web.Request) -> web.Response:
        return web.json_response({"status": "degraded", "checks": {"redis": REDIS_AWAY}})

    async def els(_: web.Request) -> web.Response:
        return web.json_response({"status": "not ready", "checks": {"database": DATABASE_AWAY}}, status=503)

    app = web.Application()
    app.router.add_get("/bos/readyz", bos)
    app.router.add_get("/els/readyz", els)
    async with TestServer(app) as server:
        monkeypatch.setenv("BOS_URL", str(server.make_url("/bos")))
        monkeypatch.setenv("ELS_URL", str(server.make_url("/els")))
        yield


async def test_a_service_that_is_only_slower_is_well_and_says_why(
    platform: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        await examine(screen(), tmp_path, json=True)

    found = {finding["name"]: finding for finding in json.loads(capsys.readouterr().out)}
    assert found["batch_orchestrator_service"]["well"]
    assert "Redis is away" in found["batch_orchestrator_service"]["detail"]
    assert not found["essay_lifecycle_service"]["well"]
    assert found["platform"]["well"]
