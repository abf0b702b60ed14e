"""What follows from a batch's facts."""

from functools import reduce
from itertools import permutations

import pytest

from common_core.enums import BatchStatus, ClassType, PhaseName, ProcessingStage
from common_core.message import Message
from common_core.messages.batch import BatchEssaysReady
from result_aggregator_service.domain import batch as rules
from result_aggregator_service.domain.batch import Batch, Counts, decide
from result_aggregator_service.domain.essays import left_out, put_together, reading_order
from result_aggregator_service.domain.results import Slot, failed_file_of, spelling_of
from result_aggregator_service.tests.messages import (
    AKE,
    BATCH,
    BEA,
    CIA,
    LATER_RUN,
    RUN,
    at,
    cancelled,
    command,
    ended,
    file_failed,
    given_up,
    metadata,
    outcome,
    provisioned,
    registered,
    resumed,
    slot_failed,
    spellcheck_failed,
    spellchecked,
    whole_story,
)


def after(*history: Message) -> Batch:
    """A batch described by what it has lived through."""
    return reduce(decide, history, Batch())


def essays_ready() -> BatchEssaysReady:
    """ELS: the teacher has confirmed whose the essays are."""
    told = provisioned()
    return BatchEssaysReady(
        batch_id=BATCH,
        ready_essays=told.essays_for_processing,
        metadata=metadata(3),
        course_code=told.course_code,
        course_language="sv",
        class_type=ClassType.REGULAR,
    )


IN_A_CLASS = registered(class_id="class-1")


@pytest.mark.parametrize(
    ("history", "status"),
    [
        ([registered()], BatchStatus.AWAITING_CONTENT_VALIDATION),
        ([registered(), slot_failed(CIA, "tom.txt")], BatchStatus.AWAITING_CONTENT_VALIDATION),
        ([registered(), provisioned()], BatchStatus.READY_FOR_PIPELINE_EXECUTION),
        (
            [registered(), provisioned(), slot_failed(CIA, "tom.txt", critical=True)],
            BatchStatus.CONTENT_INGESTION_FAILED,
        ),
        ([IN_A_CLASS, provisioned()], BatchStatus.AWAITING_STUDENT_VALIDATION),
        ([IN_A_CLASS, provisioned(), essays_ready()], BatchStatus.READY_FOR_PIPELINE_EXECUTION),
        ([registered(), provisioned(), command(PhaseName.SPELLCHECK)], BatchStatus.PROCESSING_PIPELINES),
        ([registered(), outcome(PhaseName.SPELLCHECK)], BatchStatus.PROCESSING_PIPELINES),
        ([registered(), given_up(), provisioned()], BatchStatus.CONTENT_INGESTION_FAILED),
        (whole_story(), BatchStatus.COMPLETED_SUCCESSFULLY),
        ([registered(), ended(failed=1)], BatchStatus.COMPLETED_WITH_FAILURES),
        ([*whole_story(), command(PhaseName.NLP, 10, LATER_RUN)], BatchStatus.PROCESSING_PIPELINES),
        ([*whole_story(), ended(1, 12, LATER_RUN)], BatchStatus.COMPLETED_WITH_FAILURES),
        ([ended(1, 12, LATER_RUN), *whole_story()], BatchStatus.COMPLETED_WITH_FAILURES),
    ],
)
def test_the_status_follows_from_the_facts(history: list[Message], status: BatchStatus) -> None:
    assert rules.overall_status(after(*history)) is status
    assert rules.overall_status(after(*reversed(history))) is status


def test_a_batch_stands_in_the_phase_that_is_going_on() -> None:
    spelling = after(registered(), command(PhaseName.SPELLCHECK))
    between = decide(spelling, outcome(PhaseName.SPELLCHECK))
    analysis = decide(between, command(PhaseName.NLP, 5))

    assert [rules.current_phase(each) for each in (spelling, between, analysis)] == ["spellcheck", None, "nlp"]
    assert rules.current_phase(after(*whole_story())) is None


