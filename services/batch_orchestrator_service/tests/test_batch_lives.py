"""Any life a batch can have: whatever comes, in whatever order, however often, its books balance and it ends.

The machine plays ELS, clients and clocks. It keeps what it has sent in hand, so that any of it may arrive late, twice
or never; a crash is the same as a repetition, because effect and receipt commit together.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import reduce
from typing import cast

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from msgspec.structs import replace

from batch_orchestrator_service.domain.batch import Batch, decide
from batch_orchestrator_service.domain.facts import Fact, PhaseDeadlinePassed
from batch_orchestrator_service.domain.pipeline import PHASES as PHASES_AS_DATA
from batch_orchestrator_service.domain.run import PhaseRun
from batch_orchestrator_service.implementations.codec import pack, unpack_batch
from batch_orchestrator_service.implementations.status_view import status_of
from batch_orchestrator_service.tests.said import (
    AT,
    CJ,
    FEEDBACK,
    NLP,
    SPELLCHECK,
    outcome,
    phase,
    provisioned,
    ready,
    registered,
    resolved,
    unusable,
)
from common_core.enums import BatchStatus, PhaseName
from common_core.enums import PipelineExecutionStatus as PhaseStatus
from common_core.messages.batch import BatchPipelineCompletedV1
from common_core.messages.pipeline import ELSBatchPhaseOutcomeV1, PhaseCommand
from huleedu_service_libs.runtime.effects import Effect, Later, Never

ESSAYS = "abcd"
NEEDS = {SPELLCHECK: (), NLP: (SPELLCHECK,), CJ: (SPELLCHECK,), FEEDBACK: (SPELLCHECK, NLP)}
PHASES = st.sampled_from(list(NEEDS))
subsets = st.sets(st.sampled_from(ESSAYS)).map(sorted) | st.just(sorted(ESSAYS))
PAUSED = {
    BatchStatus.READY_FOR_PIPELINE_EXECUTION,
    BatchStatus.CONTENT_INGESTION_FAILED,
    BatchStatus.COMPLETED_SUCCESSFULLY,
    BatchStatus.COMPLETED_WITH_FAILURES,
    BatchStatus.FAILED_CRITICALLY,
}

Decide = Callable[[Batch | None, Fact, datetime], tuple[Batch | None, tuple[Effect, ...]]]


class BatchLife(RuleBasedStateMachine):
    """One batch among everything that can happen to it."""

    facts: Bundle[Fact] = Bundle("facts")
    decide: Decide = staticmethod(decide)

    def __init__(self) -> None:
        super().__init__()
        self.at = AT
        self.batch: Batch | None = None
        self.kept: list[tuple[Fact, datetime]] = []
        self.commands: list[PhaseCommand] = []
        self.completions: list[BatchPipelineCompletedV1] = []
        self.timers: dict[str, Later] = {}
        self.runs = 0

    def happens(self, fact: Fact) -> None:
        """The fact is decided on, and what follows is committed."""
        self.at += timedelta(seconds=1)
        before = self.batch
        self.batch, effects = self.decide(before, fact, self.at)
        if self.batch is before:
            assert effects == ()
            return
        self.kept.append((fact, self.at))
        self._check_end_stays(before, fact)
        for effect in effects:
            self._takes_place(effect)

    def _takes_place(self, effect: Effect) -> None:
        match effect:
            case PhaseCommand():
                self._check_command(effect)
                self.commands.append(effect)
            case BatchPipelineCompletedV1():
                self.completions.append(effect)
            case Later():
                self.timers[effect.name] = effect
            case Never():
                self.timers.pop(effect.name, None)

    def _check_command(self, command: PhaseCommand) -> None:
        """I4: a command once. I5: all it depends on has ended, and gave the essays it takes."""
        assert self.batch is not None
        assert (command.run_id, command.phase) not in {(said.run_id, said.phase) for said in self.commands}
        run = self.batch.runs[-1]
        this = run.phase(command.phase)
        assert this is not None
        needed = [found for name in this.depends_on if (found := run.phase(name))]
        assert all(found.has_ended for found in needed)
        survivors = reduce(set.intersection, (set(found.succeeded) for found in needed), set(run.essays))
        assert {ref.essay_id for ref in command.essays_to_process} == {self.batch.essays.ids[e] for e in survivors}

    def _check_end_stays(self, before: Batch | None, fact: Fact) -> None:
        """I3: what has ended changes only by a further request."""
        if before is not None and self.batch is not None and before.status in PAUSED:
            assert self.batch.status is before.status or hasattr(fact, "requested_pipeline")

    def request(self, names: set[PhaseName], reuse: set[PhaseName]) -> Fact:
        """A client asks for these phases, and so for what they need."""
        self.runs += 1
        wanted = [name for name in NEEDS if any(name == asked or name in NEEDS[asked] for asked in names)]
        return resolved(*(phase(name, *NEEDS[name], reuse=name in reuse) for name in wanted), run=f"run-{self.runs}")

    @initialize()
    def register(self) -> None:
        self.happens(registered(ESSAYS))

    def said(self, fact: Fact, at_once: bool) -> Fact:
        """On its way: here at once, or later; and whatever is here may come once more."""
        if at_once:
            self.happens(fact)
        return fact

    @rule(target=facts, essays=subsets, as_ready=st.booleans(), at_once=st.booleans())
    def els_closes_content(self, essays: list[str], as_ready: bool, at_once: bool) -> Fact:
        return self.said(ready(essays) if as_ready else provisioned(essays), at_once)

    @rule(target=facts, essays=subsets, at_once=st.booleans())
    def els_names_failed_files(self, essays: list[str], at_once: bool) -> Fact:
        return self.said(unusable(essays, critical=len(essays) == len(ESSAYS)), at_once)

    @rule(target=facts, names=st.sets(PHASES, min_size=1), reuse=st.sets(PHASES), at_once=st.booleans())
    def client_asks(self, names: set[PhaseName], reuse: set[PhaseName], at_once: bool) -> Fact:
        return self.said(self.request(names, reuse), at_once)

    @precondition(lambda self: self.commands)
    @rule(target=facts, which=st.integers(0, 3), survivors=subsets, named=st.booleans(), at_once=st.booleans())
    def els_answers(self, which: int, survivors: list[str], named: bool, at_once: bool) -> Fact:
        command = self.commands[-1 - which % len(self.commands)]
        return self.said(outcome(command.phase, survivors, run=command.run_id if named else None), at_once)

    @rule(target=facts, names=st.sets(PHASES, min_size=1), essays=subsets)
    def life_goes_on(self, names: set[PhaseName], essays: list[str]) -> Fact:
        """What is waited for happens."""
        assert self.batch is not None
        if self.batch.ingestion.is_open:
            return self.said(provisioned(essays), at_once=True)
        if self.batch.active_run is None:
            return self.said(self.request(names, set()), at_once=True)
        (awaited, *_) = [found for found in self.batch.active_run.phases if found.awaits_outcome]
        return self.said(outcome(awaited.name, essays, run=self.batch.active_run.run_id), at_once=True)

    @rule(fact=facts)
    def arrives(self, fact: Fact) -> None:
        """Late, or again."""
        self.happens(fact)

    @precondition(lambda self: self.timers)
    @rule(data=st.data())
    def timer_fires(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted(self.timers)))
        self.happens(cast(Fact, self.timers.pop(name).message))

    @invariant()
    def what_has_taken_effect_takes_none_again(self) -> None:
        """I11. An outcome that names no run cannot be told from a new one: there the receipt decides."""
        for fact, _ in self.kept:
            if getattr(fact, "run_id", "") is not None:
                assert self.decide(self.batch, fact, self.at) == (self.batch, ())

    @invariant()
    def books_balance(self) -> None:
        """I6: succeeded + failed = sent, for every phase that has ended, of every run."""
        for run in self.batch.runs if self.batch else ():
            for found in run.phases:
                _check_counts(found)

    @invariant()
    def every_run_that_has_ended_was_announced_once(self) -> None:
        ended = [run for run in self.batch.runs if not run.is_active] if self.batch else []
        assert [said.run_id for said in self.completions] == [run.run_id for run in ended]
        for said, run in zip(self.completions, ended, strict=True):
            assert said.successful_essay_count + said.failed_essay_count == len(run.essays)

    @invariant()
    def nobody_waits_for_nothing(self) -> None:
        """I2: what has not ended waits for something, and a timer limits each wait but the client's."""
        if self.batch is None:
            return
        waits = status_of(self.batch, {}).waiting_for
        assert waits or self.batch.status in PAUSED
        awaited = {
            timer.message.phase_name for timer in self.timers.values() if isinstance(timer.message, PhaseDeadlinePassed)
        }
        assert awaited == {wait.phase for wait in waits if wait.what == "phase_outcome"}
        if self.batch.status is BatchStatus.AWAITING_CONTENT_VALIDATION:
            assert len(self.timers) == 1

    @invariant()
    def the_timeline_tells_the_state(self) -> None:
        """I17: folding `decide` over what was kept gives the batch."""
        told: Batch | None = None
        for fact, at in self.kept:
            told, _ = self.decide(told, fact, at)
        assert told == self.batch

    @invariant()
    def what_is_done_has_its_texts(self) -> None:
        """What a further pipeline reuses is what the last run that gave something gave."""
        done = self.batch.done if self.batch else {}
        for name, found in done.items():
            if self.batch and PHASES_AS_DATA[name].gives_text:
                assert self.batch.essays.outputs[name].essays == found.succeeded

    @invariant()
    def it_survives_being_stored(self) -> None:
        if self.batch is not None:
            assert unpack_batch(pack(self.batch)) == self.batch

    def teardown(self) -> None:
        """I2: once only the clocks go on, the batch ends, or waits for its client."""
        for _ in range(20):
            for name in sorted(self.timers, key=lambda name: self.timers[name].at):
                if timer := self.timers.pop(name, None):
                    self.happens(cast(Fact, timer.message))
        assert not self.timers
        assert self.batch is None or self.batch.status in PAUSED


