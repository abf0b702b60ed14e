"""The rules about who wrote what: suggestions in, decisions out, each said once and again when it is corrected."""

import itertools
from datetime import datetime, timedelta
from functools import reduce
from typing import Any

import pytest

from class_management_service.domain.associations import Associations, HeardEarly, Known
from class_management_service.domain.choices import (
    NotInClass,
    Outdated,
    StudentTwice,
    UnknownEssays,
    VersionAhead,
    objection,
)
from class_management_service.domain.decide import SYSTEM, decide
from class_management_service.domain.facts import (
    BatchCancelled,
    BatchResumed,
    ConfirmationDue,
    ConfirmationOverdue,
    Fact,
    MatchesSuggested,
    TeacherDecided,
)
from class_management_service.tests.matches import matches, result, student, suggestion
from class_management_service.tests.world import AT
from common_core.enums import AssociationValidationMethod as Method
from common_core.messages.classes import EssayStudentAssociationUpdatedV1
from common_core.messages.matching import BatchAuthorMatchesSuggestedV1, StudentAssociationsConfirmedV1
from common_core.messages.notification import TeacherNotificationRequestedV1
from huleedu_service_libs.runtime.effects import Effect, Later, Never

DAY = timedelta(hours=24)
CLASS = {each: student(each) for each in ("asa", "bo", "cia", "dan")}
UNKNOWN = "unknown"
ASA, BO, NONE = result("one", suggestion("asa")), result("two", suggestion("bo", 0.6)), result("three")


def suggested(said: BatchAuthorMatchesSuggestedV1, until: datetime = AT + DAY) -> MatchesSuggested:
    """Matching has answered."""
    return MatchesSuggested(matches=said, user_id="anna", unknown_id=UNKNOWN, until=until, correlation_id="c")


def teacher(by: str = "anna", **facts: Any) -> TeacherDecided:
    """A teacher decides."""
    return TeacherDecided(choices=facts.pop("choices", {}), by=by, students=CLASS, correlation_id="c", **facts)


def overdue(students: Any = CLASS) -> ConfirmationOverdue:
    """Time is up."""
    return ConfirmationOverdue(students=students, correlation_id="c")


def step(batch: Known | None, fact: Fact) -> tuple[Known | None, tuple[Effect, ...]]:
    """One fact, when its time has come."""
    return decide(batch, fact, AT + DAY if isinstance(fact, ConfirmationOverdue) else AT)


def after(*facts: Fact) -> Associations:
    """A batch that has lived through these."""
    nothing: Known | None = None
    batch = reduce(lambda known, fact: step(known, fact)[0], facts, nothing)
    assert isinstance(batch, Associations)
    return batch


def said(batch: Known | None, fact: Fact) -> list[Effect]:
    """What the fact calls for, besides what the teacher is told."""
    return [each for each in step(batch, fact)[1] if not isinstance(each, TeacherNotificationRequestedV1)]


def authors(batch: Associations) -> dict[str, str | None]:
    """Who wrote what, as far as that is decided."""
    return {essay_id: essay.decision.student_id for essay_id, essay in batch.essays.items() if essay.decision}


def confirmed(effects: list[Effect]) -> StudentAssociationsConfirmedV1:
    """The one message that says it all."""
    (found,) = [each for each in effects if isinstance(each, StudentAssociationsConfirmedV1)]
    return found


THREE = suggested(matches(ASA, BO, NONE))
ALL = {"one": "asa", "two": "bo", "three": "cia"}


def test_every_essay_is_kept_with_its_suggestions_and_waited_for() -> None:
    batch = after(THREE)

    assert list(batch.open) == ["one", "two", "three"]
    assert batch.essays["one"].suggestions[0].reasons == ("The file is named after asa.",)
    assert batch.essays["three"].no_match_reason
    assert said(None, THREE) == [Later(ConfirmationDue(batch_id="batch-1"), "batch-1 confirmation", AT + DAY)]


def test_one_by_one_each_decision_is_said_and_all_together_at_the_end() -> None:
    first = teacher(choices={"one": "asa"})
    (told,) = said(after(THREE), first)
    assert isinstance(told, EssayStudentAssociationUpdatedV1)
    assert (told.essay_id, told.student_id, told.first_name, told.association_method) == (
        "one",
        "asa",
        "Asa",
        Method.HUMAN,
    )

    last = said(after(THREE, first), teacher(choices={"two": "cia", "three": None}))

    whole = confirmed(last)
    assert {each.essay_id: each.student_id for each in whole.associations} == {
        "one": "asa",
        "two": "cia",
        "three": None,
    }
    assert [each.confidence_score for each in whole.associations] == [0.95, 0.0, 0.0]
    assert (whole.validation_summary.confirmed, whole.validation_summary.rejected) == (2, 1)
    assert whole.timeout_triggered is False
    assert Never("batch-1 confirmation") in last