def test_times_are_those_of_the_newest_run() -> None:
    batch = after(*whole_story())
    assert (rules.started_at(batch), rules.ended_at(batch)) == (at(3), at(8))

    again = decide(batch, command(PhaseName.NLP, 10, LATER_RUN))
    assert (rules.started_at(again), rules.ended_at(again), rules.last_change(again)) == (at(10), None, at(10))


def test_counts_add_up_when_a_run_has_ended() -> None:
    assert rules.counts(after(registered(), ended(failed=1))) == Counts(3, 2, 1)


def test_until_then_only_failures_are_certain() -> None:
    batch = after(registered(), provisioned(), outcome(PhaseName.SPELLCHECK, {AKE: "TIMEOUT"}))

    assert rules.counts(batch) == Counts(3, 0, 1)


def test_an_essay_whose_newest_try_failed_has_failed() -> None:
    batch = after(outcome(PhaseName.SPELLCHECK, {AKE: "TIMEOUT"}, attempt=2))
    essay = put_together(batch, Slot(batch_id=BATCH, essay_id=AKE), [spelling_of(spellchecked(AKE))])

    assert [(failure.phase, failure.code) for failure in essay.failures] == [("spellcheck", "TIMEOUT")]
    assert essay.failures[0].reason == "Spell-checking failed: it took too long."
    assert essay.stages == {PhaseName.SPELLCHECK: ProcessingStage.FAILED}


def test_an_essay_that_succeeded_when_tried_again_has_not_failed() -> None:
    batch = after(outcome(PhaseName.SPELLCHECK, {AKE: "TIMEOUT"}), outcome(PhaseName.SPELLCHECK, attempt=2))
    result = spelling_of(spellchecked(AKE, attempt=2))
    essay = put_together(batch, Slot(batch_id=BATCH, essay_id=AKE), [result])

    assert essay.failures == []
    assert essay.stages == {PhaseName.SPELLCHECK: ProcessingStage.COMPLETED}


def test_els_has_the_last_word_on_a_try() -> None:
    batch = after(outcome(PhaseName.SPELLCHECK, {AKE: "TIMEOUT"}))
    essay = put_together(batch, Slot(batch_id=BATCH, essay_id=AKE), [spelling_of(spellchecked(AKE))])

    assert [failure.code for failure in essay.failures] == ["TIMEOUT"]


def test_a_failure_is_known_before_its_phase_is_over() -> None:
    batch = after(command(PhaseName.SPELLCHECK))
    failed = put_together(batch, Slot(batch_id=BATCH, essay_id=AKE), [spelling_of(spellcheck_failed(AKE))])
    waiting = put_together(batch, Slot(batch_id=BATCH, essay_id=BEA), [])

    assert failed.stages == {PhaseName.SPELLCHECK: ProcessingStage.FAILED}
    assert waiting.stages == {PhaseName.SPELLCHECK: ProcessingStage.PROCESSING}


def test_an_essay_that_failed_is_not_sent_into_the_next_phase() -> None:
    batch = after(outcome(PhaseName.SPELLCHECK, {AKE: "TIMEOUT"}), command(PhaseName.NLP))
    failed = put_together(batch, Slot(batch_id=BATCH, essay_id=AKE), [])

    assert failed.stages == {PhaseName.SPELLCHECK: ProcessingStage.FAILED}


def test_a_phase_whose_run_ended_without_it_is_not_going_on() -> None:
    batch = after(registered(), command(PhaseName.NLP), ended())

    assert rules.current_phase(batch) is None
    assert rules.phase_status(batch, batch.tries[0]) is ProcessingStage.CANCELLED


def test_a_failed_file_and_its_slot_are_one_failure() -> None:
    batch = after(slot_failed(CIA, "tom.txt"), slot_failed(BEA, "annan.txt"))
    unused = [failed_file_of(file_failed("tom.txt"))]

    assert [(left.file_name, left.file_upload_id) for left in left_out(batch, unused)] == [
        ("annan.txt", None),
        ("tom.txt", "upload-9"),
    ]


