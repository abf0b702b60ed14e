"""Every request to match a batch is answered once, with all its essays, whatever happens to one of them."""

from collections.abc import AsyncIterator

import pytest

from common_core.enums import MatchOutcome, MatchReasonCode
from common_core.messages.matching import MatchingSummary
from huleedu_service_libs.testing import CAUSE, cancel_run, until
from nlp_service.config import SERVICE_NAME
from nlp_service.tests.matching_class import BODY, CLASS, student
from nlp_service.tests.nlp_world import DEADLY, World, world_on

BY_ANNA = f"Name: Anna Svensson\n\n{BODY}"


@pytest.fixture
async def world(database_dsn: str) -> AsyncIterator[World]:
    async with world_on(database_dsn) as world:
        world.rosters.classes["9A"] = CLASS
        yield world


async def test_a_batch_is_answered_once_with_all_its_essays(world: World) -> None:
    essays = world.essays_to_match(a=BY_ANNA, b=f"Name: Erik\n\n{BODY}", c=BODY, missing=None)

    async with world.working():
        await world.ask_to_match(essays, run_id="run-7", attempt=2)
        await world.settled()

    [answer] = world.suggestions
    assert (answer.batch_id, answer.class_id, answer.run_id, answer.attempt) == ("batch", "9A", "run-7", 2)
    assert [(each.essay_id, each.filename, each.outcome, each.code) for each in answer.match_results] == [
        ("a", "a.docx", MatchOutcome.MATCHED, None),
        ("b", "b.docx", MatchOutcome.REVIEW, "OTHER_STUDENT_FITS"),
        ("c", "c.docx", MatchOutcome.NO_MATCH, "NO_NAME_FOUND"),
        ("missing", "missing.docx", MatchOutcome.FAILED, "CONTENT_NOT_FOUND"),
    ]
    assert answer.processing_summary == MatchingSummary(total_essays=4, processed=3, matched=2, unmatched=1, failed=1)
    assert {(each.correlation_id, str(each.metadata)) for each in world.heard} == {
        (CAUSE.correlation_id, str(CAUSE.metadata))
    }


async def test_a_suggestion_says_who_how_sure_and_why(world: World) -> None:
    async with world.working():
        await world.ask_to_match(world.essays_to_match(a=BY_ANNA))
        await world.settled()

    [result] = world.suggestions[0].match_results
    [suggestion] = result.suggestions
    assert (suggestion.student_id, suggestion.student_name) == ("anna svensson", "Anna Svensson")
    assert suggestion.student_email == "anna.svensson@skola.example"
    assert suggestion.confidence_score >= 0.85
    assert suggestion.match_reasons == ["The text names its author: 'Name: Anna Svensson'."]
    assert suggestion.reason_codes == [MatchReasonCode.LABELLED_NAME]


async def test_what_is_contested_says_so_in_words(world: World) -> None:
    async with world.working():
        await world.ask_to_match(world.essays_to_match(a=f"Name: Erik\n\n{BODY}", b=BODY))
        await world.settled()

    contested, unnamed = world.suggestions[0].match_results
    assert contested.review_reason is not None
    assert contested.review_reason.endswith(" may have written it as well.")
    assert contested.no_match_reason is None
    assert unnamed.no_match_reason is not None
    assert unnamed.review_reason is None


async def test_a_file_name_speaks_for_an_essay_that_cannot_be_read(world: World) -> None:
    [essay] = world.essays_to_match(missing=None)
    named = type(essay)(essay_id="a", text_storage_id=essay.text_storage_id, file_name="Anna Svensson.docx")

    async with world.working():
        await world.ask_to_match([named])
        await world.settled()

    [result] = world.suggestions[0].match_results
    assert (result.outcome, result.code) == (MatchOutcome.REVIEW, "CONTENT_NOT_FOUND")
    assert result.suggestions[0].student_name == "Anna Svensson"


@pytest.mark.parametrize(("class_id", "code"), [("gone", "CLASS_NOT_FOUND"), ("empty", "ROSTER_EMPTY")])
async def test_without_students_every_essay_is_without_one(world: World, class_id: str, code: str) -> None:
    world.rosters.classes["empty"] = []

    async with world.working():
        await world.ask_to_match(world.essays_to_match(a=BY_ANNA, b=BODY), class_id=class_id)
        await world.settled()

    results = world.suggestions[0].match_results
    assert [(each.essay_id, each.outcome, each.code) for each in results] == [
        ("a", MatchOutcome.NO_MATCH, code),
        ("b", MatchOutcome.NO_MATCH, code),
    ]
    assert not world.content.asked


