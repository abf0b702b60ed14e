"""The command line's side of streams: where one breaks off it goes on, and bars follow what is told."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager, nullcontext
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from huleedu import api as subject
from huleedu import inspect
from huleedu.api import Api, Refused
from huleedu.job import Step, follow
from huleedu.screen import screen
from huleedu.streams import events
from huleedu_service_libs.event_streams.reading import StreamedEvent

EPOCH = "0" * 32


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subject, "PAUSE_SECONDS", 0)


def status(client_status: str, done: int) -> dict[str, Any]:
    phase = {"phase": "spellcheck", "succeeded": done, "failed": 0, "total": 3}
    content = {"expected": 3, "provisioned": 3, "failed": 0}
    progress = {"content": content, "phases": [phase]}
    return {"client_status": client_status, "progress": progress, "runs": [{"run_id": "r"}]}


def progress(done: int, run_id: str = "r") -> dict[str, Any]:
    return {"run_id": run_id, "progress": {"phase": "spellcheck", "succeeded": done, "failed": 0, "total": 3}}


TOLD = [
    ("snapshot", {"gap": False, "batch": status("processing", 0)}),
    ("progress", progress(1)),
    ("notification", {"notification_type": "batch_spellcheck_completed"}),
    ("progress", progress(2)),
    ("progress", progress(99, run_id="another")),
    ("fact", {"seq": 7}),
]


class Platform:
    """BOS, whose streams break off after so many events, now and then with nothing but a refusal."""

    def __init__(self, at_once: int, *refusals: int) -> None:
        self._at_once, self._refusals = at_once, list(refusals)
        self.asked: list[str | None] = []

    async def stream(self, request: web.Request) -> web.StreamResponse:
        last = request.headers.get("Last-Event-ID")
        self.asked.append(last)
        if self._refusals:
            return web.json_response({"detail": "later"}, status=self._refusals.pop())
        start = int(last.rsplit("-", 1)[1]) if last else 0
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for number, (event, data) in enumerate(TOLD[start : start + self._at_once], start + 1):
            text = f"id: {EPOCH}-{number}\nevent: {event}\ndata: {json.dumps(data)}\n\n"
            await response.write(b": keep-alive\n\n" + text.encode())
        assert request.transport is not None
        request.transport.close()
        return response

    async def status(self, _: web.Request) -> web.Response:
        return web.json_response(status("completed_successfully", 3))

    @asynccontextmanager
    async def up(self) -> AsyncIterator[Api]:
        app = web.Application()
        app.router.add_get("/v1/batches/b/stream", self.stream)
        app.router.add_get("/v1/batches/b/status", self.status)
        async with (
            TestServer(app) as server,
            Api({"batch_orchestrator_service": str(server.make_url("")).rstrip("/")}) as api,
        ):
            yield api


async def seen(api: Api, count: int) -> list[StreamedEvent]:
    """The first so many events."""
    found: list[StreamedEvent] = []
    async with aclosing(events(api, "b")) as told:
        async for event in told:
            found.append(event)
            if len(found) == count:
                break
    return found


@pytest.mark.parametrize("at_once", [1, 2, 3])
async def test_where_a_stream_breaks_off_it_is_asked_to_go_on(at_once: int) -> None:
    bos = Platform(at_once)
    async with bos.up() as api:
        found = await seen(api, len(TOLD))

    assert [(event.event, json.loads(event.data)) for event in found] == TOLD
    assert bos.asked == [None, *[f"{EPOCH}-{number}" for number in range(at_once, len(TOLD), at_once)]]


async def test_what_is_away_for_a_while_is_waited_for() -> None:
    async with Platform(6, 503, 503).up() as api:
        assert len(await seen(api, 1)) == 1


async def test_what_is_refused_for_good_is_told() -> None:
    async with Platform(6, 404).up() as api:
        with pytest.raises(Refused):
            await seen(api, 1)


async def test_bars_follow_the_stream_and_end_with_the_batch() -> None:
    shown: list[int] = []
    heard: list[str] = []

    def watch(steps: Sequence[Step]) -> None:
        shown.append(steps[1].done)

    async with Platform(2).up() as api:
        last = await follow(api, "b", watch, lambda event: heard.append(event.event))

    assert last["client_status"] == "completed_successfully"
    assert shown == [0, 1, 1, 2, 2, 3]
    assert heard == [event for event, _ in TOLD]


async def test_watched_as_json_each_event_is_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async with Platform(2).up() as api:
        monkeypatch.setattr(inspect, "running_api", lambda _: nullcontext(api))
        await inspect.show_status(screen(), tmp_path, "b", watch=True, as_json=True)

    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(line["event"], line["data"]) for line in lines] == TOLD
    assert [line["id"] for line in lines] == [f"{EPOCH}-{number}" for number in range(1, 7)]
