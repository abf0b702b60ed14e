"""BOS over HTTP, with its parts in memory."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from quart.typing import TestClientProtocol as Client

from batch_orchestrator_service.app import create_app
from batch_orchestrator_service.domain.asked import PromptSet
from batch_orchestrator_service.domain.facts import Fact
from batch_orchestrator_service.implementations.decisions import BatchDecisions
from batch_orchestrator_service.tests.in_memory import InMemory
from batch_orchestrator_service.tests.said import NLP, SPELLCHECK, outcome, refs, unusable
from common_core.enums import ContentType, CourseCode
from common_core.messages.batch import (
    BatchContentProvisioningCompletedV1,
    BatchEssaysRegistered,
    BatchPipelineCompletedV1,
)
from common_core.messages.pipeline import ELSBatchPhaseProgressV1, PhaseCommand
from common_core.shared import StorageReference, StorageReferenceMetadata
from huleedu_service_libs.health import Health
from huleedu_service_libs.metrics import ServiceMetrics
from huleedu_service_libs.tracing import Tracing

PROMPT_ID = "0123456789abcdef0123456789abcdef"
PROMPT = {"references": {"student_prompt_text": {"storage_id": PROMPT_ID, "path": ""}}}
REGISTRATION: dict[str, Any] = {"expected_essay_count": 2, "course_code": "SV2", "user_id": "teacher-1"}
OWNER = {"X-User-ID": "teacher-1"}
STRANGER = {"X-User-ID": "teacher-2"}


@pytest.fixture
async def world() -> AsyncIterator[InMemory]:
    """The parts."""
    world = InMemory()
    world.contents.kept[PROMPT_ID] = b"Is honesty always the best policy?"
    yield world
    await world.container.close()


@pytest.fixture
async def client(world: InMemory) -> Client:
    """Asks the app."""
    metrics = await world.container.get(ServiceMetrics)
    return create_app(world.container, world.settings, metrics, Health(), Tracing()).test_client()


async def registered(client: Client, **more: Any) -> str:
    """A new batch's id."""
    answer = await client.post("/v1/batches/register", json=REGISTRATION | more)
    assert answer.status_code == 202
    return str((await answer.get_json())["batch_id"])


async def happens(world: InMemory, batch_id: str, fact: Fact) -> None:
    """ELS says something about a batch."""
    await (await world.container.get(BatchDecisions)).on(batch_id, fact)


async def ready(client: Client, world: InMemory) -> tuple[str, list[str]]:
    """A batch whose content has come, and its essays."""
    batch_id = await registered(client)
    batch = await world.batches.get(batch_id)
    assert batch is not None
    essays = list(batch.essays.ids)
    content = BatchContentProvisioningCompletedV1(
        batch_id=batch_id,
        provisioned_count=2,
        expected_count=2,
        course_code=CourseCode.SV2,
        user_id="teacher-1",
        essays_for_processing=refs(essays),
        correlation_id="c",
        timestamp=world.watch(),
    )
    await happens(world, batch_id, content)
    return batch_id, essays


async def ask(
    client: Client, batch_id: str, pipeline: str, /, headers: dict[str, str] | None = None, **more: Any
) -> Any:
    """Ask for a pipeline."""
    body = {"requested_pipeline": pipeline, **more}
    return await client.post(f"/v1/batches/{batch_id}/pipelines", json=body, headers=headers)


async def prompt(client: Client, batch_id: str, headers: dict[str, str] = OWNER) -> Any:
    """Set the batch's prompt."""
    return await client.patch(f"/v1/batches/{batch_id}/prompt", json={"student_prompt_ref": PROMPT}, headers=headers)


async def code(answer: Any) -> tuple[int, str]:
    """A problem's status and code."""
    assert answer.content_type == "application/problem+json"
    return answer.status_code, (await answer.get_json())["code"]


