"""Time limits, pauses and cancellations: each has one end, whatever comes at the same moment."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import cast

from batch_orchestrator_service.domain.admission import refusal_of_cancel, refusal_of_pause, refusal_of_resume
from batch_orchestrator_service.domain.batch import Batch
from batch_orchestrator_service.domain.facts import Fact, PhaseDeadlinePassed
from batch_orchestrator_service.domain.pipeline import PHASES
from batch_orchestrator_service.domain.wait import AWAY, MOST_EXTENSIONS
from batch_orchestrator_service.tests.life import after, commanded, said, then, timers
from batch_orchestrator_service.tests.said import (
    AT,
    BATCH,
    NLP,
    RUN,
    SPELLCHECK,
    SPELLING_THEN_ANALYSIS,
    cancel,
    later,
    outcome,
    pause,
    phase,
    provisioned,
    registered,
    resolved,
    resume,
)
from common_core.enums import BatchStatus
from common_core.messages.batch import BatchContentDeadlinePassedV1, BatchPipelineCompletedV1
from common_core.messages.control import (
    PHASE_TIMED_OUT,
    BatchPausedV1,
    BatchPhaseDeadlinePassedV1,
    BatchResumedV1,
    BatchRunCancelledV1,
    BatchWaitGivenUpV1,
)
from huleedu_service_libs.runtime.effects import Effect, Never

READY = (registered("ab"), provisioned("ab"))
RUNNING = (*READY, SPELLING_THEN_ANALYSIS)
LIMIT = PHASES[SPELLCHECK].time_limit(2)
SILENCE = PHASES[SPELLCHECK].silence


def overdue(due: datetime = AT + LIMIT, *, done: int = 0) -> PhaseDeadlinePassed:
    """Spelling has had its time."""
    return PhaseDeadlinePassed(batch_id=BATCH, run_id=RUN, phase_name=SPELLCHECK, attempt=1, due=due, done=done)


def until(batch: Batch) -> datetime:
    """How long the phase that runs may take."""
    (wait,) = [found.wait for found in batch.runs[-1].phases if found.wait]
    return wait.until


def the_timer(effects: Sequence[Effect]) -> tuple[Fact, datetime]:
    """The one that was set."""
    ((message, at),) = timers(effects).items()
    return cast(Fact, message), at


class TestDeadlines:
    """What becomes of a phase that takes too long."""

    def test_els_is_asked_to_close_it_and_its_answer_counts(self) -> None:
        batch, effects = then(after(*RUNNING), overdue(), AT + LIMIT)
        (closing,) = said(effects, BatchPhaseDeadlinePassedV1)
        assert (closing.phase_name, closing.run_id, closing.attempt) == (SPELLCHECK, RUN, 1)
        assert the_timer(effects)[1] == AT + LIMIT + SILENCE

        batch, effects = then(batch, outcome(SPELLCHECK, "a", {"b": "EMPTY_CONTENT"}))
        assert commanded(effects) == {"nlp": ["corrected-a"]}

    def test_if_els_says_nothing_all_have_failed_and_are_tried_again(self) -> None:
        closing, effects = then(after(*RUNNING), overdue(), AT + LIMIT)
        batch, effects = then(closing, *the_timer(effects))
        (given_up,) = said(effects, BatchWaitGivenUpV1)
        assert (given_up.phase_name, given_up.attempt, given_up.essay_ids) == (SPELLCHECK, 1, ["a", "b"])
        spelling = batch.runs[-1].phase(SPELLCHECK)
        assert spelling is not None
        assert (spelling.awaits_retry, spelling.outstanding) == (True, (0, 1))

        batch, effects = then(batch, *the_timer(effects))
        assert commanded(effects) == {"spellcheck": ["original-a", "original-b"]}

    def test_it_ends_when_no_attempt_is_answered(self) -> None:
        batch, effects = then(after(*RUNNING), overdue(), AT + LIMIT)
        while batch.active_run:
            batch, effects = then(batch, *the_timer(effects))

        spelling = batch.runs[-1].phase(SPELLCHECK)
        assert spelling is not None
        assert spelling.failed == {0: PHASE_TIMED_OUT, 1: PHASE_TIMED_OUT}
        assert (batch.status, spelling.attempt) == (BatchStatus.FAILED_CRITICALLY, 3)

    def test_work_that_goes_on_gets_more_time_but_not_for_ever(self) -> None:
        batch, at = after(*RUNNING), AT + LIMIT
        for extension in range(MOST_EXTENSIONS):
            batch, effects = then(batch, overdue(at, done=extension + 1), at)
            assert said(effects, BatchPhaseDeadlinePassedV1) == []
            at += LIMIT
            assert the_timer(effects)[1] == at

        _, effects = then(batch, overdue(at, done=9), at)
        assert said(effects, BatchPhaseDeadlinePassedV1)

    def test_a_night_in_which_nobody_was_there_is_not_the_phase_s_fault(self) -> None:
        morning = AT + LIMIT + timedelta(hours=9)
        batch, effects = then(after(*RUNNING), overdue(), morning)

        assert said(effects, BatchPhaseDeadlinePassedV1) == []
        assert until(batch) == morning + LIMIT

    def test_a_timer_that_is_only_a_little_late_counts(self) -> None:
        _, effects = then(after(*RUNNING), overdue(), AT + LIMIT + AWAY)

        assert said(effects, BatchPhaseDeadlinePassedV1)

    def test_a_deadline_and_the_answer_at_the_same_moment_have_one_outcome(self) -> None:
        answer = outcome(SPELLCHECK, "ab")
        answered_first, _ = then(after(*RUNNING), answer, AT + LIMIT)
        assert then(answered_first, overdue(), AT + LIMIT) == (answered_first, ())

        overdue_first, _ = then(after(*RUNNING), overdue(), AT + LIMIT)
        batch, _ = then(overdue_first, answer, AT + LIMIT)
        assert batch.runs == answered_first.runs

    def test_a_timer_that_was_set_anew_meanwhile_changes_nothing(self) -> None:
        batch, _ = then(after(*RUNNING), overdue(done=1), AT + LIMIT)

        assert then(batch, overdue(done=2), AT + LIMIT) == (batch, ())


class TestPause:
    """Nothing is started, nothing is lost, no clock runs."""

    def test_els_is_told_and_clocks_stop(self) -> None:
        batch, effects = then(after(*RUNNING), pause())

        (paused,) = said(effects, BatchPausedV1)
        assert (paused.asked_by, paused.reason, paused.version) == ("teacher-1", "because", batch.version)
        assert [effect for effect in effects if isinstance(effect, Never)]

    def test_what_comes_meanwhile_is_acted_on_when_it_goes_on(self) -> None:
        batch, effects = then(after(*RUNNING, pause()), outcome(SPELLCHECK, "a", {"b": "EMPTY_CONTENT"}))
        assert effects == ()

        _, effects = then(batch, resume())
        assert commanded(effects) == {"nlp": ["corrected-a"]}
        assert said(effects, BatchResumedV1)

    def test_a_run_whose_last_answer_came_meanwhile_ends_when_it_goes_on(self) -> None:
        batch = after(*RUNNING, outcome(SPELLCHECK, "ab"), pause(), outcome(NLP, "ab"))
        assert batch.status is BatchStatus.PROCESSING_PIPELINES

        batch, effects = then(batch, resume())
        assert said(effects, BatchPipelineCompletedV1)
        assert batch.status is BatchStatus.COMPLETED_SUCCESSFULLY

    def test_a_deadline_has_what_was_left_of_it(self) -> None:
        batch, _ = then(after(*RUNNING), pause(), later(minutes=20))
        batch, effects = then(batch, resume(), later(days=7))

        assert the_timer(effects)[1] == later(days=7) + LIMIT - timedelta(minutes=20)

    def test_an_attempt_that_failed_meanwhile_waits_its_whole_pause(self) -> None:
        batch, _ = then(after(*RUNNING), pause())
        batch, effects = then(batch, outcome(SPELLCHECK, "a", {"b": "TIMEOUT"}), later(hours=1))
        assert timers(effects) == {}

        _, effects = then(batch, resume(), later(hours=2))
        assert the_timer(effects)[1] - later(hours=2) >= PHASES[SPELLCHECK].retries.pause

    def test_a_deadline_that_passed_at_that_moment_passes_again_afterwards(self) -> None:
        paused, _ = then(after(*RUNNING), pause(), AT + LIMIT)
        assert then(paused, overdue(), AT + LIMIT) == (paused, ())

        batch, effects = then(paused, resume(), later(days=7))
        _, effects = then(batch, *the_timer(effects))
        assert said(effects, BatchPhaseDeadlinePassedV1)

    def test_content_may_come_for_as_long_as_ever(self) -> None:
        batch, _ = then(after(registered("ab")), pause(), later(hours=20))
        batch, effects = then(batch, resume(), later(days=7))

        assert the_timer(effects)[1] == later(days=7, hours=4)

    def test_twice_is_once(self) -> None:
        batch = after(*RUNNING, pause())
        assert then(batch, pause()) == (batch, ())

        batch = after(*RUNNING, pause(), resume())
        assert then(batch, resume()) == (batch, ())

    def test_no_pipeline_is_taken(self) -> None:
        batch = after(*READY, pause())

        assert then(batch, SPELLING_THEN_ANALYSIS) == (batch, ())

    def test_what_has_no_usable_content_may_be_resumed_all_the_same(self) -> None:
        batch = after(registered("ab"), pause(), provisioned(""))
        assert (batch.status, refusal_of_resume(batch)) == (BatchStatus.CONTENT_INGESTION_FAILED, None)

        assert then(batch, resume())[0].paused is None

    def test_what_has_ended_is_not_paused(self) -> None:
        batch = after(*RUNNING, outcome(SPELLCHECK, "ab"), outcome(NLP, "ab"))
        refused = refusal_of_pause(batch)

        assert refused is not None
        assert refused.code == "BATCH_HAS_ENDED"
        assert then(batch, pause()) == (batch, ())


class TestCancel:
    """The end, whatever is in flight."""

    def test_the_run_ends_and_everybody_is_told(self) -> None:
        batch, effects = then(after(*RUNNING), cancel())

        (told,), (completed,) = said(effects, BatchRunCancelledV1), said(effects, BatchPipelineCompletedV1)
        assert (told.run_id, told.reason, completed.final_status) == (RUN, "because", BatchStatus.CANCELLED)
        assert batch.status is BatchStatus.CANCELLED
        assert timers(effects) == {}

    def test_a_late_answer_is_kept_once_and_nothing_follows(self) -> None:
        batch, effects = then(after(*RUNNING, cancel()), outcome(SPELLCHECK, "ab"))
        spelling = batch.runs[-1].phase(SPELLCHECK)
        assert spelling is not None
        assert (spelling.discarded, spelling.succeeded, effects) == (True, (), ())

        assert then(batch, outcome(SPELLCHECK, "ab")) == (batch, ())

    def test_an_answer_that_was_counted_before_is_not_late(self) -> None:
        answer = outcome(SPELLCHECK, "a", {"b": "TIMEOUT"})
        batch = after(*RUNNING, answer, cancel())

        assert then(batch, answer) == (batch, ())

    def test_twice_is_once(self) -> None:
        batch = after(*RUNNING, cancel())

        assert refusal_of_cancel(batch) is None
        assert then(batch, cancel()) == (batch, ())

    def test_a_batch_that_waits_for_content_takes_no_more_of_it(self) -> None:
        batch, effects = then(after(registered("ab")), cancel())
        assert said(effects, BatchContentDeadlinePassedV1)
        assert said(effects, BatchRunCancelledV1)[0].run_id is None

        batch, _ = then(batch, provisioned("a"))
        assert (batch.status, batch.ingestion.is_open) == (BatchStatus.CANCELLED, False)

    def test_a_pause_is_over(self) -> None:
        batch = after(*RUNNING, pause(), cancel())

        assert (batch.status, batch.paused) == (BatchStatus.CANCELLED, None)

    def test_only_a_further_request_wakes_it(self) -> None:
        batch = after(*RUNNING, outcome(SPELLCHECK, "ab"), cancel())
        before = resolved(phase(NLP), run="run-2", as_of=batch.version - 1)
        assert then(batch, before) == (batch, ())

        further = resolved(phase(SPELLCHECK, reuse=True), phase(NLP, SPELLCHECK), run="run-2", as_of=batch.version)
        batch, effects = then(batch, further)
        assert commanded(effects) == {"nlp": ["corrected-a", "corrected-b"]}
        assert batch.status is BatchStatus.PROCESSING_PIPELINES

    def test_what_has_ended_is_not_cancelled(self) -> None:
        batch = after(*RUNNING, outcome(SPELLCHECK, "ab"), outcome(NLP, "ab"))
        refused = refusal_of_cancel(batch)

        assert refused is not None
        assert (refused.code, refused.status) == ("BATCH_HAS_ENDED", 409)
        assert then(batch, cancel()) == (batch, ())
