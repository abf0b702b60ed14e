"""Deciding about batches on the command line, and being told what was decided."""

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

from huleedu import control as subject
from huleedu.api import Api
from huleedu.control import Unclear, control, retry_failed, retry_phase, show_timeline, span

NOWHERE = Path()


class Bos:
    """Answers what it is told to, and keeps what it was asked."""

    def __init__(self, answers: dict[str, Any]) -> None:
        self.asked: list[tuple[str, Any]] = []
        self._answers = answers

    async def answer(self, request: web.Request) -> web.Response:
        body = await request.json() if request.can_read_body else None
        self.asked.append((request.path_qs, body))
        return web.json_response(self._answers.get(request.path, {"message": "Done."}))


@asynccontextmanager
async def bos(monkeypatch: pytest.MonkeyPatch, **answers: Any) -> AsyncIterator[Bos]:
    """The platform that is up; `answers` are by path, slashes written as __."""
    here = Bos({path.replace("__", "/"): body for path, body in answers.items()})
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", here.answer)
    async with TestServer(app) as server:
        address = str(server.make_url("")).rstrip("/")
        monkeypatch.setattr(subject, "running_api", lambda _: Api({"batch_orchestrator_service": address}))
        yield here


@pytest.fixture
def console() -> Console:
    """Writes into a string."""
    return Console(file=StringIO(), width=200)


def printed(console: Console) -> str:
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def wanted(*, user_id: str | None = None, everything: bool = False) -> dict[str, Any]:
    return {"user_id": user_id, "everything": everything, "reason": "a fire"}


async def test_one_batch_is_cancelled_with_its_reason(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    async with bos(monkeypatch) as here:
        await control(console, NOWHERE, "cancel", "b1", wanted(), False)

    assert here.asked == [("/v1/batches/b1/cancel", {"reason": "a fire"})]
    assert printed(console) == "Done.\n"


async def test_everything_of_one_owner_is_an_operation(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    async with bos(monkeypatch, __v1__operations={"operation_id": "o1"}) as here:
        await control(console, NOWHERE, "pause", None, wanted(user_id="anna"), True)

    assert here.asked == [("/v1/operations", {"action": "pause", "user_id": "anna", "reason": "a fire"})]
    assert json.loads(printed(console)) == {"operation_id": "o1"}


async def test_nothing_is_done_to_everything_by_mistake(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    async with bos(monkeypatch) as here:
        with pytest.raises(Unclear):
            await control(console, NOWHERE, "cancel", None, wanted(), False)
        await control(console, NOWHERE, "cancel", None, wanted(everything=True), False)

    assert [body["user_id"] for _, body in here.asked] == [None]


async def test_chosen_essays_are_tried_again(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    async with bos(monkeypatch) as here:
        await retry_phase(console, NOWHERE, "b1", "spellcheck", {"essay_ids": ["e1"], "reason": None}, False)

    assert here.asked == [("/v1/batches/b1/phases/spellcheck/retry", {"essay_ids": ["e1"], "reason": None})]


async def test_what_failed_within_the_hour_is_tried_again_slowly(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with bos(monkeypatch) as here:
        await retry_failed(console, NOWHERE, "1h", {"per_second": 5}, False)

    ((_, body),) = here.asked
    since = datetime.fromisoformat(body["since"])
    assert (body["action"], body["per_second"]) == ("retry", 5)
    assert since <= datetime.now(UTC) - timedelta(hours=1)


async def test_the_timeline_says_who_and_why(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    told = {"who": "anna", "why": "wrong class", "data": {"run_id": None}}
    fact = {"seq": 4, "at": "2026-09-01T08:00:00Z", "kind": "batch_orchestrator.cancel.asked", **told}
    async with bos(monkeypatch, __v1__batches__b1__timeline={"facts": [fact], "next_after": None}):
        await show_timeline(console, NOWHERE, "b1", False)

    assert printed(console) == "   4  2026-09-01T08:00:00  cancel.asked by anna: wrong class\n"


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("30m", 1800), ("1h", 3600), ("2d", 172800)])
def test_lengths_of_time(text: str, seconds: int) -> None:
    assert span(text).total_seconds() == seconds


@pytest.mark.parametrize("text", ["", "1", "h", "-1h", "1 week"])
def test_what_is_no_length_of_time_is_said(text: str) -> None:
    with pytest.raises(Unclear):
        span(text)


async def test_longer_ago_than_there_were_years_is_said(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    async with bos(monkeypatch):
        with pytest.raises(Unclear):
            await retry_failed(console, NOWHERE, "999999d", {}, False)