class TestRegistration:
    """POST /v1/batches/register."""

    async def test_a_batch_is_registered_and_announced(self, client: Client, world: InMemory) -> None:
        correlation = "11111111-1111-4111-8111-111111111111"
        answer = await client.post("/v1/batches/register", json=REGISTRATION, headers={"X-Correlation-ID": correlation})

        body = await answer.get_json()
        assert (answer.status_code, body["status"], body["correlation_id"]) == (202, "registered", correlation)
        (announced,) = [each for each in world.publisher.effects if isinstance(each, BatchEssaysRegistered)]
        assert announced.entity_id == body["batch_id"]
        assert len(set(announced.essay_ids)) == 2

    async def test_a_client_s_own_essay_ids_are_only_counted(self, client: Client, world: InMemory) -> None:
        await registered(client, essay_ids=["mine-1", "mine-2"])

        (announced,) = [each for each in world.publisher.effects if isinstance(each, BatchEssaysRegistered)]
        assert "mine-1" not in announced.essay_ids

    async def test_everything_that_is_wrong_is_said_at_once(self, client: Client) -> None:
        body = {"expected_essay_count": 0, "course_code": "ESPERANTO", "user_id": " ", "cj_default_temperature": 3}
        answer = await client.post("/v1/batches/register", json=body)

        assert await code(answer) == (400, "VALIDATION_ERROR")
        assert {wrong["pointer"] for wrong in (await answer.get_json())["errors"]} == {
            "#/expected_essay_count",
            "#/course_code",
            "#/user_id",
            "#/cj_default_temperature",
        }

    @pytest.mark.parametrize(
        ("more", "refused"),
        [
            ({"essay_ids": ["only one"]}, (400, "VALIDATION_ERROR")),
            ({"student_prompt_ref": {"references": {}}}, (400, "VALIDATION_ERROR")),
            ({"user_id": "nul\0"}, (400, "VALIDATION_ERROR")),
            ({"expected_essay_count": 11}, (422, "TOO_MANY_ESSAYS")),
            ({"user_id": "teacher-2"}, (403, "IDENTITY_MISMATCH")),
        ],
    )
    async def test_a_refusal_has_a_code_and_leaves_no_trace(
        self, client: Client, world: InMemory, more: dict[str, Any], refused: tuple[int, str]
    ) -> None:
        answer = await client.post("/v1/batches/register", json=REGISTRATION | more, headers=OWNER)

        assert await code(answer) == refused
        assert world.publisher.effects == []

    async def test_operations_are_counted_by_their_end(self, client: Client, world: InMemory) -> None:
        await registered(client)
        await client.post("/v1/batches/register", json=REGISTRATION | {"expected_essay_count": 11})

        metrics = (await (await client.get("/metrics")).get_data(as_text=True)).splitlines()
        assert 'batch_operations_total{operation="register",status="accepted"} 1.0' in metrics
        assert 'batch_operations_total{operation="register",status="refused"} 1.0' in metrics


