"""Watching batches: a snapshot, then every fact and how far phases are, without gap or repeat, for whoever may see."""

from datetime import timedelta

import asyncpg
import pytest
from quart.typing import TestClientProtocol as Client

from batch_orchestrator_service.implementations.stream_events import MOST_DATA_BYTES, fact_shown, progress_shown
from batch_orchestrator_service.tests.life import after
from batch_orchestrator_service.tests.others import Others
from batch_orchestrator_service.tests.said import (
    AT,
    NLP,
    RUN,
    SPELLCHECK,
    outcome,
    phase,
    provisioned,
    registered,
    resolved,
)
from batch_orchestrator_service.tests.test_acceptance import ask, ready, register, started, status
from batch_orchestrator_service.tests.watching import OPERATOR, told, watching
from common_core.messages.batch import BatchEssaysRegistered
from common_core.messages.pipeline import (
    BatchServiceNLPInitiateCommandDataV1,
    ELSBatchPhaseOutcomeV1,
    ELSBatchPhaseProgressV1,
)
from common_core.topics import MESSAGES
from huleedu_service_libs.runtime.housekeeping import sweep


def progress(batch: str, run: str | None, succeeded: int, failed: int = 0, attempt: int = 1) -> ELSBatchPhaseProgressV1:
    """ELS is so far with spelling."""
    return ELSBatchPhaseProgressV1(
        batch_id=batch,
        phase_name=SPELLCHECK,
        run_id=run,
        attempt=attempt,
        succeeded=succeeded,
        failed=failed,
        total=2,
    )


async def test_a_batch_is_watched_from_registration_to_its_end(client: Client, others: Others) -> None:
    announced = await register(client, others)
    batch, (ada, bo) = announced.entity_id, announced.essay_ids
    async with watching(client, f"/v1/batches/{batch}/stream", user="teacher-1") as viewer:
        snapshot = await viewer.next()
        await others.say(provisioned([ada, bo], batch_id=batch))
        await viewer.until("fact", client_status="ready")
        run = await ask(client, batch, "nlp")
        await viewer.until("fact", kind="batch_orchestrator.pipeline.resolved")
        await others.say(progress(batch, run, 1))
        *_, halfway = await viewer.until("progress")
        await others.say(outcome(SPELLCHECK, [ada], {bo: "SPELLCHECK_SERVICE_ERROR"}, run=run, batch_id=batch))
        await viewer.until("fact", kind=ELSBatchPhaseOutcomeV1.topic)
        await others.hear(BatchServiceNLPInitiateCommandDataV1)
        await others.say(outcome(NLP, [ada], run=run, batch_id=batch))
        *_, last = await viewer.until("fact", status="completed_with_failures")

    found = await status(client, batch)
    assert snapshot.event == "snapshot"
    assert (told(snapshot)["gap"], told(snapshot)["batch"]["status"]) == (False, "awaiting_content_validation")
    assert told(halfway)["progress"] == {
        "phase": "spellcheck",
        "status": "in_progress",
        "reuse": False,
        "total": 2,
        "succeeded": 1,
        "failed": 0,
        "percentage": 50.0,
    }
    assert told(last)["waiting_for"] == found["waiting_for"] == []
    assert (told(last)["seq"], told(last)["client_status"]) == (found["version"], "completed_with_failures")


async def test_the_facts_of_a_stream_are_those_of_the_timeline(client: Client, others: Others) -> None:
    announced = await register(client, others)
    batch = announced.entity_id
    async with watching(client, f"/v1/batches/{batch}/stream") as viewer:
        await viewer.next()
        await others.say(provisioned(announced.essay_ids, batch_id=batch))
        *_, fact = await viewer.until("fact")

    timeline = await (await client.get(f"/v1/batches/{batch}/timeline?after=1")).get_json()
    shown = {name: told(fact)[name] for name in ("seq", "at", "kind", "who", "why", "data")}
    assert timeline["facts"] == [shown]


async def test_a_client_goes_on_where_it_was(client: Client, others: Others) -> None:
    announced = await register(client, others)
    batch, path = announced.entity_id, f"/v1/batches/{announced.entity_id}/stream"
    async with watching(client, path) as viewer:
        first = await viewer.next()
    await others.say(provisioned(announced.essay_ids, batch_id=batch))
    await ready(client, others)
    await ask_until_ready(client, batch)

    async with watching(client, path, last=first.id) as viewer:
        by_header = await viewer.until("fact", seq=3)
    async with watching(client, f"{path}?last_event_id={by_header[0].id}") as viewer:
        by_query = await viewer.next()

    assert [told(event)["seq"] for event in by_header if event.event == "fact"] == [2, 3]
    assert by_query == by_header[1]


async def ask_until_ready(client: Client, batch: str) -> None:
    while (await status(client, batch))["client_status"] != "ready":
        pass
    await ask(client, batch, "spellcheck")


