"""A batch of a class waits until it is known who wrote its essays; a guest's never does."""

import itertools
from datetime import datetime, timedelta

import pytest

from batch_orchestrator_service.domain import notifications as tell
from batch_orchestrator_service.domain.admission import refusal
from batch_orchestrator_service.domain.batch import Batch
from batch_orchestrator_service.domain.facts import Fact, StudentsDeadlinePassed
from batch_orchestrator_service.domain.wait import Wait
from batch_orchestrator_service.errors import BatchCancelled, ContentIngestionFailed, StudentsNotConfirmed
from batch_orchestrator_service.implementations.status_view import status_of
from batch_orchestrator_service.tests.life import after, commanded, said, then, timers
from batch_orchestrator_service.tests.said import (
    AT,
    BATCH,
    CLASS,
    RUN,
    SPELLCHECK,
    SPELLING_THEN_ANALYSIS,
    cancel,
    confirmed,
    later,
    limited,
    pause,
    phase,
    provisioned,
    ready,
    registered,
    resolved,
    resume,
    suggested,
)
from common_core.enums import BatchStatus, ClassType
from common_core.messages.control import BatchResumedV1, BatchRunCancelledV1
from common_core.messages.matching import BatchServiceStudentMatchingInitiateCommandDataV1
from common_core.messages.notification import TeacherNotificationRequestedV1

OF_A_CLASS = registered(class_id=CLASS)
READY = ready(class_type=ClassType.REGULAR)
DUE = later(days=2)
OVERDUE = StudentsDeadlinePassed(batch_id=BATCH, due=DUE)
MATCH = BatchServiceStudentMatchingInitiateCommandDataV1


def waits_for(batch: Batch) -> list[str]:
    """What would move it on."""
    return [wait.what for wait in status_of(batch, {}).waiting_for]


def test_the_students_are_asked_for_once_the_essays_are_there() -> None:
    batch, effects = then(after(OF_A_CLASS), provisioned("ac"))

    assert batch.status is BatchStatus.AWAITING_STUDENT_VALIDATION
    (command,) = said(effects, MATCH)
    assert [ref.text_storage_id for ref in command.essays_to_process] == ["original-a", "original-c"]
    assert (command.class_id, command.user_id) == (CLASS, "teacher-1")
    assert timers(effects) == {OVERDUE: DUE}


def test_a_guests_batch_has_nothing_to_do_with_students() -> None:
    """I9."""
    batch, effects = then(after(registered()), provisioned())

    assert batch.status is BatchStatus.READY_FOR_PIPELINE_EXECUTION
    assert not said(effects, MATCH)
    for fact in (suggested(), confirmed(), OVERDUE):
        assert then(batch, fact) == (batch, ())


def test_without_usable_essays_nobody_is_asked() -> None:
    batch, effects = then(after(OF_A_CLASS), provisioned(""))

    assert batch.status is BatchStatus.CONTENT_INGESTION_FAILED
    assert not said(effects, MATCH)


@pytest.mark.parametrize("order", list(itertools.permutations([provisioned(), suggested(), confirmed(), READY])))
def test_it_is_ready_once_all_is_there_in_whatever_order(order: tuple[Fact, ...]) -> None:
    batch = after(OF_A_CLASS, *order)

    assert batch.status is BatchStatus.READY_FOR_PIPELINE_EXECUTION
    assert waits_for(batch) == ["pipeline_request"]
    assert refusal(batch) is None


@pytest.mark.parametrize("missing", [confirmed(), READY])
def test_neither_of_the_two_alone_makes_it_ready(missing: Fact) -> None:
    both: list[Fact] = [confirmed(), READY]
    both.remove(missing)
    batch = after(OF_A_CLASS, provisioned(), *both)

    assert batch.status is not BatchStatus.READY_FOR_PIPELINE_EXECUTION
    assert isinstance(refusal(batch), StudentsNotConfirmed)
    assert then(batch, SPELLING_THEN_ANALYSIS) == (batch, ())


def test_it_shows_who_is_waited_for() -> None:
    asked = after(OF_A_CLASS, provisioned())
    shown = after(OF_A_CLASS, provisioned(), suggested())
    decided = after(OF_A_CLASS, provisioned(), suggested(), confirmed())

    assert [waits_for(batch) for batch in (asked, shown, decided)] == [
        ["student_matching"],
        ["teacher_confirmation"],
        ["essays_ready"],
    ]
    assert decided.status is BatchStatus.STUDENT_VALIDATION_COMPLETED


def test_every_step_has_its_own_time() -> None:
    asked, _ = then(after(OF_A_CLASS), provisioned())
    shown, _ = then(asked, suggested(), later(hours=5))
    decided, _ = then(shown, confirmed(), later(hours=9))

    assert shown.matching.wait == Wait(later(hours=5), later(hours=5, days=2))
    assert decided.matching.wait == Wait(later(hours=9), later(hours=10))


