"""Balanced books pass every check, and each check finds what it is there for: its negative control."""

from collections.abc import Callable
from typing import Any

import pytest
from batch_orchestrator_service.domain.batch import Batch
from batch_orchestrator_service.domain.facts import RetryDue
from batch_orchestrator_service.domain.timers import running
from batch_orchestrator_service.tests.said import BATCH, RUN, SPELLCHECK, later, outcome
from msgspec.structs import replace

from chaos.books import Books, KeptBatch, Letter, Said, Taken, Upload
from chaos.checks import CHECKS, SHOWN, students, violations
from chaos.diary import Entry, Planted
from common_core.enums import PhaseName
from tests.chaos_cluster.balanced import (
    BALANCED,
    DRAINED,
    ENTRIES,
    FACTS,
    FURTHER,
    OUTCOME,
    REGISTERED,
    SAID,
    TAKEN,
    answers,
    commanded,
    counts,
    entry,
    facts_shown,
    kept,
)
from tests.chaos_cluster.streamed import DOCTORED_STREAMS, STREAMED
from tests.chaos_cluster.taught import DOCTORED_STUDENTS, HEARD, OVERDUE, TAUGHT, WOKEN, waited
from tests.chaos_cluster.wished import CANCELLED, DOCTORED_WISHES, RETRIED

OTHER = "0198f000-0000-7000-8000-000000000002"


@pytest.mark.parametrize("books", [BALANCED, CANCELLED, RETRIED, STREAMED, TAUGHT])
def test_balanced_books_have_nothing_wrong(books: Books) -> None:
    assert violations(books) == []


def but(**changes: Any) -> Books:
    """The balanced books with these changes."""
    return replace(BALANCED, **changes)


def with_batch(kept_batch: KeptBatch) -> Books:
    return but(batches={BATCH: kept_batch})


def with_state(change: Callable[[Batch], Batch]) -> Books:
    """The batch's state changed behind its timeline's back."""
    batch = BALANCED.batches[BATCH]
    return with_batch(replace(batch, batch=change(batch.batch)))


def with_spelling(**changes: Any) -> Books:
    def change(batch: Batch) -> Batch:
        spelling = batch.runs[0].phase(PhaseName.SPELLCHECK)
        assert spelling is not None
        return replace(batch, runs=(batch.runs[0].with_phase(replace(spelling, **changes)),))

    return with_state(change)


def told(index: int, **changes: Any) -> tuple[Entry, ...]:
    """The entries with one of them changed."""
    return tuple(replace(one, **changes) if number == index else one for number, one in enumerate(ENTRIES))


def unlike_the_first(batch_id: str) -> str:
    return f'{{"batch_id": "{batch_id}", "status": "registered"}}'


UNFINISHED = kept(*FACTS[:4])
HALF_SPELLED = counts("spellcheck", 1, 1)

DOCTORED: dict[str, list[Books]] = (
    DOCTORED_WISHES
    | DOCTORED_STREAMS
    | DOCTORED_STUDENTS
    | {
        "registrations_lost": [but(batches={})],
        "announced_once": [
            but(said=(*SAID[1:], *FURTHER), taken=TAKEN[1:]),
            but(said=(*SAID, *FURTHER, Said(20, REGISTERED, BATCH, "event 4"))),
            but(said=(*SAID, *FURTHER, Said(20, REGISTERED, OTHER, "event 4"))),
        ],
        "stuck": [
            with_batch(UNFINISHED),
            with_batch(kept(*FACTS[:2])),
            replace(with_batch(kept(*FACTS[:3])), entries=told(8, sent={"pipelines": []})),
        ],
        "changed_after_the_end": [
            but(entries=(*ENTRIES, entry("saw", 9, sent={"status": "processing_pipelines", "runs": 1}))),
            but(entries=told(7, sent={"status": "completed_with_failures", "runs": 1})),
        ],
        "effects_said_twice": [but(said=(*SAID, *FURTHER, Said(20, OUTCOME, BATCH, "event 4", SAID[1].effects)))],
        "started_too_early": [with_spelling(ended_at=later(seconds=1)), with_spelling(ended_at=None)],
        "miscounted_by_orchestrator": [with_spelling(succeeded=(0,)), with_spelling(failed={0: "X"})],
        "miscounted_by_essays": [
            but(phases=(replace(counts("spellcheck"), rows_succeeded=1), counts("nlp"))),
            but(phases=(replace(counts("spellcheck"), total=3), counts("nlp"))),
            but(phases=(HALF_SPELLED, counts("nlp"))),
            but(phases=(counts("spellcheck"),)),
            but(phases=(*BALANCED.phases, replace(counts("nlp"), attempt=2))),
            with_spelling(succeeded=(0,), failed={1: "X"}),
            but(in_flight=1),
        ],
        "gathered_otherwise": [
            but(gathered={}),
            but(gathered={BATCH: replace(BALANCED.gathered[BATCH], status="processing_pipelines")}),
            but(gathered={BATCH: replace(BALANCED.gathered[BATCH], results={"spellcheck": 2, "nlp": 1})}),
        ],
        "lost": [but(taken=TAKEN[:2]), but(said=(*SAID, *FURTHER, Said(20, OUTCOME, BATCH, "event 4")))],
        "never_carried": [but(carried={"event 1": 1, "event 2": 1})],
        "left_over": [but(work_left=1), but(timers_due=1), but(behind={"relay": 3})],
        "out_of_order": [but(taken=(TAKEN[0], replace(TAKEN[1], order=4), TAKEN[2]))],
        "answered_differently": [
            but(entries=told(1, answer=unlike_the_first(BATCH))),
            but(entries=told(1, key="another key")),
        ],
        "more_batches_than_keys": [but(batches={**BALANCED.batches, OTHER: kept(*FACTS)})],
        "uploads_kept_wrongly": [
            but(uploads=BALANCED.uploads[:1]),
            but(uploads=(*BALANCED.uploads, BALANCED.uploads[0])),
            but(uploads=(BALANCED.uploads[0], Upload(BATCH, "b.txt", "accepted"))),
        ],
        "taken_twice": [but(taken=(*TAKEN, replace(TAKEN[2], order=4)))],
        "cursors_moved_back": [but(cursors_moved_back=1)],
        "never_said": [but(taken=(*TAKEN, Taken(4, "essay_lifecycle_service", REGISTERED, OTHER, "event 9")))],
        "strangers_answered": [but(entries=told(5, status=200))],
        "unlike_their_timeline": [
            with_state(lambda batch: replace(batch, assignment_id="7")),
            with_batch(replace(BALANCED.batches[BATCH], status="processing_pipelines")),
            with_batch(replace(BALANCED.batches[BATCH], timeline=BALANCED.batches[BATCH].timeline[1:])),
        ],
        "drained_badly": [
            but(struck=(replace(DRAINED, drained_in=11.0),)),
            but(struck=(replace(DRAINED, drained_in=None),)),
            but(struck=(replace(DRAINED, exit_code=1),)),
        ],
        "unplanted_letters": [
            but(planted=()),
            but(letters=(*BALANCED.letters, Letter("g", OUTCOME, "KeyError", b"{}"))),
        ],
        "poison_not_set_aside": [
            but(letters=()),
            but(letters=(*BALANCED.letters, *BALANCED.letters)),
            but(in_dlq=()),
            but(
                planted=(
                    *BALANCED.planted,
                    Planted(mark="poison-2", topic=OUTCOME, groups=("essay_lifecycle_service",)),
                )
            ),
        ],
    }
)