async def test_after_retention_a_snapshot_says_what_cannot_be_told(
    client: Client, others: Others, service_dsn: str
) -> None:
    announced = await register(client, others)
    path = f"/v1/batches/{announced.entity_id}/stream"
    async with watching(client, path) as viewer:
        first = await viewer.next()
    await started(client, others, "spellcheck")
    con = await asyncpg.connect(service_dsn)
    while not await sweep(con, timedelta(0)):
        pass
    await con.close()

    async with watching(client, path, last=first.id) as viewer:
        again = await viewer.next()

    assert (again.event, told(again)["gap"], told(again)["reason"]) == ("snapshot", True, "not_kept")


async def test_one_stream_shows_all_of_a_teachers_batches_and_nobody_elses(client: Client, others: Others) -> None:
    mine = await register(client, others)
    other = {"expected_essay_count": 1, "course_code": "SV1", "user_id": "teacher-2"}
    async with watching(client, "/v1/stream", user="teacher-1") as viewer:
        snapshot = await viewer.next()
        await client.post("/v1/batches/register", json=other)
        await others.hear(BatchEssaysRegistered)
        further = await register(client, others)
        fact = await viewer.next()

    assert [batch["batch_id"] for batch in told(snapshot)["batches"]] == [mine.entity_id]
    assert told(snapshot)["more"] is False
    assert told(fact)["batch_id"] == further.entity_id


async def test_operators_watch_anybodys_batches_or_all(client: Client, others: Others) -> None:
    await register(client, others)
    body = {"expected_essay_count": 1, "course_code": "SV1", "user_id": "teacher-2"}
    async with (
        watching(client, "/v1/stream", **OPERATOR) as everything,
        watching(client, "/v1/stream?owner=teacher-2", user="boss", **OPERATOR) as hers,
    ):
        snapshots = [told(await everything.next()), told(await hers.next())]
        answer = await client.post("/v1/batches/register", json=body)
        seen = [told(await viewer.next())["batch_id"] for viewer in (everything, hers)]

    assert [len(snapshot["batches"]) for snapshot in snapshots] == [1, 0]
    assert seen == [(await answer.get_json())["batch_id"]] * 2


@pytest.mark.parametrize(
    ("path", "headers", "status", "code"),
    [
        ("/v1/batches/{batch}/stream", {"X-User-ID": "teacher-2"}, 404, "BATCH_NOT_FOUND"),
        ("/v1/batches/nothing/stream", {}, 404, "BATCH_NOT_FOUND"),
        ("/v1/batches/{batch}/stream", {"Last-Event-ID": "17"}, 422, "MALFORMED_EVENT_ID"),
        ("/v1/batches/{batch}/stream?last_event_id=x-1", {}, 422, "MALFORMED_EVENT_ID"),
        ("/v1/stream", {}, 403, "NOT_AN_OPERATOR"),
        ("/v1/stream?owner=teacher-1", {"X-User-ID": "teacher-2"}, 403, "NOT_AN_OPERATOR"),
    ],
)
async def test_who_may_not_watch_or_asks_for_nonsense_is_told(
    client: Client, others: Others, path: str, headers: dict[str, str], status: int, code: str
) -> None:
    announced = await register(client, others)
    answer = await client.get(path.format(batch=announced.entity_id), headers=headers)

    assert (answer.status_code, (await answer.get_json())["code"]) == (status, code)


async def test_a_stream_is_not_kept_by_any_proxy(client: Client, others: Others) -> None:
    announced = await register(client, others)
    answer = await client.head(f"/v1/batches/{announced.entity_id}/stream")

    assert (answer.headers["Content-Type"], answer.headers["Cache-Control"]) == ("text/event-stream", "no-store")
    assert answer.headers["X-Accel-Buffering"] == "no"


class TestWhatIsShown:
    """The events themselves."""

    def test_a_fact_that_is_too_long_is_shown_without_its_data(self) -> None:
        essays = [f"essay-{number}" for number in range(MOST_DATA_BYTES // 8)]
        batch = after(registered(essays))

        event = fact_shown(batch, registered(essays))

        assert b'"data":null' in bytes(event.data)
        assert len(bytes(event.data)) < MOST_DATA_BYTES

    def test_a_report_on_what_nobody_waits_for_is_not_shown(self) -> None:
        ready_batch = after(registered("ab"), provisioned("ab"))
        running = after(registered("ab"), provisioned("ab"), resolved(phase(SPELLCHECK)))
        over = after(registered("ab"), provisioned("ab"), resolved(phase(SPELLCHECK)), outcome(SPELLCHECK, "ab"))

        assert progress_shown(running, progress("b", RUN, 1), AT) is not None
        assert progress_shown(running, progress("b", None, 1), AT) is not None
        for batch, report in [
            (ready_batch, progress("b", None, 1)),
            (running, progress("b", "another run", 1)),
            (running, progress("b", RUN, 1, attempt=2)),
            (over, progress("b", RUN, 1)),
        ]:
            assert progress_shown(batch, report, AT) is None

    def test_no_document_of_events_shows_what_bos_says_to_itself(self) -> None:
        assert not [message for message in MESSAGES if message.stays]