async def test_while_class_management_is_away_the_work_waits_and_analyses_go_on(world: World) -> None:
    world.rosters.away = True

    async def asked() -> bool:
        return world.rosters.asked["9A"] > 1

    async def analysed() -> bool:
        return bool(world.analyses)

    async with world.working():
        await world.ask_to_match(world.essays_to_match(a=BY_ANNA))
        await until(asked)
        await world.ask(world.essays(other=BODY))
        await until(analysed)
        assert world.suggestions == []
        world.rosters.away = False
        await world.settled()

    assert [result.outcome for result in world.suggestions[0].match_results] == [MatchOutcome.MATCHED]
    assert [analysis.essay_id for analysis in world.analyses] == ["other"]


async def test_while_contents_are_away_the_work_waits(world: World) -> None:
    world.content.away = True

    async def asked() -> bool:
        return world.content.asked["text-of-a"] > 1

    async with world.working():
        await world.ask_to_match(world.essays_to_match(a=BY_ANNA))
        await until(asked)
        assert world.suggestions == []
        world.content.away = False
        await world.settled()

    assert len(world.suggestions) == 1


async def test_a_request_that_is_repeated_has_one_answer(world: World) -> None:
    essays = world.essays_to_match(a=BY_ANNA)

    await world.ask_to_match([*essays, essays[0]])
    await world.ask_to_match(essays)
    async with world.working():
        await world.settled()
        await world.ask_to_match(essays)
        await world.settled()

    [answer] = world.suggestions
    assert [result.essay_id for result in answer.match_results] == ["a"]
    assert world.content.asked["text-of-a"] == 1


async def test_another_attempt_is_answered_with_the_roster_of_then(world: World) -> None:
    essays = world.essays_to_match(a=f"Name: Ida Ek\n\n{BODY}")

    async with world.working():
        await world.ask_to_match(essays)
        await world.settled()
        world.rosters.classes["9A"] = [*CLASS, student("Ida Ek")]
        await world.ask_to_match(essays, attempt=2)
        await world.settled()

    assert [(each.attempt, each.processing_summary.matched) for each in world.suggestions] == [(1, 0), (2, 1)]


async def test_a_peer_without_runs_and_file_names_is_answered_too(world: World) -> None:
    [essay] = world.essays_to_match(a=BY_ANNA)
    bare = type(essay)(essay_id="a", text_storage_id=essay.text_storage_id)

    async with world.working():
        await world.ask_to_match([bare], run_id=None, attempt=None)
        await world.settled()

    [answer] = world.suggestions
    assert (answer.run_id, answer.attempt, answer.match_results[0].filename) == (None, None, "")


async def test_nothing_is_matched_for_a_run_that_is_cancelled(world: World) -> None:
    async with world.working():
        await cancel_run(world.database.dsn, SERVICE_NAME, "batch", "over")
        await world.ask_to_match(world.essays_to_match(unwanted=BY_ANNA), run_id="over")
        await world.ask_to_match(world.essays_to_match(a=BY_ANNA))
        await world.settled()

    assert [answer.run_id for answer in world.suggestions] == ["run"]
    assert "text-of-unwanted" not in world.content.asked


@pytest.mark.parametrize("broken", ["pool", "content"])
async def test_a_batch_that_cannot_be_matched_at_all_is_answered_with_a_code(world: World, broken: str) -> None:
    essays = world.essays_to_match(a=BY_ANNA, b=DEADLY if broken == "pool" else BODY)
    if broken == "content":
        world.content.broken.add("text-of-b")

    async with world.working():
        await world.ask_to_match(essays)
        await world.settled()

    results = world.suggestions[0].match_results
    assert [(each.outcome, each.code) for each in results] == [
        (MatchOutcome.FAILED, "STUDENT_MATCHING_FAILED"),
        (MatchOutcome.FAILED, "STUDENT_MATCHING_FAILED"),
    ]
    assert bool(await world.dead_letters()) == (broken == "content")


async def test_the_table_tells_support_how_each_matching_ended(world: World) -> None:
    async with world.working():
        await world.ask_to_match(world.essays_to_match(a=BY_ANNA, b=f"Name: Erik\n\n{BODY}", c=BODY, d=None))
        await world.settled()

    [row] = await world.database.pool.fetch("select * from nlp_service.student_matching")
    assert (row["batch_id"], row["class_id"]) == ("batch", "9A")
    assert (row["matched"], row["review"], row["no_match"], row["failed"]) == (1, 1, 1, 1)
    assert row["answered_at"] is not None