def shown_until(batch: Batch) -> datetime | None:
    """When what it waits for ends by itself."""
    (wait,) = status_of(batch, {}).waiting_for
    return wait.until


@pytest.mark.parametrize("order", list(itertools.permutations([suggested(), limited(), limited(2, later(hours=30))])))
def test_the_teacher_is_shown_class_managements_limit_and_not_the_safety_net(order: tuple[Fact, ...]) -> None:
    batch = after(OF_A_CLASS, provisioned(), *order)

    assert shown_until(batch) == later(hours=30)
    assert batch.matching.wait == Wait(AT, DUE)
    assert shown_until(after(OF_A_CLASS, provisioned(), suggested())) is None
    assert shown_until(then(batch, confirmed())[0]) == later(hours=1)
    assert shown_until(after(OF_A_CLASS, provisioned())) == DUE


def test_a_limit_of_before_a_cancellation_is_shown_no_longer_once_it_is_over() -> None:
    cancelled = after(OF_A_CLASS, provisioned(), suggested(), limited(), cancel())
    woken, _ = then(cancelled, SPELLING_THEN_ANALYSIS, later(days=5))

    assert shown_until(woken) is None
    assert shown_until(then(woken, limited(3, later(days=6)))[0]) == later(days=6)


def test_what_the_time_limit_has_decided_is_shown() -> None:
    batch, _ = then(after(OF_A_CLASS, provisioned(), suggested()), confirmed(by_time_limit=True))

    assert batch.status is BatchStatus.VALIDATION_TIMEOUT_PROCESSED
    shown = status_of(batch, {}).student_matching
    assert shown is not None
    assert shown.by_time_limit


def test_a_correction_is_a_fact_and_moves_nothing() -> None:
    batch = after(OF_A_CLASS, provisioned(), confirmed(), READY)
    corrected, effects = then(batch, confirmed(version=2))

    assert corrected.version == batch.version + 1
    assert effects == ()
    assert corrected.status is batch.status
    assert then(corrected, confirmed()) == (corrected, ())


def test_of_peers_that_number_nothing_the_later_confirmation_corrects_the_earlier() -> None:
    batch = after(OF_A_CLASS, provisioned(), confirmed(version=None))

    assert then(batch, confirmed(version=None)) == (batch, ())
    assert then(batch, confirmed(version=None, at=later(minutes=1)))[0].version == batch.version + 1


@pytest.mark.parametrize("facts", [(), (suggested(),)])
def test_it_goes_on_without_names_when_nobody_confirms(facts: tuple[Fact, ...]) -> None:
    batch, effects = then(after(OF_A_CLASS, provisioned(), *facts), OVERDUE, DUE)

    assert batch.status is BatchStatus.READY_FOR_PIPELINE_EXECUTION
    (told,) = said(effects, TeacherNotificationRequestedV1)
    assert (told.notification_type, told.payload["error_code"]) == (
        tell.STUDENTS_GIVEN_UP,
        "STUDENT_VALIDATION_TIMED_OUT",
    )
    shown = status_of(batch, {}).student_matching
    assert shown is not None
    assert shown.error_code == "STUDENT_VALIDATION_TIMED_OUT"


def test_whoever_is_confirmed_after_that_is_kept() -> None:
    batch = after(OF_A_CLASS, provisioned(), OVERDUE)
    named, effects = then(batch, confirmed())

    assert effects == ()
    assert named.matching.confirmation is not None
    assert named.status is BatchStatus.READY_FOR_PIPELINE_EXECUTION


def test_a_clock_that_was_away_gives_more_time() -> None:
    batch, _ = then(after(OF_A_CLASS, provisioned()), OVERDUE, DUE + timedelta(hours=1))

    assert batch.status is BatchStatus.AWAITING_STUDENT_VALIDATION
    assert batch.matching.wait is not None
    assert batch.matching.wait.until == DUE + timedelta(days=2, hours=1)


def test_a_pause_asks_nobody_and_keeps_what_comes() -> None:
    paused, effects = then(after(OF_A_CLASS, pause()), provisioned())
    assert not said(effects, MATCH)

    resumed, effects = then(paused, resume(), later(hours=1))
    assert len(said(effects, MATCH)) == 1
    assert resumed.matching.wait == Wait(later(hours=1), later(hours=1, days=2))

    named = after(OF_A_CLASS, provisioned(), pause(), confirmed(), READY, resume())
    assert named.status is BatchStatus.READY_FOR_PIPELINE_EXECUTION


