"""What operators ask of many batches: whom it concerns, how fast it goes, how it is watched and stopped."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from quart.typing import TestClientProtocol as Client

from batch_orchestrator_service.app import create_app
from batch_orchestrator_service.domain.asked import BulkStepDue, CancelAsked, PauseAsked, ResumeAsked, RetryAsked
from batch_orchestrator_service.domain.facts import Fact
from batch_orchestrator_service.domain.operation import MOST
from batch_orchestrator_service.implementations.bulk_desk import BulkDesk
from batch_orchestrator_service.implementations.decisions import BatchDecisions
from batch_orchestrator_service.tests.in_memory import InMemory
from batch_orchestrator_service.tests.said import NLP, SPELLCHECK, outcome, provisioned
from huleedu_service_libs.health import Health
from huleedu_service_libs.metrics import ServiceMetrics
from huleedu_service_libs.runtime.effects import Later
from huleedu_service_libs.tracing import Tracing

OPERATOR, OWNER = {"Authorization": "Bearer sesame"}, {"X-User-ID": "teacher-1"}
Wish = CancelAsked | PauseAsked | ResumeAsked | RetryAsked


class School:
    """BOS, its timers, and batches."""

    def __init__(self, world: InMemory, client: Client) -> None:
        self.world, self.client = world, client

    async def register(self, user_id: str = "teacher-1") -> str:
        """A new batch's id."""
        body = {"expected_essay_count": 2, "course_code": "SV2", "user_id": user_id}
        return str((await (await self.client.post("/v1/batches/register", json=body)).get_json())["batch_id"])

    async def happens(self, batch_id: str, fact: Fact) -> None:
        """Decide on this."""
        await (await self.world.container.get(BatchDecisions)).on(batch_id, fact)

    async def half_failed(self) -> str:
        """A batch with one essay that failed in spelling, and one that failed in analysis."""
        batch_id = await self.register()
        batch = await self.world.batches.get(batch_id)
        assert batch is not None
        ada, bo = batch.essays.ids
        await self.happens(batch_id, provisioned([ada, bo], batch_id=batch_id))
        path = f"/v1/batches/{batch_id}/pipelines"
        run = (await (await self.client.post(path, json={"requested_pipeline": "nlp"})).get_json())["run_id"]
        for name, failed in ((SPELLCHECK, ada), (NLP, bo)):
            came_through = [bo] if name is SPELLCHECK else []
            codes = {failed: "EMPTY_CONTENT"}
            await self.happens(batch_id, outcome(name, came_through, codes, run=run, batch_id=batch_id))
        return batch_id

    async def ask(self, **wanted: Any) -> dict[str, Any]:
        """An operator asks for this."""
        answer = await self.client.post("/v1/operations", json=wanted, headers=OPERATOR)
        assert answer.status_code == 202
        found: dict[str, Any] = await answer.get_json()
        return found

    async def operation(self, operation_id: str) -> dict[str, Any]:
        """How far it is."""
        answer = await self.client.get(f"/v1/operations/{operation_id}", headers=OPERATOR)
        found: dict[str, Any] = await answer.get_json()
        return found

    def timers(self) -> list[Later]:
        """Those that have been set; they are taken."""
        found = [effect for effect in self.world.publisher.effects if isinstance(effect, Later)]
        self.world.publisher.effects.clear()
        latest = {timer.name: timer for timer in found}
        return [timer for timer in latest.values() if isinstance(timer.message, BulkStepDue | Wish)]

    async def passes(self, timers: list[Later]) -> list[tuple[timedelta, Wish]]:
        """All timers fire, one after the other, each at its time; what was asked of which batch, and when."""
        desk, began = await self.world.container.get(BulkDesk), self.world.watch()
        asked: list[tuple[timedelta, Wish]] = []
        while timers:
            timer = min(timers, key=lambda each: each.at)
            timers.remove(timer)
            self.world.watch.time = max(self.world.watch(), timer.at)
            if isinstance(timer.message, BulkStepDue):
                await desk.step(timer.message)
            elif isinstance(timer.message, Wish):
                asked.append((self.world.watch() - began, timer.message))
                await desk.decide(timer.message)
            timers += self.timers()
        return asked

    async def carried_out(self, **wanted: Any) -> list[tuple[timedelta, Wish]]:
        """What an operator asks for, to its end."""
        self.world.publisher.effects.clear()
        await self.ask(**wanted)
        return await self.passes(self.timers())


