"""Which batches there are, which are stuck, and how far operations are, on the command line."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from rich.console import Console
from typer.testing import CliRunner

from huleedu import listing, operation
from huleedu.api import Api
from huleedu.listing import show_list, show_stuck
from huleedu.main import app
from huleedu.operation import show_operations

NOWHERE = Path()
LISTED: dict[str, Any] = {
    "batch_id": "b1",
    "user_id": "anna",
    "course_code": "SV2",
    "status": "ready_for_pipeline_execution",
    "updated_at": "2026-09-01T08:00:00Z",
    "expected_essay_count": 3,
}
STUCK = LISTED | {"stuck": {"since": "2026-09-01T08:00:00Z", "reason": "It was paused.", "remedy": "Resume it."}}
RUNNING: dict[str, Any] = {
    "operation_id": "o1",
    "action": "retry",
    "user_id": None,
    "phase": None,
    "since": None,
    "reason": "a fire",
    "status": "running",
    "asked": 2,
    "seen": 3,
    "left": 7,
    "per_second": 10.0,
}


class Bos:
    """Answers page by page, and keeps what it was asked and as whom."""

    def __init__(self, *pages: Any) -> None:
        self.asked: list[tuple[str, dict[str, list[str]], str | None]] = []
        self._pages = list(pages)

    async def answer(self, request: web.Request) -> web.Response:
        query = {name: request.query.getall(name) for name in request.query}
        self.asked.append((f"{request.method} {request.path}", query, request.headers.get("X-User-ID")))
        return web.json_response(self._pages.pop(0))


@asynccontextmanager
async def bos(monkeypatch: pytest.MonkeyPatch, *pages: Any) -> AsyncIterator[Bos]:
    """The platform that is up."""
    here, server_app = Bos(*pages), web.Application()
    server_app.router.add_route("*", "/{path:.*}", here.answer)
    async with TestServer(server_app) as server:
        address = str(server.make_url("")).rstrip("/")
        for subject in (listing, operation):
            monkeypatch.setattr(subject, "running_api", lambda _: Api({"batch_orchestrator_service": address}))
        yield here


def page(*batches: dict[str, Any], cursor: str | None = None) -> dict[str, Any]:
    return {"batches": list(batches), "next_cursor": cursor}


@pytest.fixture
def console() -> Console:
    """Writes into a string."""
    return Console(file=StringIO(), width=200)


def printed(console: Console) -> str:
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


async def test_one_s_own_are_listed(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    async with bos(monkeypatch, page(LISTED)) as here:
        await show_list(console, NOWHERE, {"status": ["ready", "failed"]}, "1h", 50, False)

    ((_, query, user),) = here.asked
    assert (query["status"], bool(user)) == (["ready", "failed"], True)
    assert datetime.fromisoformat(query["since"][0]) <= datetime.now(UTC) - timedelta(hours=1)
    assert all(word in printed(console) for word in ("b1", "anna", "SV2", "ready_for_pipeline_execution", "3"))


@pytest.mark.parametrize("wanted", [{"owner": "bengt"}, {"everyone": True}])
async def test_an_operator_asks_for_nobody_in_particular(
    console: Console, monkeypatch: pytest.MonkeyPatch, wanted: dict[str, Any]
) -> None:
    async with bos(monkeypatch, page()) as here:
        await show_list(console, NOWHERE, wanted, None, 50, False)

    ((_, query, user),) = here.asked
    assert (query.get("owner"), user) == ([wanted["owner"]] if "owner" in wanted else None, "")
    assert printed(console) == "There are no such batches.\n"


async def test_no_more_than_wanted_are_listed_and_that_is_said(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with bos(monkeypatch, page(LISTED, LISTED, cursor="c1")):
        await show_list(console, NOWHERE, {}, None, 2, False)

    assert "These are the 2 newest; --limit shows more." in printed(console)


async def test_a_list_for_machines_goes_on_to_its_end(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    async with bos(monkeypatch, page(LISTED, cursor="c1"), page(LISTED)) as here:
        await show_list(console, NOWHERE, {}, None, 50, True)

    assert json.loads(printed(console)) == [LISTED, LISTED]
    assert [query.get("cursor") for _, query, _ in here.asked] == [None, ["c1"]]


async def test_all_that_is_stuck_says_why_and_what_would_move_it(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with bos(monkeypatch, page(STUCK, cursor="c1"), page(STUCK | {"batch_id": "b2"})) as here:
        await show_stuck(console, NOWHERE, "30m", {}, False)

    assert here.asked[0][1].items() >= {"stuck": ["true"], "stuck_after": ["1800.0"]}.items()
    lines = printed(console).splitlines()
    assert lines[1:3] == ["  It was paused.", "  what would move it: Resume it."]
    assert lines[3].startswith("b2 of anna")


async def test_where_nothing_is_stuck_that_is_said(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    async with bos(monkeypatch, page()):
        await show_stuck(console, NOWHERE, "1h", {}, False)

    assert printed(console) == "Every batch that has not ended has moved within 1h.\n"


async def test_an_operation_tells_how_far_it_is(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    async with bos(monkeypatch, RUNNING) as here:
        await show_operations(console, NOWHERE, "o1", False, False)

    assert here.asked[0][0] == "GET /v1/operations/o1"
    assert printed(console) == (
        "o1  retry of everybody (a fire): running, 2 asked of 3 looked at, 7 to be looked at, 10 a second\n"
    )


async def test_an_operation_is_stopped(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    async with bos(monkeypatch, RUNNING | {"status": "stopped"}) as here:
        await show_operations(console, NOWHERE, "o1", True, True)

    assert here.asked[0][0] == "POST /v1/operations/o1/stop"
    assert json.loads(printed(console))["status"] == "stopped"


async def test_the_newest_operations(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    async with bos(monkeypatch, {"operations": []}):
        await show_operations(console, NOWHERE, None, False, False)

    assert printed(console) == "Nobody has asked anything of many batches.\n"


@pytest.mark.parametrize(
    "command",
    [
        ["operation", "--stop"],
        ["list", "--limit", "0"],
        ["list", "--limit", "many"],
        ["retry"],
        ["retry", "b1"],
        ["retry", "--failed", "--per-second", "0"],
        ["timeline"],
    ],
)
def test_what_says_too_little_is_refused_with_the_usage(command: list[str]) -> None:
    result = CliRunner().invoke(app, command)

    assert result.exit_code == 2
    assert "Usage" in result.output
