"""What a batch decides: given what it has lived through, when something happens, then this follows."""

from datetime import timedelta

import pytest

from batch_orchestrator_service.domain.asked import PromptSet
from batch_orchestrator_service.domain.decide import decide
from batch_orchestrator_service.domain.facts import (
    ContentDeadlinePassed,
    Fact,
    PhaseDeadlinePassed,
)
from batch_orchestrator_service.domain.pipeline import PHASES
from batch_orchestrator_service.tests.life import after, commanded, said, then, timers
from batch_orchestrator_service.tests.said import (
    AT,
    BATCH,
    CJ,
    FEEDBACK,
    METRICS,
    NLP,
    RUN,
    SPELLCHECK,
    SPELLING_THEN_ANALYSIS,
    later,
    outcome,
    phase,
    provisioned,
    ready,
    registered,
    resolved,
    unusable,
)
from common_core.enums import BatchStatus, ContentType, PhaseName
from common_core.enums import PipelineExecutionStatus as PhaseStatus
from common_core.messages.batch import (
    BatchContentDeadlinePassedV1,
    BatchEssaysRegistered,
    BatchPipelineCompletedV1,
)
from common_core.messages.control import BatchWaitGivenUpV1
from common_core.messages.pipeline import (
    BatchServiceAIFeedbackInitiateCommandDataV1,
    BatchServiceCJAssessmentInitiateCommandDataV1,
    BatchServiceNLPInitiateCommandDataV1,
    BatchServiceSpellcheckInitiateCommandDataV1,
)
from common_core.shared import StorageReference, StorageReferenceMetadata
from huleedu_service_libs.runtime.effects import Later, Never

CONTENT_DEADLINE = ContentDeadlinePassed(batch_id=BATCH, due=later(days=1))
SILENCE = ContentDeadlinePassed(batch_id=BATCH, due=later(days=1, hours=1))
EVERYTHING = resolved(
    phase(SPELLCHECK), phase(NLP, SPELLCHECK), phase(CJ, SPELLCHECK), phase(FEEDBACK, SPELLCHECK, NLP)
)
PROMPT = StorageReferenceMetadata(references={ContentType.STUDENT_PROMPT_TEXT: StorageReference(storage_id="0" * 32)})


def overdue(name: PhaseName, run: str = RUN, attempt: int = 1) -> PhaseDeadlinePassed:
    """This phase has had its time for two essays."""
    due = AT + PHASES[name].time_limit(2)
    return PhaseDeadlinePassed(batch_id=BATCH, run_id=run, phase_name=name, attempt=attempt, due=due)