@pytest.fixture
async def school() -> AsyncIterator[School]:
    """With a token for operators."""
    world = InMemory(operator_token="sesame")
    metrics = await world.container.get(ServiceMetrics)
    app = create_app(world.container, world.settings, metrics, Health(), Tracing())
    yield School(world, app.test_client())
    await world.container.close()


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer open"}, OWNER])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/operations"),
        ("POST", "/v1/operations/o1/stop"),
        ("GET", "/v1/operations/o1"),
        ("GET", "/v1/operations"),
    ],
)
async def test_only_operators_may(school: School, headers: dict[str, str], method: str, path: str) -> None:
    body = {"action": "cancel"} if method == "POST" else None
    answer = await school.client.open(path, method=method, headers=headers, json=body)

    assert (answer.status_code, (await answer.get_json())["code"]) == (403, "NOT_AN_OPERATOR")


class TestWhom:
    """It concerns those, and no others."""

    async def test_one_owner_s_batches(self, school: School) -> None:
        mine = [await school.register() for _ in range(3)]
        await school.register("teacher-2")

        asked = await school.carried_out(action="cancel", user_id="teacher-1", reason="an outage")
        assert [wish.batch_id for _, wish in asked] == mine[::-1]
        assert {(wish.asked_by, wish.reason) for _, wish in asked} == {("operator", "an outage")}

    async def test_what_is_paused_is_not_paused_and_only_that_goes_on(self, school: School) -> None:
        paused, going = await school.register(), await school.register()
        await school.client.post(f"/v1/batches/{paused}/pause", headers=OWNER)

        assert [wish.batch_id for _, wish in await school.carried_out(action="pause")] == [going]
        assert [wish.batch_id for _, wish in await school.carried_out(action="resume")] == [going, paused]

    async def test_what_has_not_changed_since_is_left_alone(self, school: School) -> None:
        await school.half_failed()

        assert await school.carried_out(action="retry", since="2026-09-01T09:00:00Z") == []

    async def test_all_that_failed_is_tried_again_in_one_run(self, school: School) -> None:
        batch_id = await school.half_failed()

        ((_, wish),) = await school.carried_out(action="retry")
        assert isinstance(wish, RetryAsked)
        assert (wish.batch_id, wish.phase_name, wish.then) == (batch_id, SPELLCHECK, (NLP,))

    async def test_or_in_one_phase_only(self, school: School) -> None:
        await school.half_failed()

        ((_, wish),) = await school.carried_out(action="retry", phase="nlp")
        assert isinstance(wish, RetryAsked)
        assert (wish.phase_name, wish.then) == (NLP, ())

    async def test_many_are_asked_in_steps_each_once(self, school: School) -> None:
        made = [await school.register() for _ in range(MOST + 30)]

        asked = await school.carried_out(action="pause", per_second=1000)
        assert [wish.batch_id for _, wish in asked] == made[::-1]


class TestRate:
    """So many a second, whatever happens meanwhile."""

    async def test_a_few_at_once_and_then_a_pause(self, school: School) -> None:
        for _ in range(5):
            await school.half_failed()

        asked = await school.carried_out(action="retry", per_second=2)
        assert [at.total_seconds() for at, _ in asked] == [0, 0, 1, 1, 2]

    async def test_less_than_one_a_second(self, school: School) -> None:
        for _ in range(3):
            await school.half_failed()

        asked = await school.carried_out(action="retry", per_second=0.1)
        assert [at.total_seconds() for at, _ in asked] == [0, 10, 20]

    @pytest.mark.parametrize(("action", "rate"), [("retry", 10), ("resume", 10), ("cancel", 100), ("pause", 100)])
    async def test_what_makes_work_goes_slowly_by_itself(self, school: School, action: str, rate: float) -> None:
        assert (await school.ask(action=action))["per_second"] == rate

    async def test_after_an_hour_in_which_nobody_was_there_it_is_no_faster(self, school: School) -> None:
        for _ in range(6):
            await school.half_failed()
        school.world.publisher.effects.clear()
        await school.ask(action="retry", per_second=2)
        timers = school.timers()
        school.world.watch.forward(hours=1)

        assert [at.total_seconds() for at, _ in await school.passes(timers)] == [0, 0, 1, 1, 2, 2]