def test_what_is_said_twice_changes_nothing() -> None:
    decided = teacher(choices=ALL)
    batch = after(THREE, decided)

    for again in (THREE, decided, overdue()):
        assert step(batch, again) == (batch, ())


def test_a_correction_is_said_again_whole() -> None:
    batch = after(THREE, teacher(choices=ALL))
    effects = said(batch, teacher("bo", choices={"three": "dan"}))

    (told,) = [each for each in effects if isinstance(each, EssayStudentAssociationUpdatedV1)]
    assert (told.essay_id, told.student_id, told.created_by_user_id) == ("three", "dan", "bo")
    whole = confirmed(effects)
    assert {each.essay_id: each.student_id for each in whole.associations} == ALL | {"three": "dan"}
    assert whole.version == batch.version + 1


def test_two_students_can_change_places() -> None:
    batch = after(THREE, teacher(choices=ALL), teacher(choices={"one": "bo", "two": "asa"}))

    assert authors(batch) == ALL | {"one": "bo", "two": "asa"}


def test_all_suggestions_are_accepted_at_once_and_the_rest_can_be_closed() -> None:
    assert authors(after(THREE, teacher(accept_at_least=0.0))) == {"one": "asa", "two": "bo"}
    assert authors(after(THREE, teacher(accept_at_least=0.7))) == {"one": "asa"}
    assert authors(after(THREE, teacher(accept_at_least=0.7, finish=True))) == {
        "one": "asa",
        "two": None,
        "three": None,
    }
    mixed = teacher(choices={"three": "bo"}, accept_at_least=0.0)
    assert authors(after(THREE, mixed)) == {"one": "asa", "three": "bo"}


def test_when_time_is_up_the_sure_ones_are_confirmed_and_the_rest_is_unknown() -> None:
    batch, effects = step(after(THREE), overdue())

    assert isinstance(batch, Associations)
    assert authors(batch) == {"one": "asa", "two": UNKNOWN, "three": UNKNOWN}
    whole = confirmed(list(effects))
    assert whole.timeout_triggered is True
    assert {each.validated_by for each in whole.associations} == {SYSTEM}
    assert (whole.validation_summary.confirmed, whole.validation_summary.rejected) == (1, 2)


def test_what_the_teacher_has_decided_stands_when_time_is_up() -> None:
    batch = after(THREE, teacher(choices={"three": "asa"}), overdue())

    assert authors(batch) == {"one": UNKNOWN, "two": UNKNOWN, "three": "asa"}
    assert batch.essays["three"].decision is not None
    assert batch.essays["three"].decision.method is Method.HUMAN


def test_the_teacher_has_the_last_word_after_the_time_limit() -> None:
    batch = after(THREE, overdue(), teacher(choices={"two": "bo", "one": "asa"}))

    assert authors(batch) == {"one": "asa", "two": "bo", "three": UNKNOWN}
    assert {essay.decision.method for essay in batch.essays.values() if essay.decision} == {
        Method.HUMAN,
        Method.TIMEOUT,
    }


def test_time_is_not_up_before_it_is() -> None:
    batch = after(THREE)

    assert decide(batch, overdue(), AT + DAY - timedelta(seconds=1)) == (batch, ())


def test_nobody_is_given_two_essays_without_being_asked() -> None:
    surer = result("two", suggestion("asa", 0.99))
    assert authors(after(suggested(matches(ASA, surer)), overdue())) == {"one": UNKNOWN, "two": "asa"}
    equal = result("two", suggestion("asa", 0.95))
    assert authors(after(suggested(matches(ASA, equal)), overdue())) == {"one": UNKNOWN, "two": UNKNOWN}
    either = result("one", suggestion("asa", 0.9), suggestion("bo", 0.9))
    assert authors(after(suggested(matches(either)), overdue())) == {"one": UNKNOWN}


def test_a_student_who_has_left_is_not_confirmed() -> None:
    assert authors(after(suggested(matches(ASA)), overdue(students={}))) == {"one": UNKNOWN}


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (teacher(choices={"nine": "asa"}), UnknownEssays(("nine",))),
        (teacher(choices={"one": "eva"}), NotInClass(("eva",))),
        (teacher(choices={"one": "asa", "two": "asa"}), StudentTwice("asa", ("one.docx", "two.docx"))),
        (teacher(choices={"one": "cia"}), StudentTwice("cia", ("one.docx", "three.docx"))),
    ],
)
def test_what_speaks_against_a_decision_is_named_and_nothing_happens(asked: TeacherDecided, expected: object) -> None:
    batch = after(THREE, teacher(choices={"three": "cia"}))

    assert objection(batch, asked) == expected
    assert step(batch, asked) == (batch, ())