class TestContent:
    """From the registration to readiness."""

    def test_a_registration_is_announced_with_its_slots(self) -> None:
        _, effects = decide(None, registered("ab"), AT)

        (announced,) = said(effects, BatchEssaysRegistered)
        assert (announced.entity_id, announced.essay_ids, announced.expected_essay_count) == (BATCH, ["a", "b"], 2)
        assert (announced.user_id, announced.org_id) == ("teacher-1", "school-1")

    def test_a_registration_sets_the_deadline_of_its_content(self) -> None:
        _, effects = decide(None, registered(), AT)

        assert timers(effects) == {CONTENT_DEADLINE: later(days=1)}

    def test_a_batch_waits_for_its_content(self) -> None:
        assert after(registered()).status is BatchStatus.AWAITING_CONTENT_VALIDATION

    @pytest.mark.parametrize("fact", [provisioned("ab"), ready("ab")], ids=["provisioned", "ready"])
    def test_it_is_ready_with_the_essays_that_have_content_and_waits_no_longer(self, fact: Fact) -> None:
        batch, effects = then(after(registered("abc")), fact)

        assert batch.status is BatchStatus.READY_FOR_PIPELINE_EXECUTION
        assert [batch.essays.ids[essay] for essay in batch.essays.ready] == ["a", "b"]
        (timer,) = [effect for effect in decide(None, registered("abc"), AT)[1] if isinstance(effect, Later)]
        assert effects == (Never(timer.name),)

    def test_essays_that_it_has_no_slot_for_are_none_of_its(self) -> None:
        batch = after(registered("ab"), provisioned("abz"))

        assert len(batch.essays.ready) == 2

    @pytest.mark.parametrize("order", [(0, 1), (1, 0)])
    def test_failed_files_are_named_whichever_comes_first(self, order: tuple[int, int]) -> None:
        facts: tuple[Fact, ...] = (provisioned("ab"), unusable("c"))
        batch = after(registered("abc"), *(facts[place] for place in order))

        assert batch.status is BatchStatus.READY_FOR_PIPELINE_EXECUTION
        assert [(f.essay_id, f.file_name, f.error_code) for f in batch.ingestion.failures] == [
            ("c", "c.docx", "EMPTY_CONTENT")
        ]

    @pytest.mark.parametrize("fact", [provisioned(""), unusable("abc", critical=True)])
    def test_without_a_usable_essay_ingestion_has_failed(self, fact: Fact) -> None:
        batch = after(registered("abc"), fact)

        assert batch.status is BatchStatus.CONTENT_INGESTION_FAILED
        assert batch.ingestion.error_code == "NO_USABLE_CONTENT"
        assert not batch.accepts_pipeline

    def test_at_the_deadline_els_is_asked_to_close(self) -> None:
        batch, effects = then(after(registered()), CONTENT_DEADLINE, later(days=1))

        assert said(effects, BatchContentDeadlinePassedV1)
        assert timers(effects) == {SILENCE: later(days=1, hours=1)}
        assert batch.status is BatchStatus.AWAITING_CONTENT_VALIDATION

    def test_what_has_come_by_the_deadline_is_worked_on(self) -> None:
        overdue_batch, asked = then(after(registered("abc")), CONTENT_DEADLINE)
        batch, effects = then(overdue_batch, provisioned("a"))

        assert batch.status is BatchStatus.READY_FOR_PIPELINE_EXECUTION
        dropped = [effect for effect in effects if isinstance(effect, Never)]
        assert dropped == [Never(effect.name) for effect in asked if isinstance(effect, Later)]

    def test_a_batch_ends_even_if_els_stays_silent(self) -> None:
        batch, _ = then(after(registered()), CONTENT_DEADLINE, later(days=1))
        batch, effects = then(batch, SILENCE, later(days=1, hours=1))

        assert [given_up.phase_name for given_up in said(effects, BatchWaitGivenUpV1)] == [None]
        assert batch.status is BatchStatus.CONTENT_INGESTION_FAILED
        assert batch.ingestion.error_code == "CONTENT_DEADLINE_PASSED"

    def test_an_end_stays_an_end(self) -> None:
        ended = after(registered(), provisioned(""))

        assert then(ended, provisioned("abc")) == (ended, ())


