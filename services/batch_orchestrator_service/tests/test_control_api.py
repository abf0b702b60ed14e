"""Stopping, pausing, going on and trying again over HTTP, with the parts in memory."""

from collections.abc import AsyncIterator
from typing import Any, cast

import pytest
from quart.typing import TestClientProtocol as Client

from batch_orchestrator_service.app import create_app
from batch_orchestrator_service.domain.asked import CancelAsked
from batch_orchestrator_service.domain.facts import Fact
from batch_orchestrator_service.implementations.decisions import BatchDecisions
from batch_orchestrator_service.tests.in_memory import InMemory
from batch_orchestrator_service.tests.said import SPELLCHECK, outcome, provisioned
from huleedu_service_libs.health import Health
from huleedu_service_libs.metrics import ServiceMetrics
from huleedu_service_libs.runtime.effects import Later
from huleedu_service_libs.tracing import Tracing

REGISTRATION: dict[str, Any] = {"expected_essay_count": 2, "course_code": "SV2", "user_id": "teacher-1"}
OWNER, STRANGER = {"X-User-ID": "teacher-1"}, {"X-User-ID": "teacher-2"}
WISHES = ["cancel", "pause", "resume", "phases/spellcheck/retry"]


@pytest.fixture
async def world() -> AsyncIterator[InMemory]:
    """The parts; operators have a token."""
    world = InMemory(operator_token="sesame")
    yield world
    await world.container.close()


@pytest.fixture
async def client(world: InMemory) -> Client:
    """Asks the app."""
    metrics = await world.container.get(ServiceMetrics)
    return create_app(world.container, world.settings, metrics, Health(), Tracing()).test_client()


class Class:
    """One batch, and what happens to it."""

    def __init__(self, world: InMemory, client: Client, batch_id: str) -> None:
        self._world, self._client, self.batch_id = world, client, batch_id

    async def happens(self, fact: Fact) -> None:
        """Decide on this."""
        await (await self._world.container.get(BatchDecisions)).on(self.batch_id, fact)

    async def wish(self, what: str, headers: dict[str, str] | None = None, **body: Any) -> tuple[int, dict[str, Any]]:
        """Ask for this; the status and the body of the answer."""
        url = f"/v1/batches/{self.batch_id}/{what}"
        sent: dict[str, Any] = {"json": body} if body else {}
        answer = await self._client.post(url, headers=headers or OWNER, **sent)
        return answer.status_code, await answer.get_json()

    async def status(self) -> dict[str, Any]:
        """Where it stands."""
        found: dict[str, Any] = await (await self._client.get(f"/v1/batches/{self.batch_id}/status")).get_json()
        return found

    async def timeline(self) -> list[dict[str, Any]]:
        """What has changed it."""
        answer = await self._client.get(f"/v1/batches/{self.batch_id}/timeline")
        facts: list[dict[str, Any]] = (await answer.get_json())["facts"]
        return facts


async def ready(world: InMemory, client: Client) -> Class:
    """A batch of two, ready."""
    registered = await (await client.post("/v1/batches/register", json=REGISTRATION)).get_json()
    found = Class(world, client, registered["batch_id"])
    batch = await world.batches.get(found.batch_id)
    assert batch is not None
    await found.happens(provisioned(batch.essays.ids, batch_id=found.batch_id))
    return found


async def half_failed(world: InMemory, client: Client) -> tuple[Class, str]:
    """A batch whose run is over, and the essay that failed in it."""
    found = await ready(world, client)
    _, run = await found.wish("pipelines", requested_pipeline="spellcheck")
    batch = await world.batches.get(found.batch_id)
    assert batch is not None
    ada, bo = batch.essays.ids
    await found.happens(outcome(SPELLCHECK, [ada], {bo: "EMPTY_CONTENT"}, run=run["run_id"], batch_id=found.batch_id))
    return found, bo


@pytest.mark.parametrize("what", WISHES)
async def test_nobody_asks_anything_about_another_s_batch(world: InMemory, client: Client, what: str) -> None:
    found = await ready(world, client)

    status, body = await found.wish(what, STRANGER)
    assert (status, body["code"]) == (404, "BATCH_NOT_FOUND")


async def test_the_timeline_says_who_asked_and_why(world: InMemory, client: Client) -> None:
    found = await ready(world, client)
    assert (await found.wish("pause", reason="the fire alarm"))[0] == 202
    assert (await found.wish("resume"))[0] == 202
    status, body = await found.wish("cancel", reason="it burns")

    assert (status, body["batch_status"], body["paused"]) == (202, "cancelled", False)
    asked = [(fact["kind"].rpartition(".asked")[0], fact["data"]) for fact in await found.timeline()][-3:]
    assert [(kind.rpartition(".")[2], data["asked_by"], data["reason"]) for kind, data in asked] == [
        ("pause", "teacher-1", "the fire alarm"),
        ("resume", "teacher-1", None),
        ("cancel", "teacher-1", "it burns"),
    ]