class TestStatus:
    """GET /v1/batches/{id}/status."""

    async def test_a_new_batch_waits_for_content_until_its_deadline(self, client: Client, world: InMemory) -> None:
        answer = await client.get(f"/v1/batches/{await registered(client)}/status", headers=OWNER)

        body = await answer.get_json()
        assert (body["status"], body["client_status"]) == ("awaiting_content_validation", "pending_content")
        (wait,) = body["waiting_for"]
        assert (wait["what"], wait["since"], wait["until"]) == (
            "content",
            "2026-09-01T08:00:00Z",
            "2026-09-02T08:00:00Z",
        )
        assert body["batch_context"]["course_code"] == "SV2"
        assert body["pipeline_state"]["requested_pipelines"] == []

    async def test_a_running_phase_shows_how_far_els_says_it_is(self, client: Client, world: InMemory) -> None:
        batch_id, _ = await ready(client, world)
        await ask(client, batch_id, "nlp")
        report = ELSBatchPhaseProgressV1(batch_id=batch_id, phase_name=SPELLCHECK, succeeded=1, failed=0, total=2)
        await world.batches.record_progress([report])

        body = await (await client.get(f"/v1/batches/{batch_id}/status")).get_json()
        assert body["pipeline_state"]["spellcheck"]["status"] == "in_progress"
        assert body["pipeline_state"]["spellcheck"]["progress_percentage"] == 50.0
        assert body["pipeline_state"]["nlp"]["status"] == "pending_dependencies"
        assert body["progress"]["percentage"] == 25.0
        assert [(wait["what"], wait["phase"]) for wait in body["waiting_for"]] == [("phase_outcome", "spellcheck")]

    async def test_failures_are_named(self, client: Client, world: InMemory) -> None:
        batch_id, (ada, bo) = await ready(client, world)
        await happens(world, batch_id, unusable("c"))
        run = (await (await ask(client, batch_id, "nlp")).get_json())["run_id"]
        await happens(world, batch_id, outcome(SPELLCHECK, [ada], {bo: "EMPTY_CONTENT"}, run=run))
        await happens(world, batch_id, outcome(NLP, [ada], run=run))

        body = await (await client.get(f"/v1/batches/{batch_id}/status")).get_json()
        assert (body["status"], body["waiting_for"]) == ("completed_with_failures", [])
        assert [failure["file_name"] for failure in body["failures"]] == ["c.docx"]
        (found,) = body["runs"]
        assert (found["successful_essay_count"], found["failed_essay_count"]) == (1, 1)
        assert found["phases"][0]["failed_essays"] == [{"essay_id": bo, "error_code": "EMPTY_CONTENT"}]
        assert body["pipeline_state"]["spellcheck"]["error_info"] == {"error_categories": {"EMPTY_CONTENT": 1}}

    @pytest.mark.parametrize("path", ["/v1/batches/{}/status", "/v1/batches/{}/timeline"])
    async def test_another_s_batch_is_as_little_there_as_none(self, client: Client, path: str) -> None:
        batch_id = await registered(client)

        others = await client.get(path.format(batch_id), headers=STRANGER)
        nobodys = await client.get(path.format("nothing"), headers=STRANGER)
        assert await code(others) == await code(nobodys) == (404, "BATCH_NOT_FOUND")