def test_names_are_sorted_as_people_do() -> None:
    names = [
        "uppsats 10.txt",
        "Öst.txt",
        "ärla.txt",
        "åka.txt",
        "Zeb.txt",
        "uppsats 9.txt",
        "anna.txt",
        "Anna²b.txt",
        None,
    ]

    assert sorted(names, key=reading_order) == [
        None, "anna.txt", "Anna²b.txt", "uppsats 9.txt", "uppsats 10.txt", "Zeb.txt", "åka.txt", "ärla.txt", "Öst.txt",
    ]  # fmt: skip


def test_all_results_are_there_when_as_many_have_come_as_els_has_counted() -> None:
    batch = after(registered(), outcome(PhaseName.SPELLCHECK), outcome(PhaseName.NLP, {AKE: "TIMEOUT"}), ended())

    assert rules.has_all_results(batch, RUN, {PhaseName.SPELLCHECK: 3, PhaseName.NLP: 2})
    assert not rules.has_all_results(batch, RUN, {PhaseName.SPELLCHECK: 3, PhaseName.NLP: 1})
    assert not rules.has_all_results(batch, RUN, {})


class TestFurtherAttempts:
    """Essays that failed are tried again: what was done stands."""

    FIRST = (registered(), provisioned(), outcome(PhaseName.SPELLCHECK, {CIA: "EMPTY_CONTENT", BEA: "TIMEOUT"}))

    def counts(self, batch: Batch) -> tuple[BatchStatus, int, dict[str, str]]:
        told = batch.newest_tries[PhaseName.SPELLCHECK].outcome
        assert told is not None
        return told.status, told.succeeded, told.failures

    def test_counts_are_those_of_all_attempts(self) -> None:
        again = outcome(PhaseName.SPELLCHECK, attempt=2, essays=[BEA])

        expected = (BatchStatus.COMPLETED_WITH_FAILURES, 2, {CIA: "EMPTY_CONTENT"})
        assert self.counts(after(*self.FIRST, again)) == self.counts(after(again, *self.FIRST)) == expected

    def test_an_attempt_that_bos_has_given_up_counts_for_nothing_whenever_els_answers_it(self) -> None:
        late, again = outcome(PhaseName.SPELLCHECK), outcome(PhaseName.SPELLCHECK, {CIA: "TIMEOUT"}, attempt=2)

        expected = (BatchStatus.COMPLETED_WITH_FAILURES, 2, {CIA: "TIMEOUT"})
        for history in permutations([late, given_up(PhaseName.SPELLCHECK), again]):
            assert self.counts(after(*history)) == expected

    def test_a_retry_in_a_further_run_goes_on_from_the_run_before(self) -> None:
        again = outcome(PhaseName.SPELLCHECK, run_id=LATER_RUN, attempt=2, essays=[BEA, CIA])

        assert self.counts(after(*self.FIRST, again)) == (BatchStatus.COMPLETED_SUCCESSFULLY, 3, {})

    def test_a_run_that_does_it_all_anew_counts_for_itself(self) -> None:
        anew = outcome(PhaseName.SPELLCHECK, {AKE: "TIMEOUT"}, run_id=LATER_RUN)

        assert self.counts(after(*self.FIRST, anew)) == (BatchStatus.COMPLETED_WITH_FAILURES, 2, {AKE: "TIMEOUT"})


def test_a_batch_that_was_cancelled_before_anything_was_asked_of_it_is_cancelled_until_something_is() -> None:
    batch = after(registered(), cancelled(run_id=None), provisioned())
    assert rules.overall_status(batch) is BatchStatus.CANCELLED

    assert rules.overall_status(decide(batch, command(PhaseName.SPELLCHECK))) is BatchStatus.PROCESSING_PIPELINES
    assert rules.overall_status(decide(batch, resumed())) is BatchStatus.READY_FOR_PIPELINE_EXECUTION
    assert after(registered(), resumed(), cancelled(run_id=None), provisioned()) == decide(batch, resumed())