async def test_paused_is_shown_with_since_when_and_why(world: InMemory, client: Client) -> None:
    found = await ready(world, client)
    await found.wish("pause", reason="the fire alarm")

    body = await found.status()
    assert body["paused"] == {"since": "2026-09-01T08:00:00Z", "asked_by": "teacher-1", "reason": "the fire alarm"}
    assert [(wait["what"], wait["since"]) for wait in body["waiting_for"]] == [("resume", "2026-09-01T08:00:00Z")]
    status, refused = await found.wish("pipelines", requested_pipeline="spellcheck")
    assert (status, refused["code"]) == (409, "BATCH_PAUSED")


async def test_what_failed_is_tried_again(world: InMemory, client: Client) -> None:
    found, bo = await half_failed(world, client)
    status, body = await found.wish("phases/spellcheck/retry", reason="the file is there now")

    assert (status, body["essay_ids"], body["phase"]) == (202, [bo], "spellcheck")
    run = (await found.status())["runs"][-1]
    assert (run["run_id"], run["phases"][0]["attempt"], run["phases"][0]["succeeded"]) == (body["run_id"], 2, 1)


@pytest.mark.parametrize(
    ("what", "body", "expected"),
    [
        ("phases/nlp/retry", {}, (409, "PHASE_NEVER_RAN")),
        ("phases/spelling/retry", {}, (404, "PHASE_UNKNOWN")),
        ("phases/ai_feedback/retry", {}, (422, "PHASE_NOT_AVAILABLE")),
        ("phases/spellcheck/retry", {"essay_ids": ["nobody"]}, (409, "ESSAYS_NOT_FAILED")),
        ("phases/spellcheck/retry", {"essay_ids": []}, (400, "VALIDATION_ERROR")),
        ("pause", {"reason": 7}, (400, "VALIDATION_ERROR")),
        ("pause", {}, (409, "BATCH_HAS_ENDED")),
        ("resume", {}, (409, "BATCH_HAS_ENDED")),
        ("cancel", {}, (409, "BATCH_HAS_ENDED")),
    ],
)
async def test_a_batch_that_has_ended_says_why_it_does_not_take_this(
    world: InMemory, client: Client, what: str, body: dict[str, Any], expected: tuple[int, str]
) -> None:
    found, _ = await half_failed(world, client)

    status, refused = await found.wish(what, **body)
    assert (status, refused["code"]) == expected


async def test_what_is_being_worked_on_or_has_not_failed_is_not_tried_again(world: InMemory, client: Client) -> None:
    found = await ready(world, client)
    _, run = await found.wish("pipelines", requested_pipeline="spellcheck")
    status, refused = await found.wish("phases/spellcheck/retry")
    assert (status, refused["code"]) == (409, "PIPELINE_ALREADY_ACTIVE")

    batch = await world.batches.get(found.batch_id)
    assert batch is not None
    await found.happens(outcome(SPELLCHECK, batch.essays.ids, run=run["run_id"], batch_id=found.batch_id))
    status, refused = await found.wish("phases/spellcheck/retry")
    assert (status, refused["code"]) == (409, "NOTHING_FAILED")


async def test_the_timeline_says_who_and_why_of_every_fact(world: InMemory, client: Client) -> None:
    found = await ready(world, client)
    _, run = await found.wish("pipelines", requested_pipeline="spellcheck", retry_reason="the prompt is there now")
    batch = await world.batches.get(found.batch_id)
    assert batch is not None
    ada, bo = batch.essays.ids
    await found.happens(outcome(SPELLCHECK, [ada], {bo: "TIMEOUT"}, run=run["run_id"], batch_id=found.batch_id))
    (timer,) = [effect for effect in world.publisher.effects if isinstance(effect, Later)][-1:]
    world.watch.forward(minutes=2)
    await found.happens(cast(Fact, timer.message))
    answer = await client.post(f"/v1/batches/{found.batch_id}/pause", json={"reason": "late"})
    assert answer.status_code == 202

    assert [(fact["who"], fact["why"]) for fact in await found.timeline()] == [
        ("teacher-1", None),
        ("essay_lifecycle_service", "2 of 3 essays have their text, and no more are waited for."),
        ("teacher-1", "the prompt is there now"),
        ("essay_lifecycle_service", "1 essays came through spellcheck, 1 did not."),
        ("batch_orchestrator_service", "The pause before the next attempt of spellcheck was over."),
        (None, "late"),
    ]


async def test_a_cancelled_batch_takes_a_further_pipeline(world: InMemory, client: Client) -> None:
    found = await ready(world, client)
    await found.wish("cancel")
    assert (await found.wish("resume"))[1]["code"] == "BATCH_CANCELLED"

    assert (await found.wish("pipelines", requested_pipeline="spellcheck"))[0] == 202
    body = await found.status()
    assert (body["status"], body["cancelled"]) == ("processing_pipelines", None)


async def test_a_pipeline_that_was_asked_for_before_the_cancellation_starts_nothing(
    world: InMemory, client: Client
) -> None:
    found = await ready(world, client)
    wish = CancelAsked(batch_id=found.batch_id, correlation_id="c")
    world.conductor.meanwhile = lambda: found.happens(wish)

    status, refused = await found.wish("pipelines", requested_pipeline="spellcheck")
    assert (status, refused["code"]) == (409, "BATCH_CANCELLED")