class TestPipeline:
    """From a request to the end of the run."""

    def test_a_run_starts_with_what_depends_on_nothing(self) -> None:
        batch, effects = then(after(registered("ab"), provisioned("ab")), EVERYTHING)

        assert batch.status is BatchStatus.PROCESSING_PIPELINES
        assert commanded(effects) == {"spellcheck": ["original-a", "original-b"]}

    def test_a_command_says_for_whom_and_for_which_run(self) -> None:
        _, effects = then(after(registered("a"), provisioned("a")), SPELLING_THEN_ANALYSIS)

        (command,) = said(effects, BatchServiceSpellcheckInitiateCommandDataV1)
        assert (command.entity_id, command.run_id, command.attempt) == (BATCH, RUN, 1)
        assert (command.user_id, command.org_id, command.language) == ("teacher-1", "school-1", "en")

    def test_independent_phases_start_at_the_same_time_with_the_corrected_texts(self) -> None:
        batch = after(registered("ab"), provisioned("ab"), EVERYTHING)
        _, effects = then(batch, outcome(SPELLCHECK, "ab"))

        assert commanded(effects) == {name: ["corrected-a", "corrected-b"] for name in (NLP, CJ)}
        (analysis,) = said(effects, BatchServiceNLPInitiateCommandDataV1)
        assert [ref.spellcheck_metrics for ref in analysis.essays_to_process] == [METRICS, METRICS]

    def test_a_phase_waits_for_all_it_depends_on_and_takes_those_that_came_through_all(self) -> None:
        batch = after(registered("abc"), provisioned("abc"), EVERYTHING, outcome(SPELLCHECK, "abc"))
        batch, effects = then(batch, outcome(CJ, "abc"))
        assert commanded(effects) == {}

        _, effects = then(batch, outcome(NLP, "ac", {"b": "NLP_SERVICE_ERROR"}))
        assert commanded(effects) == {"ai_feedback": ["corrected-a", "corrected-c"]}

    def test_only_the_essays_that_survived_spelling_are_analysed(self) -> None:
        batch = after(registered("abc"), provisioned("abc"), SPELLING_THEN_ANALYSIS)
        _, effects = then(batch, outcome(SPELLCHECK, "b", {"a": "EMPTY_CONTENT", "c": "EMPTY_CONTENT"}))

        assert commanded(effects) == {"nlp": ["corrected-b"]}

    def test_a_run_ends_with_true_counts(self) -> None:
        batch = after(registered("abc"), provisioned("abc"), SPELLING_THEN_ANALYSIS, outcome(SPELLCHECK, "ab"))
        batch, effects = then(batch, outcome(NLP, "a", {"b": "NLP_SERVICE_ERROR"}), later(minutes=2))

        (completed,) = said(effects, BatchPipelineCompletedV1)
        assert (completed.successful_essay_count, completed.failed_essay_count) == (1, 2)
        assert completed.final_status == batch.status == BatchStatus.COMPLETED_WITH_FAILURES
        assert (completed.completed_phases, completed.run_id) == (["spellcheck", "nlp"], RUN)
        assert completed.processing_duration_seconds == 120

    def test_a_run_in_which_all_succeeds_has_completed_successfully(self) -> None:
        run = (SPELLING_THEN_ANALYSIS, outcome(SPELLCHECK, "ab"), outcome(NLP, "ab"))
        batch = after(registered("abc"), provisioned("ab"), unusable("c"), *run)

        assert batch.status is BatchStatus.COMPLETED_SUCCESSFULLY

    def test_a_phase_in_which_all_fail_skips_what_depends_on_it_and_ends_the_run(self) -> None:
        batch = after(registered("ab"), provisioned("ab"), EVERYTHING)
        batch, effects = then(batch, outcome(SPELLCHECK, "", {"a": "EMPTY_CONTENT", "b": "EMPTY_CONTENT"}))

        assert commanded(effects) == {}
        (completed,) = said(effects, BatchPipelineCompletedV1)
        assert (completed.successful_essay_count, completed.failed_essay_count) == (0, 2)
        assert batch.status is BatchStatus.FAILED_CRITICALLY
        statuses = [phase.status for phase in batch.runs[-1].phases]
        assert statuses == [PhaseStatus.FAILED, *[PhaseStatus.SKIPPED_DUE_TO_DEPENDENCY_FAILURE] * 3]

    def test_what_does_not_depend_on_a_failed_phase_goes_on(self) -> None:
        batch = after(registered("a"), provisioned("a"), EVERYTHING, outcome(SPELLCHECK, "a"), outcome(NLP, ""))
        assert batch.status is BatchStatus.PROCESSING_PIPELINES

        batch, _ = then(batch, outcome(CJ, "a"))
        assert batch.status is BatchStatus.COMPLETED_WITH_FAILURES

    def test_each_failed_essay_keeps_its_code(self) -> None:
        batch = after(registered("abc"), provisioned("abc"), SPELLING_THEN_ANALYSIS)
        batch, _ = then(batch, outcome(SPELLCHECK, "a", {"b": "EMPTY_CONTENT"}))

        spelling = batch.runs[-1].phase(SPELLCHECK)
        assert spelling is not None
        assert spelling.failed == {1: "EMPTY_CONTENT", 2: "PROCESSING_ERROR"}

    def test_a_command_is_given_so_much_time(self) -> None:
        _, effects = then(after(registered("ab"), provisioned("ab")), SPELLING_THEN_ANALYSIS)

        (timer,) = [effect for effect in effects if isinstance(effect, Later)]
        assert timer.message == overdue(SPELLCHECK)
        assert timer.at == AT + PHASES[SPELLCHECK].time_limit(2) > AT + timedelta(minutes=30)

    def test_a_phase_that_is_over_is_not_timed_any_longer(self) -> None:
        batch = after(registered("a"), provisioned("a"))
        batch, started = then(batch, SPELLING_THEN_ANALYSIS)
        _, effects = then(batch, outcome(SPELLCHECK, "a"))

        (timer,) = [effect for effect in started if isinstance(effect, Later)]
        assert Never(timer.name) in effects

    def test_every_phase_has_its_command(self) -> None:
        alone = [resolved(phase(name)) for name in PHASES]
        effects = [then(after(registered("a"), provisioned("a")), request)[1] for request in alone]

        assert [type(found[0]) for found in effects] == [
            BatchServiceSpellcheckInitiateCommandDataV1,
            BatchServiceNLPInitiateCommandDataV1,
            BatchServiceCJAssessmentInitiateCommandDataV1,
            BatchServiceAIFeedbackInitiateCommandDataV1,
        ]

    def test_the_prompt_goes_with_the_commands(self) -> None:
        prompt = PromptSet(batch_id=BATCH, student_prompt_ref=PROMPT)
        batch = after(registered("a"), prompt, provisioned("a"))
        _, effects = then(batch, resolved(phase(CJ)))

        (command,) = said(effects, BatchServiceCJAssessmentInitiateCommandDataV1)
        assert command.student_prompt_ref == PROMPT

    def test_no_prompt_is_taken_while_a_run_is_active(self) -> None:
        batch = after(registered("a"), provisioned("a"), SPELLING_THEN_ANALYSIS)

        assert then(batch, PromptSet(batch_id=BATCH, student_prompt_ref=PROMPT)) == (batch, ())

    def test_whatever_bcs_says_a_run_waits_for_nothing_that_never_ends(self) -> None:
        cyclic = resolved(phase(SPELLCHECK, NLP, SPELLCHECK), phase(NLP, SPELLCHECK))
        _, effects = then(after(registered("a"), provisioned("a")), cyclic)

        assert commanded(effects) == {"spellcheck": ["original-a"]}

    @pytest.mark.parametrize(
        "request_",
        [resolved(), resolved(phase(SPELLCHECK), phase(SPELLCHECK)), resolved(phase(PhaseName.STUDENT_MATCHING))],
        ids=["nothing", "twice the same", "none of ours"],
    )
    def test_what_is_no_pipeline_starts_nothing(self, request_: Fact) -> None:
        batch = after(registered("a"), provisioned("a"))

        assert then(batch, request_) == (batch, ())