def test_a_wait_has_after_a_pause_what_it_had_before() -> None:
    paused, _ = then(after(OF_A_CLASS, provisioned()), pause(), later(hours=1))
    assert then(paused, OVERDUE, DUE) == (paused, ())

    resumed, _ = then(paused, resume(), later(hours=11))
    assert resumed.matching.wait == Wait(AT, DUE + timedelta(hours=10))


def test_a_cancelled_batch_asks_nobody_and_what_comes_is_kept() -> None:
    early = after(OF_A_CLASS, cancel(), provisioned())
    assert early.matching.began_at is None

    named = after(OF_A_CLASS, provisioned(), cancel(), confirmed(), READY)
    assert named.status is BatchStatus.CANCELLED
    assert waits_for(named) == []
    assert then(named, SPELLING_THEN_ANALYSIS)[0].status is BatchStatus.PROCESSING_PIPELINES


CANCELLED: dict[str, tuple[tuple[Fact, ...], bool, str]] = {
    "while files came": ((cancel(), provisioned()), True, "student_matching"),
    "after a pause in which they came": ((pause(), provisioned(), cancel()), True, "student_matching"),
    "before matching answered": ((provisioned(), cancel()), False, "student_matching"),
    "before it was confirmed": ((provisioned(), suggested(), cancel()), False, "teacher_confirmation"),
    "before ELS had it": ((provisioned(), suggested(), confirmed(), cancel()), False, "essays_ready"),
}


@pytest.mark.parametrize(("life", "asks", "awaits"), CANCELLED.values(), ids=CANCELLED)
def test_a_pipeline_after_a_cancellation_waits_until_it_is_confirmed_who_wrote_what(
    life: tuple[Fact, ...], asks: bool, awaits: str
) -> None:
    cancelled = after(OF_A_CLASS, *life)
    assert waits_for(cancelled) == []
    assert refusal(cancelled) is None

    woken, effects = then(cancelled, SPELLING_THEN_ANALYSIS, later(hours=1))
    assert bool(said(effects, MATCH)) == asks
    (told,) = said(effects, BatchResumedV1)
    assert told.version == woken.version
    assert waits_for(woken) == [awaits]
    assert woken.matching.wait is not None
    assert woken.matching.wait.since == later(hours=1)
    shown = status_of(woken, {}).next_run
    assert shown is not None
    assert shown.run_id == RUN
    assert isinstance(refusal(woken), StudentsNotConfirmed)

    for fact in (confirmed(), READY):
        woken, effects = then(woken, fact)
    assert woken.status is BatchStatus.PROCESSING_PIPELINES
    assert woken.runs[-1].run_id == RUN
    assert commanded(effects) == {"spellcheck": ["original-a", "original-b", "original-c"]}
    assert status_of(woken, {}).next_run is None


def test_what_waits_begins_without_names_when_nobody_confirms_them() -> None:
    woken = after(OF_A_CLASS, provisioned(), cancel(), SPELLING_THEN_ANALYSIS)

    begun, effects = then(woken, OVERDUE, DUE)
    assert begun.status is BatchStatus.PROCESSING_PIPELINES
    told = [each.notification_type for each in said(effects, TeacherNotificationRequestedV1)]
    assert told == [tell.STUDENTS_GIVEN_UP, tell.PROCESSING_STARTED]


def test_what_waits_can_be_paused_and_cancelled_like_everything() -> None:
    woken = after(OF_A_CLASS, provisioned(), cancel(), SPELLING_THEN_ANALYSIS)

    paused = after(OF_A_CLASS, provisioned(), cancel(), SPELLING_THEN_ANALYSIS, pause(), confirmed(), READY)
    assert paused.runs == ()
    assert then(paused, resume())[0].status is BatchStatus.PROCESSING_PIPELINES

    over, effects = then(woken, cancel())
    assert over.next_run is None
    (told,) = said(effects, BatchRunCancelledV1)
    assert told.run_id is None
    named, _ = then(then(over, confirmed())[0], READY)
    assert named.status is BatchStatus.CANCELLED
    assert then(named, SPELLING_THEN_ANALYSIS) == (named, ())  # that one is cancelled, not the batch's next
    assert then(named, resolved(phase(SPELLCHECK), run="run-2"))[0].runs[-1].run_id == "run-2"


def test_a_pipeline_that_was_worked_out_before_the_cancellation_wakes_nothing() -> None:
    cancelled = after(OF_A_CLASS, provisioned(), cancel())

    assert then(cancelled, resolved(phase(SPELLCHECK), as_of=cancelled.version - 1)) == (cancelled, ())


def test_without_usable_essays_nothing_is_taken_up() -> None:
    empty = after(OF_A_CLASS, cancel(), provisioned(""))

    assert isinstance(refusal(empty), ContentIngestionFailed)
    assert then(empty, SPELLING_THEN_ANALYSIS) == (empty, ())
    assert isinstance(refusal(after(OF_A_CLASS, cancel())), BatchCancelled)
