"""Every essay that the spellchecker is asked about is answered once, whatever happens to it or its neighbours."""

from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import pytest

from common_core.enums import EssayStatus
from common_core.messages.spellcheck import SpellcheckCorrection
from common_core.shared import SpellcheckMetricsV1
from huleedu_service_libs.testing import CAUSE, cancel_run, until
from spellchecker_service.answers import MOST_CORRECTIONS_TOLD, NOTHING_CHANGED
from spellchecker_service.config import SERVICE_NAME
from spellchecker_service.tests.spelling_world import DEADLY, World, asked, world_on


@pytest.fixture
async def world(database_dsn: str) -> AsyncIterator[World]:
    async with world_on(database_dsn) as world:
        yield world


async def test_every_essay_is_answered_once_the_failing_ones_with_their_codes(world: World) -> None:
    good = {f"good-{number}": f"This is teh text {number}." for number in range(80)}
    codes = {"missing": "CONTENT_NOT_FOUND", "empty": "EMPTY_CONTENT", "deadly": "SPELLCHECK_SERVICE_ERROR"}

    async with world.working():
        await world.ask(**good, missing=None, empty=" \n", deadly=DEADLY)
        await world.settled()

    expected = Counter({(essay_id, None): 1 for essay_id in good} | dict.fromkeys(codes.items(), 1))
    assert Counter((answer.entity_id, answer.error_code) for answer in world.short_answers) == expected
    assert Counter((answer.entity_id, answer.error_code) for answer in world.long_answers) == expected
    assert await world.rows() == dict.fromkeys(good, (1, None)) | {each: (0, code) for each, code in codes.items()}


async def test_an_essay_is_corrected_and_every_correction_told_with_its_place(world: World) -> None:
    text = "\r\nI read teh informations.\t Å 😀 teh"

    async with world.working():
        await world.ask(e1=text)
        await world.settled()

    [short], [long] = world.short_answers, world.long_answers
    assert world.text(short.corrected_text_storage_id) == "\r\nI read the information.\t Å 😀 the"
    assert (short.status, short.error_code, short.entity_id, short.batch_id) == ("completed", None, "e1", "batch")
    metrics = SpellcheckMetricsV1(
        total_corrections=3,
        l2_dictionary_corrections=1,
        spellchecker_corrections=2,
        word_count=7,
        correction_density=42.86,
    )
    assert short.spellcheck_metrics == long.correction_metrics == metrics
    assert long.corrections[0] == SpellcheckCorrection(
        offset=9, length=3, original="teh", replacement="the", alternatives=["tea", "ten"], kind="spelling"
    )
    assert [text[each.offset : each.offset + each.length] for each in long.corrections] == [
        "teh",
        "informations",
        "teh",
    ]
    assert (long.corrections_made, long.corrections_truncated) == (3, False)
    assert long.status is EssayStatus.SPELLCHECKED_SUCCESS
    assert long.original_text_storage_id == "text-of-e1"
    assert long.corrected_text_storage_id == short.corrected_text_storage_id


async def test_both_answers_belong_to_their_request(world: World) -> None:
    async with world.working():
        await world.ask(e1="Right.")
        await world.say(asked("e2", run_id="run-7", attempt=2), asked("e3", run_id=None, attempt=None))
        await world.settled()

    belongings: dict[str, set[Any]] = {}
    for answer in (each.data for each in world.heard):
        belongings.setdefault(answer.entity_id, set()).add((answer.run_id, answer.attempt))
    assert belongings == {"e1": {("run", 1)}, "e2": {("run-7", 2)}, "e3": {(None, None)}}
    assert {(each.correlation_id, each.data.correlation_id) for each in world.heard} == {(CAUSE.correlation_id,) * 2}
    assert {each.user_id for each in world.long_answers} == {"teacher"}


async def test_a_text_without_errors_is_its_own_correction(world: World) -> None:
    async with world.working():
        await world.ask(e1="All is well.")
        await world.settled()

    [answer] = world.short_answers
    assert answer.corrected_text_storage_id == "text-of-e1"
    assert world.content.stored == 0


