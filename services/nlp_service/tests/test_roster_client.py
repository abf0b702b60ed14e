"""What class management answers over HTTP, and what matching makes of it."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from pydantic import SecretStr

from huleedu_service_libs.errors import Unavailable
from huleedu_service_libs.http_client import PeerClient
from nlp_service.config import SERVICE_NAME, NlpSettings
from nlp_service.domain.matching.names import Student
from nlp_service.implementations.roster_http_impl import HttpRosterClient
from nlp_service.metrics import NlpServiceMetrics
from nlp_service.protocols import ClassMissing

ANNA = {"student_id": "1", "first_name": "Anna", "last_name": "Ek", "full_legal_name": "Anna B. Ek", "email": None}
ROSTER = json.dumps({"class_id": "9A", "name": "9A", "course_codes": ["ENG5"], "students": [ANNA]})


@asynccontextmanager
async def class_management(body: str = ROSTER, status: int = 200) -> AsyncIterator[HttpRosterClient]:
    """A client of one that answers like this whoever shows the key, and refuses others."""

    async def roster(request: web.Request) -> web.Response:
        shown = request.headers.get("X-Service-ID"), request.headers.get("X-Internal-API-Key")
        if shown != (SERVICE_NAME, "sesame") or request.raw_path != "/internal/v1/classes/9A%2F..%2F9B/roster":
            return web.Response(status=401)
        return web.Response(text=body, status=status)

    app = web.Application()
    app.add_routes([web.get("/internal/v1/classes/{class_id}/roster", roster)])
    async with TestServer(app) as server:
        settings, metrics = NlpSettings(http_client_attempts=1), NlpServiceMetrics(SERVICE_NAME)
        async with PeerClient("class_management_service", str(server.make_url("")), settings, metrics) as peer:
            yield HttpRosterClient(peer, SecretStr("sesame"))


async def test_a_roster_is_read() -> None:
    async with class_management() as cms:
        assert await cms.students("9A/../9B") == [Student("1", "Anna", "Ek", None, "Anna B. Ek")]


async def test_a_class_that_is_gone_is_missing() -> None:
    async with class_management(status=404) as cms:
        with pytest.raises(ClassMissing):
            await cms.students("9A/../9B")


@pytest.mark.parametrize(("body", "status"), [("", 503), ("", 401), ("{}", 200), ("<html>", 200)])
async def test_anything_else_is_waited_out(body: str, status: int) -> None:
    async with class_management(body, status) as cms:
        with pytest.raises(Unavailable):
            await cms.students("9A/../9B")
