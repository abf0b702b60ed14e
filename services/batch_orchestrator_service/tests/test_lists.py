"""GET /v1/batches: whose, which, page by page, and why some are stuck; with the parts in memory."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from msgspec.structs import replace
from quart.typing import TestClientProtocol as Client

from batch_orchestrator_service.app import create_app
from batch_orchestrator_service.domain.facts import Fact
from batch_orchestrator_service.implementations.decisions import BatchDecisions
from batch_orchestrator_service.protocols import SetAside
from batch_orchestrator_service.tests.in_memory import InMemory
from batch_orchestrator_service.tests.said import (
    CLASS,
    NLP,
    SPELLCHECK,
    confirmed,
    outcome,
    provisioned,
    suggested,
    unusable,
)
from common_core.messages.pipeline import ELSBatchPhaseProgressV1
from huleedu_service_libs.health import Health
from huleedu_service_libs.metrics import ServiceMetrics
from huleedu_service_libs.tracing import Tracing

ANNA, BENGT = {"X-User-ID": "anna"}, {"X-User-ID": "bengt"}
OPERATOR = {"Authorization": "Bearer sesame"}


class School:
    """BOS, and what happens to its batches."""

    def __init__(self, world: InMemory, client: Client) -> None:
        self.world, self._client = world, client

    async def register(self, user_id: str = "anna", essays: int = 2, class_id: str | None = None) -> str:
        """A new batch's id."""
        body = {"expected_essay_count": essays, "course_code": "SV2", "user_id": user_id, "class_id": class_id}
        return str((await (await self._client.post("/v1/batches/register", json=body)).get_json())["batch_id"])

    async def happens(self, batch_id: str, fact: Fact) -> None:
        """Decide on this."""
        await (await self.world.container.get(BatchDecisions)).on(batch_id, fact)

    async def essays(self, batch_id: str) -> tuple[str, ...]:
        """The ids of its slots."""
        batch = await self.world.batches.get(batch_id)
        assert batch is not None
        return batch.essays.ids

    async def ready(self, user_id: str = "anna", essays: int = 2) -> str:
        """A batch that is ready."""
        batch_id = await self.register(user_id, essays)
        await self.happens(batch_id, provisioned(await self.essays(batch_id), batch_id=batch_id))
        return batch_id

    async def runs(self, pipeline: str = "spellcheck") -> tuple[str, str]:
        """A batch that a pipeline runs over, and the run."""
        batch_id = await self.ready()
        return batch_id, str((await self.post(batch_id, "pipelines", requested_pipeline=pipeline))["run_id"])

    async def post(self, batch_id: str, what: str, **body: Any) -> dict[str, Any]:
        """Ask for this."""
        answer = await self._client.post(f"/v1/batches/{batch_id}/{what}", json=body, headers=ANNA)
        assert answer.status_code == 202
        found: dict[str, Any] = await answer.get_json()
        return found

    async def page(self, query: str = "", headers: dict[str, str] = ANNA) -> dict[str, Any]:
        """What is listed."""
        answer = await self._client.get(f"/v1/batches?{query}", headers=headers)
        return {"http": answer.status_code, **await answer.get_json()}

    async def listed(self, query: str = "", headers: dict[str, str] = ANNA) -> list[str]:
        """The ids of what is listed."""
        return [each["batch_id"] for each in (await self.page(query, headers))["batches"]]

    async def stuck(self) -> dict[str, str]:
        """What is said of the only batch that is stuck."""
        (batch,) = (await self.page("stuck=true"))["batches"]
        found: dict[str, str] = batch["stuck"]
        return found


@pytest.fixture
async def school() -> AsyncIterator[School]:
    """With a token for operators."""
    world = InMemory(operator_token="sesame")
    metrics = await world.container.get(ServiceMetrics)
    app = create_app(world.container, world.settings, metrics, Health(), Tracing())
    yield School(world, app.test_client())
    await world.container.close()