@pytest.mark.parametrize(
    ("check", "books"), [(check, books) for check, all_books in DOCTORED.items() for books in all_books]
)
def test_a_check_finds_what_it_is_there_for(check: str, books: Books) -> None:
    assert check in {violation.check for violation in violations(books)}


def test_every_check_has_its_negative_control() -> None:
    assert DOCTORED.keys() == {check.__name__ for checks in CHECKS.values() for check in checks}


def test_a_batch_that_waits_for_its_client_is_not_stuck() -> None:
    waiting = replace(with_batch(kept(*FACTS[:1])), entries=told(8, what="left", sent={"pipelines": []}))

    assert "stuck" not in {violation.check for violation in violations(waiting)}


def test_attempts_add_up() -> None:
    first = (*FACTS[:3], outcome(SPELLCHECK, "a", {"b": "TIMEOUT"}))
    (due,) = running(kept(*first).batch).values()
    assert isinstance(due.message, RetryDue)
    again = kept(*first, due.message, outcome(SPELLCHECK, "b", attempt=2), FACTS[4])
    attempt = counts("spellcheck", 1, attempt=2)
    said = (*SAID, *commanded(again), *answers("ab"), *answers("b", run=RUN, attempt=2))
    books = but(batches={BATCH: again}, said=said, carried=None, shown=facts_shown(again))

    assert violations(replace(books, phases=(HALF_SPELLED, attempt, counts("nlp")))) == []
    for wrong in ((HALF_SPELLED, counts("nlp")), (counts("spellcheck"), attempt, counts("nlp"))):
        assert "miscounted_by_essays" in {violation.check for violation in violations(replace(books, phases=wrong))}


def test_poison_that_may_never_have_arrived_is_missed_by_nobody() -> None:
    uncertain = but(planted=(*BALANCED.planted, Planted(mark="poison-2", topic=OUTCOME, groups=())))

    assert violations(uncertain) == []


def test_a_letter_counts_as_an_end_of_an_event() -> None:
    letter = Letter("batch_orchestrator_service", OUTCOME, "KeyError", b'{"event_id": "event 3"}')
    books = but(taken=TAKEN[:2], letters=(*BALANCED.letters, letter))

    assert "lost" not in {violation.check for violation in violations(books)}


def test_what_is_idempotent_may_be_taken_again_and_late() -> None:
    taken = [replace(each, idempotent=True) for each in TAKEN]

    assert violations(but(taken=(*taken, replace(taken[1], order=4)))) == []


def test_a_pipeline_that_waits_for_a_confirmation_has_not_begun() -> None:
    assert list(students.went_on_unconfirmed(waited())) == []


def test_the_time_limit_may_decide_on_a_batch_that_is_gone_on_with() -> None:
    told = replace(TAUGHT, taken=(*TAUGHT.taken, HEARD, WOKEN), said=(*TAUGHT.said, OVERDUE))

    assert list(students.decided_after_cancellation(told)) == []


def test_what_two_services_say_on_one_topic_comes_in_any_order() -> None:
    elsewhere = Said(1, OUTCOME, BATCH, "event 4", database=1)
    taken = (*TAKEN, Taken(4, "batch_orchestrator_service", OUTCOME, BATCH, "event 4"))

    assert violations(but(said=(*SAID, *FURTHER, elsewhere), taken=taken, carried=None)) == []


def test_of_many_only_a_few_are_told() -> None:
    many = but(said=tuple(Said(offset, OUTCOME, BATCH, f"another {offset}") for offset in range(100)))

    lost = [violation.found for violation in violations(many) if violation.check == "lost"]

    assert len(lost) == SHOWN + 1
    assert lost[-1] == "and 80 more"