def _check_counts(found: PhaseRun) -> None:
    assert not set(found.succeeded) & found.failed.keys()
    if found.has_ended:
        assert {*found.succeeded, *found.failed} == set(found.sent)
    if found.status is PhaseStatus.SKIPPED_DUE_TO_DEPENDENCY_FAILURE:
        assert not found.sent


LIVES = settings(max_examples=60, stateful_step_count=30, deadline=None)
BatchLife.TestCase.settings = LIVES
TestBatchLife = BatchLife.TestCase
NEGATIVE = settings(LIVES, max_examples=300, derandomize=True, phases=[Phase.generate], print_blob=False)


def heeds_no_run(batch: Batch | None, fact: Fact, at: datetime) -> tuple[Batch | None, tuple[Effect, ...]]:
    """Takes any outcome for the present run's."""
    return decide(batch, replace(fact, run_id=None) if isinstance(fact, ELSBatchPhaseOutcomeV1) else fact, at)


def sets_no_timer(batch: Batch | None, fact: Fact, at: datetime) -> tuple[Batch | None, tuple[Effect, ...]]:
    """Waits for ever."""
    batch, effects = decide(batch, fact, at)
    return batch, tuple(effect for effect in effects if not isinstance(effect, Later))


def tells_no_end(batch: Batch | None, fact: Fact, at: datetime) -> tuple[Batch | None, tuple[Effect, ...]]:
    """Lets runs end in silence."""
    batch, effects = decide(batch, fact, at)
    return batch, tuple(effect for effect in effects if not isinstance(effect, BatchPipelineCompletedV1))


def forgets_the_failed(batch: Batch | None, fact: Fact, at: datetime) -> tuple[Batch | None, tuple[Effect, ...]]:
    """Loses the essays that a phase failed on."""
    batch, effects = decide(batch, fact, at)
    if batch is None or not batch.runs:
        return batch, effects
    *earlier, run = batch.runs
    run = replace(run, phases=tuple(replace(found, failed={}) for found in run.phases))
    return replace(batch, runs=(*earlier, run)), effects


@pytest.mark.parametrize("broken", [heeds_no_run, sets_no_timer, tells_no_end, forgets_the_failed])
def test_a_rule_that_is_broken_is_found_out(broken: Decide) -> None:
    class BrokenLife(BatchLife):
        decide = staticmethod(broken)

    with pytest.raises(AssertionError):
        run_state_machine_as_test(BrokenLife, settings=NEGATIVE)