class TestFurtherPipelines:
    """A finished batch takes another pipeline."""

    FIRST = (registered("abc"), provisioned("abc"), resolved(phase(SPELLCHECK)), outcome(SPELLCHECK, "ab"))
    AGAIN = resolved(phase(SPELLCHECK, reuse=True), phase(NLP, SPELLCHECK), run="run-2")

    def test_what_is_done_is_reused_and_its_texts_are_what_the_next_phase_reads(self) -> None:
        batch, effects = then(after(*self.FIRST), self.AGAIN)

        assert batch.status is BatchStatus.PROCESSING_PIPELINES
        assert commanded(effects) == {"nlp": ["corrected-a", "corrected-b"]}

    def test_its_counts_are_those_of_all_phases_the_reused_ones_too(self) -> None:
        _, effects = then(after(*self.FIRST, self.AGAIN), outcome(NLP, "a", run="run-2"))

        (completed,) = said(effects, BatchPipelineCompletedV1)
        assert (completed.successful_essay_count, completed.failed_essay_count) == (1, 2)
        assert completed.completed_phases == ["spellcheck", "nlp"]

    def test_with_nothing_left_to_do_it_ends_at_once(self) -> None:
        batch, effects = then(after(*self.FIRST), resolved(phase(SPELLCHECK, reuse=True), run="run-2"))

        (completed,) = said(effects, BatchPipelineCompletedV1)
        assert (completed.run_id, completed.successful_essay_count) == ("run-2", 2)
        assert batch.active_run is None

    def test_asked_again_what_is_done_but_for_some_essays_is_no_worse_than_it_was(self) -> None:
        first = (*self.FIRST[:-1], outcome(SPELLCHECK, "ab", {"c": "EMPTY_CONTENT"}))

        batch, _ = then(after(*first), resolved(phase(SPELLCHECK, reuse=True), run="run-2"))

        assert batch.status is after(*first).status is BatchStatus.COMPLETED_WITH_FAILURES

    def test_what_was_never_done_is_not_reused(self) -> None:
        batch = after(registered("a"), provisioned("a"))
        _, effects = then(batch, resolved(phase(SPELLCHECK, reuse=True)))

        assert commanded(effects) == {"spellcheck": ["original-a"]}

    def test_what_failed_altogether_is_done_again_and_takes_nobody_along_who_fails_again(self) -> None:
        failed = after(registered("ab"), provisioned("ab"), SPELLING_THEN_ANALYSIS, outcome(SPELLCHECK, ""))
        again = resolved(phase(SPELLCHECK, reuse=True), phase(NLP, SPELLCHECK), run="run-2")
        batch, effects = then(failed, again)
        assert commanded(effects) == {"spellcheck": ["original-a", "original-b"]}

        _, effects = then(batch, outcome(SPELLCHECK, "b", run="run-2"))
        assert commanded(effects) == {"nlp": ["corrected-b"]}

    def test_what_an_earlier_run_gave_outlives_a_run_that_gives_nothing(self) -> None:
        in_vain = (resolved(phase(SPELLCHECK), run="in vain"), outcome(SPELLCHECK, "", run="in vain"))
        _, effects = then(after(*self.FIRST, *in_vain), self.AGAIN)

        assert commanded(effects) == {"nlp": ["corrected-a", "corrected-b"]}


