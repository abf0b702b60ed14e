"""Watching a batch (I14): what a client sees that comes again and again, to whichever replica, is the log."""

import asyncio
import json
from contextlib import aclosing
from pathlib import Path

import asyncpg
import pytest
import zstandard

from common_core.enums import CourseCode
from huleedu.api import Api
from huleedu.job import DONE, do_job
from huleedu.streams import events
from huleedu_service_libs.event_streams.reading import StreamedEvent
from tests.acceptance.conftest import Stage

pytestmark = pytest.mark.asyncio(loop_scope="session")

ESSAY = "My summer was long and warm, and I spent it by the sea with my cousins, swimming and reading every day. "
AT_ONCE = 3  # events, after which the client comes again

Told = tuple[int, str, object]


async def seen(api: Api, batch_id: str) -> list[StreamedEvent]:
    """All events up to the batch's end, as a client sees them whose connection never lasts."""
    found: list[StreamedEvent] = []
    while not (found and json.loads(found[-1].data).get("client_status") in DONE):
        async with aclosing(events(api, batch_id, found[-1].id if found else None)) as told:
            for _ in range(AT_ONCE):
                found.append(await anext(told))
                if json.loads(found[-1].data).get("client_status") in DONE:
                    break
    return found


async def said(dsn: str, batch_id: str) -> list[Told]:
    """What BOS's log has to show of the batch: the offset after it, what it is, and its data."""
    con = await asyncpg.connect(dsn)
    rows = await con.fetch(
        "select first, payload from runtime.log where topic = 'stays.batch_orchestrator.stream.event' order by first"
    )
    await con.close()
    found = [
        (offset, json.loads(raw)["data"])
        for row in rows
        for offset, raw in enumerate(zstandard.decompress(row["payload"]).split(b"\n"), row["first"] + 1)
    ]
    return [(offset, told["event"], told["data"]) for offset, told in found if told["batch_id"] == batch_id]


def place(event: StreamedEvent) -> int:
    """The offset in its id."""
    return int(event.id.rsplit("-", 1)[1])


async def test_whoever_comes_again_at_every_third_event_sees_the_log(platform: Stage, api: Api, tmp_path: Path) -> None:
    for name in ("ada", "bo", "cy"):
        (tmp_path / f"{name}.txt").write_text(f"{name}: {ESSAY * 3}")
    watching: list[asyncio.Task[list[StreamedEvent]]] = []

    batch_id = await do_job(
        api,
        tmp_path,
        CourseCode.ENG5,
        "nlp",
        lambda _: None,
        lambda batch_id: watching.append(asyncio.create_task(seen(api, batch_id))),
    )
    snapshot, *told = await watching[0]

    assert snapshot.event == "snapshot"
    assert json.loads(snapshot.data)["gap"] is False
    log = await said(platform.databases["batch_orchestrator_service"], batch_id)
    assert [(place(event), event.event, json.loads(event.data)) for event in told] == [
        each for each in log if place(snapshot) < each[0] <= place(told[-1])
    ]