class TestWhich:
    """Filters and pages."""

    async def test_newest_first_page_by_page(self, school: School) -> None:
        made = [await school.register() for _ in range(3)]

        first = await school.page("limit=2")
        rest = await school.page(f"limit=2&cursor={first['next_cursor']}")
        assert [each["batch_id"] for each in first["batches"] + rest["batches"]] == made[::-1]
        assert rest["next_cursor"] is None
        assert first["batches"][0].items() >= {"course_code": "SV2", "expected_essay_count": 2}.items()

    async def test_a_page_that_is_just_full_is_known_to_be_the_last(self, school: School) -> None:
        for _ in range(2):
            await school.register()

        assert (await school.page("limit=2"))["next_cursor"] is None

    @pytest.mark.parametrize("word", ["ready", "ready_for_pipeline_execution"])
    async def test_either_word_for_a_status(self, school: School, word: str) -> None:
        batch_id = await school.ready()
        await school.register()

        assert await school.listed(f"status={word}") == [batch_id]

    async def test_several_statuses(self, school: School) -> None:
        waiting, ready = await school.register(), await school.ready()
        await school.runs()

        assert await school.listed("status=ready&status=awaiting_content_validation") == [ready, waiting]

    async def test_since_is_about_changes(self, school: School) -> None:
        old, changed = await school.register(), await school.register()
        school.world.watch.forward(hours=1)
        await school.happens(changed, provisioned(await school.essays(changed), batch_id=changed))

        assert await school.listed("since=2026-09-01T09:00:00Z") == [changed]
        assert await school.listed("since=2026-09-01T10:00:00%2B02:00") == [changed, old]

    @pytest.mark.parametrize(
        ("query", "code"),
        [
            ("status=tired", "UNKNOWN_STATUS"),
            ("status=ready&status=", "UNKNOWN_STATUS"),
            ("class_id=", "MALFORMED_CLASS_ID"),
            ("owner=" + 256 * "a", "MALFORMED_OWNER"),
            ("since=yesterday", "MALFORMED_SINCE"),
            ("since=1788249600", "MALFORMED_SINCE"),
            ("since=2026-09-01T08:00:00", "MALFORMED_SINCE"),
            ("since=2026-13-01T08:00:00Z", "MALFORMED_SINCE"),
            ("since=0001-01-01T00:00:00%2B23:59", "MALFORMED_SINCE"),
            ("stuck=perhaps", "MALFORMED_STUCK"),
            ("stuck=true&stuck_after=0", "MALFORMED_STUCK_AFTER"),
            ("stuck=true&stuck_after=nan", "MALFORMED_STUCK_AFTER"),
            ("stuck=true&stuck_after=1e99", "MALFORMED_STUCK_AFTER"),
            ("limit=0", "LIMIT_OUT_OF_RANGE"),
            ("limit=101", "LIMIT_OUT_OF_RANGE"),
            ("limit=ten", "LIMIT_OUT_OF_RANGE"),
            ("cursor=", "MALFORMED_CURSOR"),
            ("cursor='; drop table batches", "MALFORMED_CURSOR"),
            ("cursor=0198F000-0000-7000-8000-000000000001", "MALFORMED_CURSOR"),
        ],
    )
    async def test_what_cannot_be_understood_is_refused_by_name(self, school: School, query: str, code: str) -> None:
        page = await school.page(query)
        assert (page["http"], page["code"]) == (422, code)


class TestWhose:
    """A teacher has his own; operators may see anybody's."""

    async def test_a_teacher_sees_his_own(self, school: School) -> None:
        mine = await school.register("anna")
        await school.register("bengt")

        assert await school.listed() == await school.listed("owner=anna") == [mine]

    async def test_another_s_are_as_if_there_were_none(self, school: School) -> None:
        await school.register("anna")

        assert await school.page("owner=anna", BENGT) == {"http": 200, "batches": [], "next_cursor": None}

    async def test_an_operator_sees_all_or_anybody_s(self, school: School) -> None:
        anna, bengt = await school.register("anna"), await school.register("bengt")

        assert await school.listed("", OPERATOR) == [bengt, anna]
        assert await school.listed("owner=anna", OPERATOR) == [anna]
        assert await school.listed("owner=bengt", OPERATOR | ANNA) == [bengt]
        assert await school.listed("", OPERATOR | ANNA) == [anna]

    @pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer open"}])
    async def test_nobody_sees_nothing(self, school: School, headers: dict[str, str]) -> None:
        page = await school.page("", headers)
        assert (page["http"], page["code"]) == (401, "USER_UNKNOWN")


def report(batch_id: str, run_id: str, succeeded: int) -> ELSBatchPhaseProgressV1:
    """ELS: so far."""
    return ELSBatchPhaseProgressV1(
        batch_id=batch_id, phase_name=SPELLCHECK, run_id=run_id, attempt=1, succeeded=succeeded, failed=0, total=2
    )


