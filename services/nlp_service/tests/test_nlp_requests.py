"""Every essay that the NLP service is asked about is answered once, whatever happens to it or its neighbours."""

from collections import Counter
from collections.abc import AsyncIterator
from typing import NoReturn

import pytest

from common_core.enums import BatchStatus
from common_core.messages.nlp import GrammarAnalysis
from huleedu_service_libs.testing import CAUSE, cancel_run, until
from nlp_service.config import SERVICE_NAME
from nlp_service.tests.nlp_world import DEADLY, SmallPool, World, world_on

PROSE = "The dog ran. It was fast and the cat was not."


@pytest.fixture
async def world(database_dsn: str) -> AsyncIterator[World]:
    async with world_on(database_dsn, essays_per_item=3) as world:
        yield world


async def test_every_essay_is_answered_once_the_failing_ones_with_their_codes(world: World) -> None:
    good = {f"good-{number}": f"{PROSE} {number}" for number in range(8)}
    essays = world.essays(**good, missing=None, empty=" \n", deadly=DEADLY)

    async with world.working():
        await world.ask(essays)
        await world.settled()

    assert world.outcomes() == Counter(
        [
            *((essay_id, "success") for essay_id in good),
            ("missing", "CONTENT_NOT_FOUND"),
            ("empty", "EMPTY_CONTENT"),
            ("deadly", "NLP_SERVICE_ERROR"),
        ]
    )
    assert sorted(analysis.essay_id for analysis in world.analyses) == sorted(good)
    failed = {"missing": "CONTENT_NOT_FOUND", "empty": "EMPTY_CONTENT", "deadly": "NLP_SERVICE_ERROR"}
    assert await world.rows() == {(each.essay_id, 1): failed.get(each.essay_id) for each in essays}


async def test_an_analysis_carries_metrics_and_features_and_belongs_to_its_request(world: World) -> None:
    async with world.working():
        await world.ask(world.essays(e1=PROSE), run_id="run-7", attempt=2)
        await world.settled()

    [analysis], [answer] = world.analyses, world.answers
    assert (analysis.parent_id, analysis.text_storage_id) == ("batch", "text-of-e1")
    assert analysis.nlp_metrics.word_count == 11
    assert analysis.processing_metadata["feature_outputs"]["sentence_count"] == 2
    assert analysis.processing_metadata["language_differs"] is False
    assert analysis.grammar_analysis == GrammarAnalysis(error_count=0, language="en")
    assert {(each.run_id, each.attempt) for each in (analysis, answer)} == {("run-7", 2)}
    assert (answer.status, answer.processing_summary.total_essays) == (BatchStatus.COMPLETED_SUCCESSFULLY, 1)
    assert {(each.correlation_id, str(each.metadata)) for each in world.heard} == {
        (CAUSE.correlation_id, str(CAUSE.metadata))
    }


@pytest.mark.parametrize(
    ("texts", "status"),
    [
        ({"a": PROSE, "b": None}, BatchStatus.COMPLETED_WITH_FAILURES),
        ({"a": None, "b": None}, BatchStatus.FAILED_CRITICALLY),
    ],
)
async def test_the_status_tells_whether_some_or_all_have_failed(
    world: World, texts: dict[str, str | None], status: BatchStatus
) -> None:
    async with world.working():
        await world.ask(world.essays(**texts))
        await world.settled()

    assert [answer.status for answer in world.answers] == [status]


async def test_an_essay_in_another_language_is_analysed_and_flagged(world: World) -> None:
    async with world.working():
        await world.ask(world.essays(e1="Det var en gång en katt som inte ville vara med, och den hade en hatt."))
        await world.settled()

    [analysis] = world.analyses
    assert analysis.nlp_metrics.language_detected == "sv"
    assert analysis.processing_metadata["language_differs"] is True


async def test_a_language_nobody_analyses_is_a_failure_of_each_essay(world: World) -> None:
    async with world.working():
        await world.ask(world.essays(a=PROSE, b=PROSE), language="fi")
        await world.settled()

    assert world.outcomes() == Counter([("a", "LANGUAGE_NOT_SUPPORTED"), ("b", "LANGUAGE_NOT_SUPPORTED")])


async def test_a_request_asked_again_is_answered_again_without_more_work(world: World) -> None:
    essays = world.essays(a=PROSE, b=None)

    async with world.working():
        await world.ask(essays)
        await world.settled()
        await world.ask(essays)
        await world.settled()

    assert world.outcomes() == Counter({("a", "success"): 2, ("b", "CONTENT_NOT_FOUND"): 2})
    assert len(world.analyses) == 1
    assert world.content.asked == Counter({"text-of-a": 1, "text-of-b": 1})