class TestWhatChangesNothing:
    """Late, early, repeated: the same batch, and nothing to say."""

    HISTORY: tuple[Fact, ...] = (
        registered("ab"),
        unusable("b"),
        provisioned("ab"),
        SPELLING_THEN_ANALYSIS,
        outcome(SPELLCHECK, "ab"),
        outcome(NLP, "a", {"b": "EMPTY_CONTENT"}),
    )

    @pytest.mark.parametrize("place", range(len(HISTORY)))
    def test_a_fact_said_again_after_any_that_follow_it(self, place: int) -> None:
        for end in range(place + 1, len(self.HISTORY) + 1):
            batch = after(*self.HISTORY[:end])

            assert decide(batch, self.HISTORY[place], later(hours=1)) == (batch, ())

    @pytest.mark.parametrize("fact", [*HISTORY[1:], CONTENT_DEADLINE, SILENCE, overdue(SPELLCHECK)])
    def test_whatever_comes_before_the_registration(self, fact: Fact) -> None:
        assert decide(None, fact, AT) == (None, ())

    @pytest.mark.parametrize(
        "fact",
        [
            outcome(NLP, "ab"),
            outcome(SPELLCHECK, "ab", run="another run"),
            outcome(SPELLCHECK, "ab", attempt=2),
            outcome(CJ, "ab"),
            overdue(SPELLCHECK, run="another run"),
            overdue(SPELLCHECK, attempt=2),
            overdue(NLP),
            CONTENT_DEADLINE,
            SILENCE,
            ready("ab"),
            resolved(phase(CJ), run="a run while one is active"),
        ],
    )
    def test_what_does_not_concern_what_is_waited_for(self, fact: Fact) -> None:
        batch = after(*self.HISTORY[:4])

        assert then(batch, fact) == (batch, ())

    def test_an_outcome_that_names_no_run_means_the_present_one(self) -> None:
        batch, _ = then(after(*self.HISTORY[:4]), outcome(SPELLCHECK, "ab", run=None, attempt=None))

        assert [phase.status for phase in batch.runs[-1].phases] == [
            PhaseStatus.COMPLETED_SUCCESSFULLY,
            PhaseStatus.DISPATCH_INITIATED,
        ]

    def test_the_version_counts_the_facts_that_changed_something(self) -> None:
        facts = (self.HISTORY[0], self.HISTORY[0], CONTENT_DEADLINE, CONTENT_DEADLINE, *self.HISTORY[1:])

        assert after(*facts).version == 1 + 1 + 5