class TestOne:
    """Asked for twice it is one."""

    async def test_a_second_one_like_it_is_the_first_begun_anew(self, school: School) -> None:
        for _ in range(3):
            await school.half_failed()
        school.world.publisher.effects.clear()
        first = await school.ask(action="retry", per_second=1, since="2026-09-01T07:00:00Z")
        desk = await school.world.container.get(BulkDesk)
        await desk.step(BulkStepDue(operation_id=first["operation_id"]))
        second = await school.ask(action="retry", per_second=5, since="2026-09-01T06:00:00Z", reason="again")

        assert second["operation_id"] == first["operation_id"]
        assert (second["since"], second["per_second"], second["reason"]) == ("2026-09-01T06:00:00Z", 5, "again")
        steps = [timer for timer in school.timers() if isinstance(timer.message, BulkStepDue)]
        assert [timer.at - school.world.watch() for timer in steps] == [timedelta(seconds=1)]

    async def test_another_owner_s_is_another_and_so_is_one_after_its_end(self, school: School) -> None:
        ids = {(await school.ask(action="cancel", user_id=user))["operation_id"] for user in ("anna", "bengt", None)}
        await school.passes(school.timers())
        ids.add((await school.ask(action="cancel"))["operation_id"])

        assert len(ids) == 4


class TestWatched:
    """How far it is, and how it is stopped."""

    async def test_it_says_how_far_it_is(self, school: School) -> None:
        for _ in range(5):
            await school.half_failed()
        begun = await school.ask(action="retry", per_second=2)
        assert (begun["status"], begun["seen"], begun["asked"], begun["left"]) == ("running", 0, 0, 5)

        await (await school.world.container.get(BulkDesk)).step(BulkStepDue(operation_id=begun["operation_id"]))
        found = await school.operation(begun["operation_id"])
        assert (found["status"], found["seen"], found["asked"], found["left"]) == ("running", 2, 2, 3)

    async def test_it_comes_to_its_end(self, school: School) -> None:
        await school.half_failed()
        await school.carried_out(action="retry")

        answer = await school.client.get("/v1/operations", headers=OPERATOR)
        (found,) = (await answer.get_json())["operations"]
        assert (found["status"], found["asked"], found["left"]) == ("done", 1, 0)
        assert datetime.fromisoformat(found["ended_at"]) >= datetime.fromisoformat(found["begun_at"])

    async def stop(self, school: School, operation_id: str) -> tuple[int, dict[str, Any]]:
        """The status and the body of the answer."""
        answer = await school.client.post(f"/v1/operations/{operation_id}/stop", headers=OPERATOR)
        return answer.status_code, await answer.get_json()

    async def test_stopped_it_asks_no_further_batch(self, school: School) -> None:
        for _ in range(3):
            await school.half_failed()
        school.world.publisher.effects.clear()
        begun = await school.ask(action="retry", per_second=1)
        await (await school.world.container.get(BulkDesk)).step(BulkStepDue(operation_id=begun["operation_id"]))

        for _ in range(2):
            status, body = await self.stop(school, begun["operation_id"])
            assert (status, body["status"], body["asked"]) == (202, "stopped", 1)
        assert len(await school.passes(school.timers())) == 1

    async def test_what_is_over_cannot_be_stopped(self, school: School) -> None:
        begun = await school.ask(action="retry")
        await school.passes(school.timers())

        status, body = await self.stop(school, begun["operation_id"])
        assert (status, body["code"]) == (409, "OPERATION_HAS_ENDED")

    async def test_what_there_is_not_is_not_found(self, school: School) -> None:
        status, body = await self.stop(school, "nothing")
        assert (status, body["code"]) == (404, "OPERATION_NOT_FOUND")
        assert (await school.operation("nothing"))["code"] == "OPERATION_NOT_FOUND"


@pytest.mark.parametrize(
    "wrong",
    [{}, {"action": "delete"}, {"action": "retry", "since": "yesterday"}, {"action": "retry", "per_second": 0}],
)
async def test_what_cannot_be_understood_is_refused(school: School, wrong: dict[str, Any]) -> None:
    answer = await school.client.post("/v1/operations", json=wrong, headers=OPERATOR)

    assert (answer.status_code, (await answer.get_json())["code"]) == (400, "VALIDATION_ERROR")