async def test_an_essay_in_another_language_is_flagged_and_not_corrected(world: World) -> None:
    async with world.working():
        await world.ask(e1="Det var teh katt som inte ville och den hade en hatt som var på väg till det.")
        await world.settled()

    [answer] = world.long_answers
    assert (answer.language_detected, answer.corrections_made, answer.corrections) == ("sv", 0, [])
    assert (answer.corrected_text_storage_id, answer.status) == ("text-of-e1", EssayStatus.SPELLCHECKED_SUCCESS)


async def test_a_language_nobody_checks_is_a_failure(world: World) -> None:
    async with world.working():
        await world.ask(e1="Tämä on teksti.", language="fi")
        await world.settled()

    [short], [long] = world.short_answers, world.long_answers
    assert (short.status, short.error_code, short.corrected_text_storage_id) == (
        "failed",
        "LANGUAGE_NOT_SUPPORTED",
        None,
    )
    assert (long.status, long.correction_metrics) == (EssayStatus.SPELLCHECK_FAILED, NOTHING_CHANGED)


async def test_more_corrections_than_a_message_tells_are_counted_and_corrected(world: World) -> None:
    many = MOST_CORRECTIONS_TOLD + 1

    async with world.working():
        await world.ask(e1="teh " * many)
        await world.settled()

    [answer] = world.long_answers
    assert (answer.corrections_made, len(answer.corrections)) == (many, MOST_CORRECTIONS_TOLD)
    assert answer.corrections_truncated
    assert world.text(answer.corrected_text_storage_id) == "the " * many


async def test_a_request_that_comes_twice_is_answered_alike_and_recorded_once(world: World) -> None:
    async with world.working():
        await world.ask(2, e1="This is teh text.")
        await world.settled()

    first, second = world.short_answers
    assert first.corrected_text_storage_id == second.corrected_text_storage_id
    assert await world.rows() == {"e1": (1, None)}


async def test_while_contents_are_away_essays_wait(world: World) -> None:
    world.content.away = True

    async def asked_again() -> bool:
        return world.content.asked["text-of-e1"] > 1

    async with world.working():
        await world.ask(e1="This is teh text.", e2="That is teh text.")
        await until(asked_again)
        assert world.heard == []
        world.content.away = False
        await world.settled()

    assert sorted(answer.entity_id for answer in world.short_answers) == ["e1", "e2"]


async def test_without_an_engine_requests_are_answered_where_they_are_read(database_dsn: str) -> None:
    async with world_on(database_dsn, engine="none") as world, world.working():
        await world.ask(e1="This is teh text.", e2=None)
        await world.settled()

        answers = [each.data for each in world.heard]
        assert Counter(
            (each.entity_id, each.corrected_text_storage_id, each.error_code) for each in answers
        ) == Counter({("e1", "text-of-e1", None): 2, ("e2", "text-of-e2", None): 2})
        assert {each.correction_metrics for each in world.long_answers} == {NOTHING_CHANGED}
        assert {(each.run_id, each.attempt) for each in answers} == {("run", 1)}
        assert (world.pool.calls, world.content.asked, world.content.stored) == (0, Counter(), 0)
        assert await world.rows() == {}


async def test_nothing_is_checked_or_answered_for_a_run_that_is_cancelled(world: World) -> None:
    async with world.working():
        await cancel_run(world.database.dsn, SERVICE_NAME, "batch", "over")
        await world.ask(wanted="I read teh text.")
        await world.say(*(asked(f"unwanted-{number}", run_id="over") for number in range(20)))
        await world.settled()

    assert [answer.entity_id for answer in world.short_answers] == ["wanted"]
    assert [answer.entity_id for answer in world.long_answers] == ["wanted"]
    assert (await world.rows()).keys() == {"wanted"}
    assert world.pool.calls == 1
