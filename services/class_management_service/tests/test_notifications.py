"""A teacher hears once of what happens: of a list, not of each student, and of a batch, not of each essay."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from class_management_service.config import SERVICE_NAME
from class_management_service.domain.associations import Associations
from class_management_service.domain.decide import decide
from class_management_service.domain.facts import Fact
from class_management_service.tests.matches import BATCH, matches, result, suggestion
from class_management_service.tests.teacher import Teacher
from class_management_service.tests.test_associations import (
    ASA,
    BO,
    DAY,
    NONE,
    after,
    overdue,
    said,
    step,
    suggested,
    teacher,
)
from class_management_service.tests.world import AT, World
from common_core.messages.matching import BatchAuthorMatchesSuggestedV1, ValidationTimeoutProcessedV1
from common_core.messages.notification import TeacherNotificationRequestedV1
from huleedu_service_libs.runtime import Cause

LIST = "Förnamn;Efternamn\nÅsa;Björk\nBo;Ek\nCia;Alm\n"


def told(batch: Associations | None, fact: Fact) -> list[TeacherNotificationRequestedV1]:
    """What the teacher hears of a fact."""
    return [each for each in step(batch, fact)[1] if isinstance(each, TeacherNotificationRequestedV1)]


async def heard(world: World) -> list[tuple[str, str]]:
    """What teachers have been told, by kind and in words."""
    await world.others.at_rest(SERVICE_NAME, BatchAuthorMatchesSuggestedV1)
    all_told = world.others.of(TeacherNotificationRequestedV1)
    assert {each.teacher_id for each in all_told} <= {"anna"}
    return [(each.notification_type, each.payload["message"]) for each in all_told]


def test_the_teacher_is_asked_who_wrote_what_and_until_when() -> None:
    (ask,) = told(None, suggested(matches(ASA, BO, NONE)))

    assert (ask.notification_type, ask.category, ask.priority) == (
        "student_associations_suggested",
        "student_workflow",
        "high",
    )
    assert (ask.teacher_id, ask.batch_id, ask.class_id) == ("anna", BATCH, "class-1")
    assert (ask.action_required, ask.deadline_timestamp) == (True, AT + DAY)
    assert ask.payload == {
        "batch_id": BATCH,
        "version": 1,
        "waiting": 3,
        "with_suggestion": 2,
        "message": "Please say who wrote 3 essays: for 2 a student is suggested.",
    }


def test_that_is_asked_again_when_there_are_other_suggestions_and_not_otherwise() -> None:
    once = after(suggested(matches(ASA, NONE)))
    better = matches(ASA, result("three", suggestion("cia")), attempt=2)

    assert told(once, suggested(matches(ASA, NONE))) == []
    (again,) = told(once, suggested(better))
    assert (again.payload["with_suggestion"], again.deadline_timestamp) == (2, AT + DAY)


def test_the_last_decision_is_told_and_neither_the_first_nor_a_correction() -> None:
    begun = after(suggested(matches(ASA, BO)))
    first, last, other = (teacher(choices={essay: student}) for essay, student in _DECISIONS)

    assert told(begun, first) == []
    (done,) = told(after(suggested(matches(ASA, BO)), first), last)
    assert (done.notification_type, done.priority, done.action_required) == (
        "student_associations_confirmed",
        "standard",
        False,
    )
    assert done.payload["message"] == "It is confirmed who wrote 1 of 2 essays."
    assert (done.payload["confirmed"], done.payload["rejected"]) == (1, 1)
    assert told(after(suggested(matches(ASA, BO)), first, last), other) == []


_DECISIONS: tuple[tuple[str, str | None], ...] = (("one", "asa"), ("two", None), ("two", "bo"))


@pytest.mark.parametrize(
    ("results", "priority", "result_in_words"),
    [
        ((ASA, BO, NONE), "immediate", "3 essays: 1 confirmed as suggested, 2 without a known author"),
        ((ASA,), "high", "1 essay: 1 confirmed as suggested, 0 without a known author"),
    ],
)
def test_what_was_decided_without_the_teacher_is_told(results: Any, priority: str, result_in_words: str) -> None:
    (done,) = told(after(suggested(matches(*results))), overdue())

    assert (done.notification_type, done.priority) == ("validation_timeout_processed", priority)
    assert done.action_required is (priority == "immediate")
    assert result_in_words in done.payload["message"]


def test_the_time_limit_is_told_with_what_it_decided_and_nothing_else() -> None:
    begun = after(suggested(matches(ASA, BO, NONE)), teacher(choices={"two": "bo"}))
    (event,) = [each for each in said(begun, overdue()) if isinstance(each, ValidationTimeoutProcessedV1)]

    (author,) = event.auto_confirmed_associations
    assert (author.essay_id, author.student_first_name, author.student_last_name) == ("one", "Asa", "Ek")
    assert (author.confidence_score, author.is_confirmed) == (0.95, True)
    assert event.guest_essays == ["three"]
    assert (event.user_id, event.timeout_hours, event.guest_class_created) == ("anna", 24, False)


def test_hours_count_from_when_the_teacher_was_asked_last() -> None:
    late = suggested(matches(ASA, NONE, attempt=2), until=AT + 3 * DAY + timedelta(minutes=1))
    batch = after(suggested(matches(ASA)), teacher(finish=True), late)
    _, effects = decide(batch, overdue(), batch.until)

    assert [each.timeout_hours for each in effects if isinstance(each, ValidationTimeoutProcessedV1)] == [73]


def test_nobody_is_told_of_a_batch_that_is_nobodys() -> None:
    nobodys = replace(suggested(matches(ASA)), user_id="")

    assert told(None, nobodys) == []
    assert told(after(nobodys), overdue()) == []


async def test_a_list_is_one_notification_however_long_it_is(anna: Teacher, world: World) -> None:
    class_id = await anna.makes_class("9A")
    await anna.imports(class_id, LIST)
    await anna.imports(class_id, LIST)
    await anna.imports(class_id, LIST, "preview=true")

    assert await heard(world) == [
        ("class_created", "9A (ENG5) is ready for its students."),
        ("student_added_to_class", "3 students were added to 9A."),
    ]


async def test_a_student_is_told_of_in_each_class_that_they_join(anna: Teacher, world: World) -> None:
    first, second = await anna.makes_class("9A"), await anna.makes_class("9B")
    student_id = await anna.makes_student("Bo", "Ek", first)
    path = f"/v1/classes/students/{student_id}"
    await anna.told("PUT", path, {"add_class_ids": [first, second]})
    await anna.told("PUT", path, {"email": "bo@school.example", "remove_class_ids": [first]})

    added = [words for kind, words in await heard(world) if kind == "student_added_to_class"]
    assert added == ["Bo Ek was added to 9A.", "Bo Ek was added to 9B."]
    one = world.others.of(TeacherNotificationRequestedV1)[2]
    assert (one.key, one.class_id, one.payload["student_id"]) == ("anna", first, student_id)


async def test_a_batch_is_told_of_from_question_to_answer(anna: Teacher, world: World) -> None:
    class_id = await anna.makes_class("9A")
    asa = await anna.makes_student("Åsa", "Björk")
    answer = matches(result("one", suggestion(asa)), class_id=class_id)
    await world.others.say(answer, answer, cause=Cause("c", {"user_id": "anna"}))
    await heard(world)
    for _ in range(2):
        await anna.told("POST", f"/v1/batches/{BATCH}/student-associations", {"finish": True})

    assert await heard(world) == [
        ("class_created", "9A (ENG5) is ready for its students."),
        ("student_associations_suggested", "Please say who wrote 1 essay: for 1 a student is suggested."),
        ("student_associations_confirmed", "It is confirmed who wrote 0 of 1 essay."),
    ]