async def test_a_request_that_is_partly_answered_has_the_rest_worked_off(world: World) -> None:
    essays = world.essays(a=PROSE, b=PROSE)

    async with world.working():
        await world.ask(essays[:1])
        await world.settled()
        await world.ask(essays)
        await world.settled()

    assert world.outcomes() == Counter({("a", "success"): 2, ("b", "success"): 1})
    assert len(world.analyses) == 2


async def test_a_request_that_arrives_twice_at_once_has_one_effect(world: World) -> None:
    essays = world.essays(a=PROSE, b=PROSE, c=None, d=PROSE)

    await world.ask([*essays, essays[0]])
    await world.ask(essays)
    async with world.working():
        await world.settled()

    assert world.outcomes() == Counter(
        [("a", "success"), ("b", "success"), ("c", "CONTENT_NOT_FOUND"), ("d", "success")]
    )
    assert sorted(analysis.essay_id for analysis in world.analyses) == ["a", "b", "d"]


async def test_another_attempt_is_another_question(world: World) -> None:
    async with world.working():
        await world.ask(world.essays(a=None))
        await world.settled()
        await world.ask(world.essays(a=PROSE), attempt=2)
        await world.settled()

    assert world.outcomes() == Counter([("a", "CONTENT_NOT_FOUND"), ("a", "success")])
    assert await world.rows() == {("a", 1): "CONTENT_NOT_FOUND", ("a", 2): None}


async def test_a_peer_without_runs_is_answered_too(world: World) -> None:
    async with world.working():
        await world.ask(world.essays(a=PROSE), run_id=None, attempt=None)
        await world.settled()

    [answer] = world.answers
    assert (answer.run_id, answer.attempt) == (None, None)
    assert world.outcomes() == Counter([("a", "success")])


async def test_a_request_for_nothing_is_answered(world: World) -> None:
    async with world.working():
        await world.ask([])
        await world.settled()

    assert [answer.processing_summary.total_essays for answer in world.answers] == [0]


async def test_while_contents_are_away_the_work_waits(world: World) -> None:
    world.content.away = True

    async def asked() -> bool:
        return world.content.asked["text-of-a"] > 1

    async with world.working():
        await world.ask(world.essays(a=PROSE, b=PROSE))
        await until(asked)
        assert world.answers == []
        world.content.away = False
        await world.settled()

    assert world.outcomes() == Counter([("a", "success"), ("b", "success")])


async def test_work_that_cannot_be_done_at_all_fails_its_essays_and_is_set_aside(world: World) -> None:
    essays = world.essays(a=PROSE, b=PROSE, c=PROSE, other=PROSE)
    world.content.broken.add("text-of-b")

    async with world.working():
        await world.ask(essays)
        await world.settled()

    failed = [(essay_id, "NLP_SERVICE_ERROR") for essay_id in ("a", "b", "c")]
    assert world.outcomes() == Counter([*failed, ("other", "success")])
    assert await world.database.pool.fetchval("select reason from runtime.dead_letter") == "KeyError: 'a bug'"


async def test_without_an_engine_requests_are_answered_where_they_are_read(
    database_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object) -> NoReturn:
        raise AssertionError("nothing is computed")

    monkeypatch.setattr(SmallPool, "run", never)
    async with world_on(database_dsn, engine="none") as world, world.working():
        await world.ask(world.essays(a=PROSE, b=None), run_id="run-7", attempt=2)
        await world.settled()

        assert world.outcomes() == Counter([("a", "success"), ("b", "success")])
        assert [(each.essay_id, each.text_storage_id, each.nlp_metrics.word_count) for each in world.analyses] == [
            ("a", "text-of-a", 0),
            ("b", "text-of-b", 0),
        ]
        assert {(each.data.run_id, each.data.attempt) for each in world.heard} == {("run-7", 2)}
        assert not world.content.asked
        assert await world.rows() == {}
        assert await world.database.pool.fetchval("select last_value = 1 and not is_called from runtime.work_id_seq")


async def test_nothing_is_analysed_or_answered_for_a_run_that_is_cancelled(world: World) -> None:
    unwanted = world.essays(**{f"unwanted-{number}": PROSE for number in range(8)})
    async with world.working():
        await cancel_run(world.database.dsn, SERVICE_NAME, "batch", "over")
        await world.ask(unwanted, run_id="over")
        await world.ask(world.essays(wanted=PROSE))
        await world.settled()

    assert world.outcomes() == Counter([("wanted", "success")])
    assert set(world.content.asked) == {"text-of-wanted"}