class TestPipelines:
    """POST /v1/batches/{id}/pipelines."""

    async def test_a_ready_batch_starts(self, client: Client, world: InMemory) -> None:
        batch_id, _ = await ready(client, world)
        answer = await ask(client, batch_id, "nlp", headers=OWNER)

        body = await answer.get_json()
        assert (answer.status_code, body["status"], body["batch_id"]) == (202, "accepted", batch_id)
        assert body["phases"] == [
            {"name": "spellcheck", "depends_on": [], "reuse": False},
            {"name": "nlp", "depends_on": ["spellcheck"], "reuse": False},
        ]
        (command,) = [each for each in world.publisher.effects if isinstance(each, PhaseCommand)]
        assert (command.run_id, command.language) == (body["run_id"], "sv")

    async def test_bcs_is_told_what_is_done_and_what_is_left(self, client: Client, world: InMemory) -> None:
        batch_id, (ada, bo) = await ready(client, world)
        run = (await (await ask(client, batch_id, "spellcheck")).get_json())["run_id"]
        await happens(world, batch_id, outcome(SPELLCHECK, [ada], {bo: "EMPTY_CONTENT"}, run=run))
        again = await (await ask(client, batch_id, "nlp")).get_json()

        assert [phase["reuse"] for phase in again["phases"]] == [True, False]
        asked = world.conductor.asked[-1]
        assert asked.completed_phases == (SPELLCHECK,)
        assert asked.essay_states == {SPELLCHECK: {"succeeded": 1, "failed": 1, "left": 0}}

    async def test_with_nothing_left_to_do_the_run_is_over_at_once(self, client: Client, world: InMemory) -> None:
        batch_id, essays = await ready(client, world)
        run = (await (await ask(client, batch_id, "spellcheck")).get_json())["run_id"]
        await happens(world, batch_id, outcome(SPELLCHECK, essays, run=run))
        again = await (await ask(client, batch_id, "spellcheck")).get_json()

        assert "nothing left to do" in again["message"]
        ended = [each.run_id for each in world.publisher.effects if isinstance(each, BatchPipelineCompletedV1)]
        assert ended == [run, again["run_id"]]

    async def test_not_before_its_content_has_come(self, client: Client) -> None:
        assert await code(await ask(client, await registered(client), "nlp")) == (409, "BATCH_NOT_READY")

    async def test_not_without_any_content(self, client: Client, world: InMemory) -> None:
        batch_id = await registered(client)
        await happens(world, batch_id, unusable("ab", critical=True))

        assert await code(await ask(client, batch_id, "nlp")) == (409, "CONTENT_INGESTION_FAILED")

    async def test_not_while_a_run_is_active_and_it_says_which(self, client: Client, world: InMemory) -> None:
        batch_id, _ = await ready(client, world)
        run = (await (await ask(client, batch_id, "nlp")).get_json())["run_id"]
        answer = await ask(client, batch_id, "spellcheck")

        assert await code(answer) == (409, "PIPELINE_ALREADY_ACTIVE")
        assert f"Run {run} of pipeline nlp" in (await answer.get_json())["detail"]

    async def test_while_bcs_is_away_nothing_is_half_done(self, client: Client, world: InMemory) -> None:
        batch_id, _ = await ready(client, world)
        before, world.conductor.away = await world.batches.get(batch_id), True
        answer = await ask(client, batch_id, "nlp")

        assert await code(answer) == (503, "SERVICE_UNAVAILABLE")
        assert answer.headers["Retry-After"] == "7"
        assert await world.batches.get(batch_id) == before

    @pytest.mark.parametrize(
        ("pipeline", "more", "refused"),
        [
            ("cj_assessment", {}, (422, "PHASE_NOT_AVAILABLE")),
            ("horoscope", {}, (422, "BCS_PIPELINE_DEPENDENCY_RESOLUTION_FAILED")),
            ("nlp", {"batch_id": "another"}, (422, "BATCH_ID_MISMATCH")),
            ("nlp", {"prompt_payload": {}}, (400, "VALIDATION_ERROR")),
            ("nlp", {"prompt_payload": {"assignment_id": "a", "cms_prompt_ref": PROMPT}}, (400, "VALIDATION_ERROR")),
            ("", {}, (400, "VALIDATION_ERROR")),
        ],
    )
    async def test_what_cannot_be_done_is_refused_before_anything_starts(
        self, client: Client, world: InMemory, pipeline: str, more: dict[str, Any], refused: tuple[int, str]
    ) -> None:
        batch_id, _ = await ready(client, world)

        assert await code(await ask(client, batch_id, pipeline, **more)) == refused
        assert not [each for each in world.publisher.effects if isinstance(each, PhaseCommand)]

    async def test_a_stranger_starts_nothing(self, client: Client, world: InMemory) -> None:
        batch_id, _ = await ready(client, world)

        assert await code(await ask(client, batch_id, "nlp", headers=STRANGER)) == (404, "BATCH_NOT_FOUND")

    @pytest.mark.parametrize(
        ("payload", "source"),
        [(None, "none"), ({"assignment_id": "a-1"}, "canonical"), ({"cms_prompt_ref": PROMPT}, "cms")],
    )
    async def test_bcs_is_told_where_the_prompt_comes_from(
        self, client: Client, world: InMemory, payload: Any, source: str
    ) -> None:
        batch_id, _ = await ready(client, world)
        await ask(client, batch_id, "nlp", **({"prompt_payload": payload} if payload else {}))

        (asked,) = world.conductor.asked
        assert (asked.prompt_source, asked.prompt_attached) == (source, source != "none")