def test_who_has_not_seen_anothers_decision_is_shown_it() -> None:
    batch = after(THREE, teacher("bo", choices={"one": "cia"}))

    found = objection(batch, teacher(choices={"one": "asa"}, seen=1))
    assert isinstance(found, Outdated)
    assert list(found.essays) == ["one"]
    assert objection(batch, teacher(choices={"one": "cia"}, seen=1)) is None
    assert objection(batch, teacher(choices={"one": "asa"}, seen=batch.version)) is None
    ahead = teacher(choices={"one": "cia"}, seen=batch.version + 1)
    assert objection(batch, ahead) == VersionAhead(batch.version)
    assert step(batch, ahead) == (batch, ())


def test_other_suggestions_take_the_place_of_those_that_nobody_decided_on() -> None:
    better = suggested(matches(result("one", suggestion("dan")), result("two", suggestion("dan")), attempt=2))
    batch = after(THREE, teacher(choices={"one": "asa"}), better)

    assert batch.essays["one"].suggestions[0].student_id == "asa"
    assert batch.essays["two"].suggestions[0].student_id == "dan"
    assert after(THREE, better, THREE).essays["two"].suggestions[0].student_id == "dan"


def test_an_essay_that_comes_later_is_waited_for_anew() -> None:
    whole = after(suggested(matches(ASA)), teacher(choices={"one": "asa"}))
    later = suggested(matches(ASA, BO), until=AT + 2 * DAY)

    assert said(whole, later) == [Later(ConfirmationDue(batch_id="batch-1"), "batch-1 confirmation", AT + 2 * DAY)]


def test_a_batch_without_essays_is_confirmed_at_once() -> None:
    assert confirmed(said(None, suggested(matches()))).associations == []


CANCELLED = BatchCancelled(batch_id="batch-1", version=2, correlation_id="c")
RESUMED = BatchResumed(batch_id="batch-1", version=3, until=AT + 2 * DAY, correlation_id="c")


def test_a_cancelled_batch_is_waited_for_no_longer_and_its_time_limit_confirms_nothing() -> None:
    assert said(after(THREE), CANCELLED) == [Never("batch-1 confirmation")]
    batch = after(THREE, CANCELLED)

    assert step(batch, overdue()) == step(batch, CANCELLED) == (batch, ())
    assert list(batch.open) == ["one", "two", "three"]


def test_suggestions_that_come_after_the_cancellation_are_kept_and_start_no_clock() -> None:
    early, effects = step(None, CANCELLED)
    assert early == HeardEarly(batch_id="batch-1", heard=2, changed_at=AT, cancelled_at=AT)
    assert effects == ()
    batch = after(CANCELLED, CANCELLED, THREE)

    assert step(early, THREE) == (batch, ())
    assert batch == after(THREE, CANCELLED)
    assert step(batch, suggested(matches(ASA, BO, result("three", suggestion("cia")), attempt=2)))[1] == ()


def test_a_teacher_may_still_decide_on_a_cancelled_batch() -> None:
    whole = confirmed(said(after(THREE, CANCELLED), teacher(choices=ALL)))

    assert {each.essay_id: each.student_id for each in whole.associations} == ALL


def test_what_was_decided_before_the_cancellation_is_not_said_again() -> None:
    assert said(after(THREE, teacher(choices=ALL)), CANCELLED) == []


def test_of_a_batch_that_is_taken_up_again_the_teacher_is_told_and_has_all_the_time() -> None:
    batch, effects = step(after(THREE, CANCELLED), RESUMED)

    assert isinstance(batch, Associations)
    assert (batch.is_waited_for, batch.until) == (True, AT + 2 * DAY)
    told, clock = effects
    assert isinstance(told, TeacherNotificationRequestedV1)
    assert (told.notification_type, told.deadline_timestamp) == ("student_associations_suggested", AT + 2 * DAY)
    assert clock == Later(ConfirmationDue(batch_id="batch-1"), "batch-1 confirmation", AT + 2 * DAY)
    assert step(after(THREE, teacher(choices=ALL), CANCELLED), RESUMED)[1] == ()


@pytest.mark.parametrize("order", list(itertools.permutations([CANCELLED, RESUMED, THREE])))
def test_the_newest_of_what_bos_says_holds_in_whatever_order_it_comes(order: tuple[Fact, ...]) -> None:
    batch = after(*order)

    assert batch.is_waited_for
    assert batch.heard == RESUMED.version
    assert step(batch, CANCELLED) == step(batch, RESUMED) == (batch, ())


def test_a_batch_that_goes_on_after_a_pause_is_waited_for_as_before() -> None:
    batch, effects = step(after(THREE), RESUMED)

    assert isinstance(batch, Associations)
    assert (batch.until, effects) == (AT + DAY, ())


def test_suggestions_again_after_the_confirmation_change_nothing() -> None:
    for last in (teacher(choices=ALL), overdue()):
        batch = after(THREE, last)
        assert step(batch, THREE) == (batch, ())