class TestStuck:
    """What has not moved, why, and what would move it."""

    async def test_what_has_moved_or_ended_is_not(self, school: School) -> None:
        ended, run = await school.runs()
        await school.happens(ended, outcome(SPELLCHECK, await school.essays(ended), run=run, batch_id=ended))
        stuck = await school.register()
        school.world.watch.forward(hours=1, seconds=1)
        await school.register()

        assert await school.listed("stuck=true") == [stuck]
        assert await school.listed("stuck=true&status=ready") == []
        assert await school.listed("stuck=true&stuck_after=7200") == []

    async def test_files_are_missing(self, school: School) -> None:
        batch_id = await school.register(essays=3)
        await school.happens(batch_id, replace(unusable("c"), batch_id=batch_id))
        school.world.watch.forward(hours=2)

        found = await school.stuck()
        assert found["reason"] == "It waits for files: 3 are expected, 1 that came could not be used."
        assert found["remedy"] == (
            "Upload what is missing; by itself it goes on with what is there at 2026-09-02 08:00:00Z."
        )
        assert found["since"] == "2026-09-01T08:00:00Z"

    async def test_a_clock_that_does_not_run_is_told(self, school: School) -> None:
        await school.register()
        school.world.watch.forward(hours=25)

        assert "overdue since 2026-09-02 08:00:00Z: BOS's timers do not run" in (await school.stuck())["remedy"]

    async def test_nobody_has_asked_for_a_pipeline(self, school: School) -> None:
        batch_id = await school.ready()
        school.world.watch.forward(hours=2)

        assert f"POST /v1/batches/{batch_id}/pipelines" in (await school.stuck())["remedy"]

    async def test_nobody_has_said_who_wrote_what(self, school: School) -> None:
        batch_id = await school.register(class_id=CLASS)
        await school.happens(batch_id, provisioned(await school.essays(batch_id), batch_id=batch_id))
        school.world.watch.forward(hours=2)
        assert "Matching has not said yet" in (await school.stuck())["reason"]

        await school.happens(batch_id, replace(suggested(), batch_id=batch_id))
        school.world.watch.forward(hours=2)
        found = await school.stuck()
        assert found["reason"] == "It is not confirmed yet who wrote its essays."
        assert f"POST /v1/batches/{batch_id}/student-associations" in found["remedy"]
        assert "the batch goes on without that at 2026-09-04 10:00:00Z" in found["remedy"]

        await school.happens(batch_id, replace(confirmed(), batch_id=batch_id))
        school.world.watch.forward(hours=1, minutes=1)
        assert "ELS has not taken that up yet" in (await school.stuck())["reason"]

    async def test_a_phase_is_not_answered(self, school: School) -> None:
        batch_id, run = await school.runs()
        school.world.watch.forward(minutes=10)
        await school.world.batches.record_progress([report(batch_id, run, 1)])
        school.world.watch.forward(minutes=59)
        assert await school.listed("stuck=true") == []

        school.world.watch.forward(minutes=2)
        found = await school.stuck()
        assert found["since"] == "2026-09-01T08:10:00Z"
        assert found["reason"] == "spellcheck, attempt 1: 1 of 2 essays are answered, none since 2026-09-01 08:10:00Z."
        assert "The service of spellcheck has to answer" in found["remedy"]

    async def test_all_phases_that_are_waited_for_are_named(self, school: School) -> None:
        batch_id, run = await school.runs("nlp")
        await school.happens(batch_id, outcome(SPELLCHECK, await school.essays(batch_id), run=run, batch_id=batch_id))
        school.world.watch.forward(hours=2)

        assert (await school.stuck())["reason"].startswith(f"{NLP}, attempt 1: 0 of 2")

    async def test_the_next_attempt_has_not_begun(self, school: School) -> None:
        batch_id, run = await school.runs()
        failed = dict.fromkeys(await school.essays(batch_id), "TIMEOUT")
        await school.happens(batch_id, outcome(SPELLCHECK, [], failed, run=run, batch_id=batch_id))
        school.world.watch.forward(hours=2)

        found = await school.stuck()
        assert found["reason"] == "spellcheck waits for its next attempt."
        assert "BOS's timers do not run" in found["remedy"]

    async def test_it_is_paused(self, school: School) -> None:
        batch_id = await school.ready()
        await school.post(batch_id, "pause", reason="the fire alarm")
        school.world.watch.forward(hours=2)

        found = await school.stuck()
        assert found["reason"] == "It was paused by anna: the fire alarm."
        assert f"POST /v1/batches/{batch_id}/resume" in found["remedy"]

    async def test_trouble_comes_first(self, school: School) -> None:
        batch_id = await school.ready()
        school.world.look.troubled = "25 messages in a row failed"
        school.world.batches.dead_letters[batch_id] = [SetAside("essay_lifecycle_service", 2, "KeyError: 'a'")]
        school.world.watch.forward(hours=2)

        reason = (await school.stuck())["reason"]
        assert reason == (
            "BOS itself does not get on: 25 messages in a row failed."
            " 2 messages about it could not be handled by essay_lifecycle_service: KeyError: 'a'."
            " Its essays are ready, and nobody has asked for a pipeline."
        )

    async def test_pages_of_what_is_stuck_follow_each_other(self, school: School) -> None:
        made = [await school.register() for _ in range(3)]
        school.world.watch.forward(hours=2)

        first = await school.page("stuck=true&limit=2")
        assert await school.listed(f"stuck=true&cursor={first['next_cursor']}") == made[:1]