class TestPrompt:
    """PATCH /v1/batches/{id}/prompt."""

    async def test_the_owner_sets_it(self, client: Client, world: InMemory) -> None:
        batch_id, _ = await ready(client, world)
        answer = await prompt(client, batch_id)

        assert (answer.status_code, (await answer.get_json())["status"]) == (200, "success")
        body = await (await client.get(f"/v1/batches/{batch_id}/status")).get_json()
        assert body["batch_context"]["student_prompt_ref"] == PROMPT
        await ask(client, batch_id, "nlp")
        assert world.conductor.asked[-1].prompt_source == "context"

    @pytest.mark.parametrize(
        ("headers", "refused"), [({}, (401, "USER_UNKNOWN")), (STRANGER, (404, "BATCH_NOT_FOUND"))]
    )
    async def test_nobody_else_does(
        self, client: Client, world: InMemory, headers: dict[str, str], refused: tuple[int, str]
    ) -> None:
        batch_id, _ = await ready(client, world)
        answer = await prompt(client, batch_id, headers)

        assert await code(answer) == refused

    async def test_not_one_that_is_not_stored(self, client: Client, world: InMemory) -> None:
        batch_id, _ = await ready(client, world)
        world.contents.kept.clear()

        assert await code(await prompt(client, batch_id)) == (404, "CONTENT_NOT_FOUND")

    async def test_while_content_service_is_away_it_is_to_be_tried_again(self, client: Client, world: InMemory) -> None:
        batch_id, _ = await ready(client, world)
        world.contents.away = True
        answer = await prompt(client, batch_id)

        assert await code(answer) == (503, "SERVICE_UNAVAILABLE")
        assert answer.headers["Retry-After"] == "5"

    async def test_not_while_a_run_is_active(self, client: Client, world: InMemory) -> None:
        batch_id, _ = await ready(client, world)
        await ask(client, batch_id, "nlp")
        answer = await prompt(client, batch_id)

        assert await code(answer) == (409, "PROMPT_FIXED")

    async def test_one_that_came_by_a_message_is_shown_as_it_came(self, client: Client, world: InMemory) -> None:
        batch_id, _ = await ready(client, world)
        reference = StorageReference(storage_id="kept elsewhere")
        foreign = StorageReferenceMetadata(references={ContentType.STUDENT_PROMPT_TEXT: reference})
        await happens(world, batch_id, PromptSet(batch_id=batch_id, student_prompt_ref=foreign))

        body = await (await client.get(f"/v1/batches/{batch_id}/status")).get_json()
        shown = body["batch_context"]["student_prompt_ref"]["references"]
        assert shown == {"student_prompt_text": {"storage_id": "kept elsewhere", "path": ""}}

    async def test_a_gateway_may_encode_the_user(self, client: Client) -> None:
        batch_id = await registered(client, user_id="Åsa Öberg")
        headers = {"X-User-ID": "%C3%85sa%20%C3%96berg", "X-Identity-Encoding": "url"}

        assert (await client.get(f"/v1/batches/{batch_id}/status", headers=headers)).status_code == 200


class TestReadings:
    """GET .../timeline and /internal/.../pipeline-state."""

    async def test_the_timeline_has_every_fact_in_order(self, client: Client, world: InMemory) -> None:
        batch_id, _ = await ready(client, world)
        await ask(client, batch_id, "nlp")

        first = await (await client.get(f"/v1/batches/{batch_id}/timeline?limit=2")).get_json()
        rest = await (
            await client.get(f"/v1/batches/{batch_id}/timeline?after={first['next_after']}", headers=OWNER)
        ).get_json()
        assert [(fact["seq"], fact["kind"]) for fact in first["facts"] + rest["facts"]] == [
            (1, "batch_orchestrator.batch.registered"),
            (2, "huleedu.batch.content.provisioning.completed.v1"),
            (3, "batch_orchestrator.pipeline.resolved"),
        ]
        assert rest["next_after"] is None
        assert first["facts"][0]["data"]["course_code"] == "SV2"

    async def test_file_service_learns_whose_batch_it_is_and_when_it_is_locked(
        self, client: Client, world: InMemory
    ) -> None:
        batch_id, _ = await ready(client, world)
        path = f"/internal/v1/batches/{batch_id}/pipeline-state"

        before = await (await client.get(path)).get_json()
        assert (before["user_id"], before["locked"]) == ("teacher-1", False)
        await ask(client, batch_id, "nlp")
        after = await (await client.get(path)).get_json()
        assert (after["locked"], after["lock_reason"]) == (True, "spellcheck is dispatch_initiated")
        assert after["pipeline_state"]["cj_assessment"] is None
        assert await code(await client.get("/internal/v1/batches/nothing/pipeline-state")) == (404, "BATCH_NOT_FOUND")
