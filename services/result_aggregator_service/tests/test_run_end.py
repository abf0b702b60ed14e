"""The end of a run is announced once, when its results are there."""

import random

import pytest
from msgspec.structs import replace

from common_core.enums import BatchStatus, NotificationPriority, PhaseName, WebSocketEventCategory
from result_aggregator_service.tests.messages import (
    BATCH,
    CORRELATION,
    ESSAYS,
    LATER_RUN,
    RUN,
    TEACHER,
    analysed,
    at,
    ended,
    outcome,
    registered,
    spellchecked,
    whole_story,
)
from result_aggregator_service.tests.telling import InMemoryWorld


@pytest.fixture
def world() -> InMemoryWorld:
    """Handlers over memory."""
    return InMemoryWorld()


async def test_it_says_how_the_run_went(world: InMemoryWorld) -> None:
    story = [each for each in whole_story() if each != outcome(PhaseName.NLP)]
    await world.tell([*story[:-1], outcome(PhaseName.NLP, {ESSAYS[0]: "ANALYSIS_FAILED"}), ended(failed=1)])

    (ready,) = world.notes.said
    assert (ready.batch_id, ready.user_id, ready.run_id) == (BATCH, TEACHER, RUN)
    assert (ready.total_essays, ready.completed_essays) == (3, 2)
    assert ready.overall_status is BatchStatus.COMPLETED_WITH_FAILURES
    assert ready.processing_duration_seconds == 300.0
    summaries = {name: (each.completed_count, each.failed_count) for name, each in ready.phase_results.items()}
    assert summaries == {"spellcheck": (3, 0), "nlp": (2, 1)}


async def test_the_teacher_is_told_what_is_announced(world: InMemoryWorld) -> None:
    await world.tell(whole_story())

    (told,) = world.notes.told
    assert (told.teacher_id, told.batch_id, told.class_id) == (TEACHER, BATCH, None)
    assert (told.notification_type, told.correlation_id) == ("batch_results_ready", CORRELATION)
    assert (told.category, told.priority) == (WebSocketEventCategory.PROCESSING_RESULTS, NotificationPriority.HIGH)
    assert told.payload["message"] == "Results are ready: 3 of 3 essays came through."
    assert (told.payload["run_id"], told.payload["total_essays"], told.payload["completed_essays"]) == (RUN, 3, 3)
    assert told.payload["overall_status"] is BatchStatus.COMPLETED_SUCCESSFULLY
    assert set(told.payload["phase_results"]) == {"spellcheck", "nlp"}


async def test_each_run_is_announced(world: InMemoryWorld) -> None:
    await world.tell(whole_story())
    await world.tell([ended(0, 20, LATER_RUN), ended()])

    assert [ready.run_id for ready in world.notes.said] == [RUN, LATER_RUN]


@pytest.mark.parametrize("seed", range(20))
async def test_in_any_order_a_run_is_announced_once(world: InMemoryWorld, seed: int) -> None:
    story = whole_story() * 2
    random.Random(seed).shuffle(story)
    await world.tell(story)
    world.notes.now = at(1)
    await world.let_timers_fire()

    assert [ready.run_id for ready in world.notes.said] == [RUN]
    assert [told.payload["run_id"] for told in world.notes.told] == [RUN]
    assert world.notes.timers == {}


async def test_while_results_are_missing_it_looks_again(world: InMemoryWorld) -> None:
    await world.tell([registered(), outcome(PhaseName.SPELLCHECK), outcome(PhaseName.NLP), ended()])
    world.notes.now = at(0.5)
    await world.let_timers_fire()
    assert world.notes.said == []

    await world.tell([*map(spellchecked, ESSAYS), *map(analysed, ESSAYS)])
    world.notes.now = at(0.6)
    await world.let_timers_fire()
    assert [ready.run_id for ready in world.notes.said] == [RUN]


async def test_after_a_minute_what_there_is_is_announced(world: InMemoryWorld) -> None:
    await world.tell([registered(), ended()])
    world.notes.now = at(1)
    await world.let_timers_fire()

    assert [ready.run_id for ready in world.notes.said] == [RUN]
    assert world.notes.timers == {}


async def test_nobody_is_told_about_a_batch_of_an_unknown_teacher(world: InMemoryWorld) -> None:
    await world.tell([ended()])
    world.notes.now = at(2)
    await world.let_timers_fire()

    assert (world.notes.said, world.notes.told, world.notes.timers) == ([], [], {})


async def test_nobody_waits_for_the_results_of_a_cancelled_run(world: InMemoryWorld) -> None:
    await world.tell([*whole_story()[:-1], replace(ended(), final_status=BatchStatus.CANCELLED)])

    assert (world.notes.said, world.notes.told) == ([], [])
