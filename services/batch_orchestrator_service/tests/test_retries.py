"""Trying again: by whom it is asked for, for whom it is done, and when nobody needs to ask."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from msgspec.structs import replace

from batch_orchestrator_service.domain.admission import essays_to_retry
from batch_orchestrator_service.domain.batch import Batch
from batch_orchestrator_service.domain.facts import Fact, RetryDue
from batch_orchestrator_service.domain.pipeline import PHASES
from batch_orchestrator_service.domain.run import PhaseRun
from batch_orchestrator_service.tests.life import after, commanded, said, then, timers
from batch_orchestrator_service.tests.said import (
    AT,
    CJ,
    NLP,
    SPELLCHECK,
    SPELLING_THEN_ANALYSIS,
    cancel,
    later,
    outcome,
    phase,
    provisioned,
    registered,
    resolved,
    retry,
)
from common_core.enums import BatchStatus, PhaseName
from common_core.enums import PipelineExecutionStatus as PhaseStatus
from common_core.messages.batch import BatchPipelineCompletedV1
from common_core.messages.pipeline import PhaseCommand
from huleedu_service_libs.errors import RefusedCommand
from huleedu_service_libs.runtime.effects import Effect

READY = (registered("abc"), provisioned("abc"), SPELLING_THEN_ANALYSIS)
HALF_DONE = (*READY, outcome(SPELLCHECK, "ab", {"c": "EMPTY_CONTENT"}), outcome(NLP, "a", {"b": "NLP_SERVICE_ERROR"}))
POLICY = PHASES[SPELLCHECK].retries


def found(batch: Batch, name: PhaseName) -> PhaseRun:
    """The phase as the latest run has it."""
    phase_run = batch.runs[-1].phase(name)
    assert phase_run is not None
    return phase_run


class TestAskedFor:
    """A teacher wants failed essays tried again."""

    def test_a_further_run_takes_only_those_that_failed_in_the_next_attempt(self) -> None:
        batch, effects = then(after(*HALF_DONE), retry(SPELLCHECK))

        (command,) = said(effects, PhaseCommand)
        assert [ref.essay_id for ref in command.essays_to_process] == ["c"]
        assert (command.run_id, command.attempt) == ("run-2", 2)
        assert (batch.status, batch.runs[-1].retry_of) == (BatchStatus.PROCESSING_PIPELINES, "run-1")

    def test_what_depends_on_it_takes_only_who_is_new(self) -> None:
        batch = after(*HALF_DONE, retry(SPELLCHECK))
        batch, effects = then(batch, outcome(SPELLCHECK, "c", run="run-2", attempt=2))

        assert commanded(effects) == {"nlp": ["corrected-c"]}
        assert found(batch, NLP).failed == {1: "NLP_SERVICE_ERROR"}

    def test_its_counts_are_those_of_all_essays(self) -> None:
        batch = after(*HALF_DONE, retry(SPELLCHECK), outcome(SPELLCHECK, "c", run="run-2", attempt=2))
        batch, effects = then(batch, outcome(NLP, "c", run="run-2", attempt=2))

        (completed,) = said(effects, BatchPipelineCompletedV1)
        assert (completed.successful_essay_count, completed.failed_essay_count) == (2, 1)
        assert (found(batch, SPELLCHECK).sent, found(batch, SPELLCHECK).succeeded) == ((0, 1, 2), (0, 1, 2))

    def test_a_retry_in_vain_leaves_everything_as_it_was_and_ends(self) -> None:
        before = after(*HALF_DONE)
        failed_again = outcome(SPELLCHECK, "", {"c": "EMPTY_CONTENT"}, run="run-2", attempt=2)
        batch, effects = then(after(*HALF_DONE, retry(SPELLCHECK)), failed_again)

        assert commanded(effects) == {}
        assert batch.status is before.status is BatchStatus.COMPLETED_WITH_FAILURES
        assert [(p.succeeded, p.failed) for p in batch.runs[-1].phases] == [
            (p.succeeded, p.failed) for p in before.runs[-1].phases
        ]

    def test_chosen_essays_only(self) -> None:
        failed = outcome(SPELLCHECK, "a", {"b": "EMPTY_CONTENT", "c": "EMPTY_CONTENT"})
        batch, effects = then(after(*READY, failed, outcome(NLP, "a")), retry(SPELLCHECK, "c"))

        assert commanded(effects) == {"spellcheck": ["original-c"]}
        assert found(batch, SPELLCHECK).failed == {1: "EMPTY_CONTENT"}

    def test_a_phase_that_was_skipped_gets_its_turn(self) -> None:
        nobody = outcome(SPELLCHECK, "", dict.fromkeys("abc", "EMPTY_CONTENT"))
        batch = after(*READY, nobody, retry(SPELLCHECK))
        batch, effects = then(batch, outcome(SPELLCHECK, "b", run="run-2", attempt=2))

        assert commanded(effects) == {"nlp": ["corrected-b"]}
        assert found(batch, NLP).attempt == 1

    def test_the_last_phase_alone_keeps_what_came_before_it(self) -> None:
        batch, effects = then(after(*HALF_DONE), retry(NLP))

        assert commanded(effects) == {"nlp": ["corrected-b"]}
        assert (found(batch, SPELLCHECK).reuse, found(batch, NLP).reuse) == (True, False)

    def test_a_phase_of_an_earlier_run_is_tried_again_with_what_was_in_that_run(self) -> None:
        ranking = resolved(phase(SPELLCHECK, reuse=True), phase(CJ, SPELLCHECK), run="run-2")
        batch = after(*HALF_DONE, ranking, outcome(CJ, "ab", run="run-2"))
        batch, effects = then(batch, retry(NLP, run="run-3"))

        assert commanded(effects) == {"nlp": ["corrected-b"]}
        assert [p.name for p in batch.runs[-1].phases] == [SPELLCHECK, NLP]

    def test_all_phases_are_tried_again_each_after_what_it_depends_on(self) -> None:
        everywhere = replace(retry(SPELLCHECK), then=(NLP,))
        batch, effects = then(after(*HALF_DONE), everywhere)
        assert commanded(effects) == {"spellcheck": ["original-c"]}

        batch, effects = then(batch, outcome(SPELLCHECK, "c", run="run-2", attempt=2))
        assert commanded(effects) == {"nlp": ["corrected-b", "corrected-c"]}
        batch, _ = then(batch, outcome(NLP, "bc", run="run-2", attempt=2))
        assert (batch.status, batch.runs[-1].successful) == (BatchStatus.COMPLETED_SUCCESSFULLY, 3)

    def test_a_later_phase_is_tried_again_even_if_the_earlier_is_in_vain(self) -> None:
        batch = after(*HALF_DONE, replace(retry(SPELLCHECK), then=(NLP,)))
        batch, effects = then(batch, outcome(SPELLCHECK, "", {"c": "EMPTY_CONTENT"}, run="run-2", attempt=2))

        assert commanded(effects) == {"nlp": ["corrected-b"]}
        assert found(batch, NLP).attempt == 2

    def test_phases_that_do_not_depend_on_each_other_begin_at_once(self) -> None:
        both = resolved(phase(SPELLCHECK), phase(NLP, SPELLCHECK), phase(CJ, SPELLCHECK))
        failures = [outcome(name, "ab", {"c": "EMPTY_CONTENT"}) for name in (NLP, CJ)]
        batch = after(*READY[:2], both, outcome(SPELLCHECK, "abc"), *failures)
        _, effects = then(batch, replace(retry(NLP), then=(CJ,)))

        assert commanded(effects) == {"nlp": ["corrected-c"], "cj_assessment": ["corrected-c"]}

    def test_a_phase_in_which_all_failed_counts_its_attempts(self) -> None:
        nobody = outcome(NLP, "", dict.fromkeys("ab", "NLP_SERVICE_ERROR"))
        batch = after(*READY, outcome(SPELLCHECK, "ab", {"c": "EMPTY_CONTENT"}), nobody)
        batch, _ = then(batch, replace(retry(SPELLCHECK), then=(NLP,)))
        batch, effects = then(batch, outcome(SPELLCHECK, "c", run="run-2", attempt=2))

        (command,) = said(effects, PhaseCommand)
        assert ([ref.essay_id for ref in command.essays_to_process], command.attempt) == (["a", "b", "c"], 2)

    def test_where_nothing_failed_later_nothing_is_tried_again_there(self) -> None:
        batch = after(*READY, outcome(SPELLCHECK, "ab", {"c": "EMPTY_CONTENT"}), outcome(NLP, "ab"))
        batch, effects = then(batch, replace(retry(SPELLCHECK), then=(NLP, CJ)))

        assert commanded(effects) == {"spellcheck": ["original-c"]}

    @pytest.mark.parametrize(
        ("history", "wish", "code"),
        [
            ((*READY, outcome(SPELLCHECK, "a")), (SPELLCHECK, []), "PIPELINE_ALREADY_ACTIVE"),
            (HALF_DONE, (CJ, []), "PHASE_NEVER_RAN"),
            (READY[:2], (SPELLCHECK, []), "PHASE_NEVER_RAN"),
            ((*READY, outcome(SPELLCHECK, "abc"), outcome(NLP, "abc")), (NLP, []), "NOTHING_FAILED"),
            (HALF_DONE, (SPELLCHECK, ["a"]), "ESSAYS_NOT_FAILED"),
            (HALF_DONE, (SPELLCHECK, ["c", "a stranger"]), "ESSAYS_NOT_FAILED"),
            ((*READY, outcome(SPELLCHECK, "a", {"b": "X"}), cancel()), (SPELLCHECK, []), "BATCH_CANCELLED"),
        ],
    )
    def test_a_refusal_says_why_and_nothing_happens(
        self, history: tuple[Fact, ...], wish: tuple[PhaseName, list[str]], code: str
    ) -> None:
        (name, essays), batch = wish, after(*history)

        refused = essays_to_retry(batch, name, essays)
        assert isinstance(refused, RefusedCommand)
        assert (refused.code, refused.status) == (code, 409)
        assert then(batch, retry(name, *essays)) == (batch, ())


class TestOfItself:
    """A phase makes another attempt for essays that failed with a code that is worth it."""

    ANSWER = outcome(SPELLCHECK, "a", {"b": "TIMEOUT", "c": "EMPTY_CONTENT"})

    def waiting(self) -> tuple[Batch, Sequence[Effect]]:
        """One of three is worth another attempt."""
        return then(after(*READY), self.ANSWER)

    def due(self, effects: Sequence[Effect]) -> RetryDue:
        """The timer that was set."""
        ((message, at),) = timers(effects).items()
        assert isinstance(message, RetryDue)
        assert message.due == at
        return message

    def test_it_waits_before_the_next_attempt_and_nothing_else_starts(self) -> None:
        batch, effects = self.waiting()

        assert commanded(effects) == {}
        assert found(batch, SPELLCHECK).status is PhaseStatus.IN_PROGRESS
        assert POLICY.pause <= self.due(effects).due - AT <= POLICY.pause * 1.5

    def test_then_only_those_are_sent_again(self) -> None:
        batch, effects = self.waiting()
        batch, effects = then(batch, self.due(effects), later(minutes=1))

        assert commanded(effects) == {"spellcheck": ["original-b"]}
        assert (found(batch, SPELLCHECK).attempt, found(batch, SPELLCHECK).failed) == (2, {2: "EMPTY_CONTENT"})

    def test_what_all_attempts_gave_goes_on_together(self) -> None:
        batch, effects = self.waiting()
        batch, _ = then(batch, self.due(effects), later(minutes=1))
        batch, effects = then(batch, outcome(SPELLCHECK, "b", attempt=2))

        assert commanded(effects) == {"nlp": ["corrected-a", "corrected-b"]}

    def test_an_answer_to_an_earlier_attempt_changes_nothing(self) -> None:
        batch, effects = self.waiting()
        assert then(batch, self.ANSWER) == (batch, ())

        batch, _ = then(batch, self.due(effects), later(minutes=1))
        assert then(batch, self.ANSWER) == (batch, ())

    def test_pauses_grow_and_attempts_come_to_an_end(self) -> None:
        batch, effects = self.waiting()
        at, pauses = AT, []
        for attempt in range(2, POLICY.times + 2):
            pauses.append(self.due(effects).due - at)
            at = self.due(effects).due
            batch, _ = then(batch, self.due(effects), at)
            batch, effects = then(batch, outcome(SPELLCHECK, "", {"b": "TIMEOUT"}, attempt=attempt), at)

        assert pauses[1] > pauses[0] * 1.3
        assert found(batch, SPELLCHECK).failed == {1: "TIMEOUT", 2: "EMPTY_CONTENT"}
        assert commanded(effects) == {"nlp": ["corrected-a"]}

    def test_whoever_asks_gets_all_attempts_anew(self) -> None:
        failed = outcome(SPELLCHECK, "ab", {"c": "EMPTY_CONTENT"})
        batch = after(*READY, failed, outcome(NLP, "ab"), retry(SPELLCHECK))
        batch, _ = then(batch, outcome(SPELLCHECK, "", {"c": "TIMEOUT"}, run="run-2", attempt=2))

        assert found(batch, SPELLCHECK).status is PhaseStatus.IN_PROGRESS

    def test_what_failed_together_does_not_come_back_together(self) -> None:
        pauses: set[timedelta] = {POLICY.pause_after(0, jitter / 10) for jitter in range(11)}

        assert len(pauses) == 11
        assert (min(pauses), max(pauses)) == (POLICY.pause, POLICY.pause * 1.5)
