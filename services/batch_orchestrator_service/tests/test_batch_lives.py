"""Any life a batch can have: whatever comes, in whatever order, however often, its books balance and it ends.

The machine plays ELS, clients and clocks. It keeps what it has sent in hand, so that any of it may arrive late, twice
or never; a crash is the same as a repetition, because effect and receipt commit together.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import reduce
from typing import cast, get_args

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

from batch_orchestrator_service.domain import notifications as tell
from batch_orchestrator_service.domain.asked import CancelAsked, PauseAsked, PipelineResolved, ResumeAsked, RetryAsked
from batch_orchestrator_service.domain.batch import UNENDED, Batch
from batch_orchestrator_service.domain.decide import decide
from batch_orchestrator_service.domain.facts import Fact
from batch_orchestrator_service.domain.matching import Awaited
from batch_orchestrator_service.domain.pipeline import PHASES as PHASES_AS_DATA
from batch_orchestrator_service.domain.run import PhaseRun
from batch_orchestrator_service.implementations.codec import pack, unpack_batch
from batch_orchestrator_service.implementations.status_view import status_of
from batch_orchestrator_service.status_models import WaitingFor
from batch_orchestrator_service.tests.said import (
    AT,
    CJ,
    FEEDBACK,
    NLP,
    SPELLCHECK,
    TEACHER,
    cancel,
    outcome,
    pause,
    phase,
    provisioned,
    ready,
    registered,
    resolved,
    resume,
    retry,
    unusable,
)
from common_core.enums import BatchStatus, PhaseName
from common_core.enums import PipelineExecutionStatus as PhaseStatus
from common_core.messages.batch import BatchPipelineCompletedV1
from common_core.messages.control import (
    PHASE_TIMED_OUT,
    BatchPausedV1,
    BatchPhaseDeadlinePassedV1,
    BatchResumedV1,
    BatchRunCancelledV1,
)
from common_core.messages.notification import TeacherNotificationRequestedV1
from common_core.messages.pipeline import ELSBatchPhaseOutcomeV1, PhaseCommand
from huleedu_service_libs.runtime.effects import Effect, Later, Never

ESSAYS = "abcd"
NEEDS = {SPELLCHECK: (), NLP: (SPELLCHECK,), CJ: (SPELLCHECK,), FEEDBACK: (SPELLCHECK, NLP)}
PHASES = st.sampled_from(list(NEEDS))
subsets = st.sets(st.sampled_from(ESSAYS)).map(sorted) | st.just(sorted(ESSAYS))
CODES = st.sampled_from(["EMPTY_CONTENT", "TIMEOUT", PHASE_TIMED_OUT])
RESTING = set(BatchStatus) - UNENDED | {BatchStatus.READY_FOR_PIPELINE_EXECUTION}
FURTHER_REQUESTS = PipelineResolved | RetryAsked
FOR_THE_CLIENT = {"pipeline_request", "resume"}
WISHES = [wish(by) for wish in (cancel, pause, pause, resume, resume) for by in (TEACHER, "operator")]
WISH = CancelAsked | PauseAsked | ResumeAsked  # said again, they are another wish: there the receipt decides

Control = BatchPausedV1 | BatchResumedV1 | BatchRunCancelledV1 | BatchPhaseDeadlinePassedV1
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
        self.controls: list[Control] = []
        self.told: list[TeacherNotificationRequestedV1] = []
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
            if isinstance(effect, TeacherNotificationRequestedV1):
                self._check_told(before, effect)
                self.told.append(effect)

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
            case _ if isinstance(effect, Control):
                self.controls.append(effect)

    def _check_command(self, command: PhaseCommand) -> None:
        """I4: a command once. I5: all it depends on has ended, and gave the essays it takes. I12: none too late."""
        assert self.batch is not None
        assert (command.run_id, command.phase, command.attempt) not in {
            (said.run_id, said.phase, said.attempt) for said in self.commands
        }
        assert self.batch.paused is None
        assert self.batch.status is BatchStatus.PROCESSING_PIPELINES
        run = self.batch.runs[-1]
        this = run.phase(command.phase)
        assert this is not None
        assert (command.run_id, command.attempt) == (run.run_id, this.attempt)
        needed = [found for name in this.depends_on if (found := run.phase(name))]
        assert all(found.has_ended for found in needed)
        survivors = reduce(set.intersection, (set(found.succeeded) for found in needed), set(run.essays))
        told = {self.batch.essays.ids.index(ref.essay_id) for ref in command.essays_to_process}
        assert told
        assert told <= survivors
        assert told == set(this.sent) - set(this.succeeded) - this.failed.keys()
        if this.attempt == 1:
            assert told == survivors

    def _check_told(self, before: Batch | None, told: TeacherNotificationRequestedV1) -> None:
        """I16: to its owner alone. I12: of a cancelled batch nothing but that somebody has cancelled it just now."""
        assert self.batch is not None
        assert (told.teacher_id, told.batch_id) == (self.batch.registration.user_id, self.batch.batch_id)
        if self.batch.cancelled:
            assert told.notification_type == tell.CANCELLED
            assert before is not None
            assert before.cancelled is None

    def told_of(self, *kinds: str) -> list[object]:
        """The runs that notifications of these kinds were about."""
        return [told.payload.get("run_id") for told in self.told if told.notification_type in kinds]

    def _check_end_stays(self, before: Batch | None, fact: Fact) -> None:
        """I3: what has ended changes only by a further request, or by being cancelled while it was ready."""
        if before is not None and self.batch is not None and before.status in RESTING:
            cancelled = isinstance(fact, CancelAsked) and before.status is BatchStatus.READY_FOR_PIPELINE_EXECUTION
            assert self.batch.status is before.status or isinstance(fact, FURTHER_REQUESTS) or cancelled

    def request(self, names: set[PhaseName], reuse: set[PhaseName]) -> PipelineResolved:
        """A client asks for these phases, and so for what they need."""
        self.runs += 1
        wanted = [name for name in NEEDS if any(name == asked or name in NEEDS[asked] for asked in names)]
        return resolved(*(phase(name, *NEEDS[name], reuse=name in reuse) for name in wanted), run=f"run-{self.runs}")

    def retry_of_what_failed(self) -> Fact:
        """The teacher asks for it, if anything has failed in the last run."""
        self.runs += 1
        phases = self.batch.runs[-1].phases if self.batch and self.batch.runs else ()
        name = next((found.name for found in phases if found.failed), SPELLCHECK)
        return retry(name, run=f"run-{self.runs}")

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
    @rule(
        target=facts,
        which=st.integers(0, 3),
        survivors=subsets,
        code=CODES,
        named=st.booleans(),
        at_once=st.booleans(),
    )
    def els_answers(self, which: int, survivors: list[str], code: str, named: bool, at_once: bool) -> Fact:
        command = self.commands[-1 - which % len(self.commands)]
        run, attempt = (command.run_id, command.attempt) if named else (None, None)
        failed = {ref.essay_id: code for ref in command.essays_to_process if ref.essay_id not in survivors}
        return self.said(outcome(command.phase, survivors, failed, run=run, attempt=attempt), at_once)

    @rule(target=facts, name=PHASES, essays=st.sets(st.sampled_from(ESSAYS)).map(sorted), at_once=st.booleans())
    def teacher_retries(self, name: PhaseName, essays: list[str], at_once: bool) -> Fact:
        self.runs += 1
        return self.said(retry(name, *essays, run=f"run-{self.runs}"), at_once)

    @rule(target=facts, wish=st.sampled_from(WISHES), at_once=st.booleans())
    def somebody_stops_it_or_goes_on(self, wish: Fact, at_once: bool) -> Fact:
        return self.said(wish, at_once)

    @rule(target=facts, names=st.sets(PHASES, min_size=1), essays=subsets, code=CODES, patient=st.booleans())
    def life_goes_on(self, names: set[PhaseName], essays: list[str], code: str, patient: bool) -> Fact:
        """What is waited for happens."""
        assert self.batch is not None
        if self.batch.paused and (patient or not self.batch.active_run):
            return self.said(resume(), at_once=True)
        if self.batch.ingestion.is_open:
            return self.said(provisioned(essays), at_once=True)
        if (run := self.batch.active_run) is None:
            return self.said(self.request(names, set()) if patient else self.retry_of_what_failed(), at_once=True)
        awaited = [found for found in run.phases if found.awaits_outcome]
        if not awaited:
            return self.said(self.fired(next(iter(self.timers))) if self.timers else resume(), at_once=True)
        failed = dict.fromkeys((essay for essay in ESSAYS if essay not in essays), code)
        answer = outcome(awaited[0].name, essays, failed, run=run.run_id, attempt=awaited[0].attempt)
        return self.said(answer, at_once=True)

    @rule(fact=facts)
    def arrives(self, fact: Fact) -> None:
        """Late, or again."""
        self.happens(fact)

    @rule(hours=st.integers(1, 50))
    def time_passes(self, hours: int) -> None:
        self.at += timedelta(hours=hours)

    @precondition(lambda self: self.timers)
    @rule(target=facts, data=st.data(), done=st.integers(0, 3))
    def timer_fires(self, data: st.DataObject, done: int) -> Fact:
        """On time, or as late as it is; it is kept as well, so that it may come for the second time."""
        name = data.draw(st.sampled_from(sorted(self.timers)))
        message = self.fired(name)
        return self.said(replace(message, done=done) if hasattr(message, "done") else message, at_once=True)

    def fired(self, name: str) -> Fact:
        """The row is gone with its effect, whatever that is."""
        timer = self.timers.pop(name)
        self.at = max(self.at, timer.at)
        return cast(Fact, timer.message)

    @invariant()
    def what_has_taken_effect_takes_none_again(self) -> None:
        """I11. An outcome that names no run cannot be told from a new one: there the receipt decides."""
        for fact, _ in self.kept:
            if getattr(fact, "run_id", "") is not None and not isinstance(fact, WISH):
                assert self.decide(self.batch, fact, self.at) == (self.batch, ())

    @invariant()
    def books_balance(self) -> None:
        """I6: succeeded + failed + cancelled = sent, for every phase of every run that has ended."""
        for run in self.batch.runs if self.batch else ():
            for found in run.phases:
                _check_counts(found)

    @invariant()
    def every_run_that_has_ended_was_announced_once(self) -> None:
        ended = [run for run in self.batch.runs if not run.is_active] if self.batch else []
        assert [said.run_id for said in self.completions] == [run.run_id for run in ended]
        for said, run in zip(self.completions, ended, strict=True):
            assert said.successful_essay_count + said.failed_essay_count == len(run.essays)
            assert said.final_status is run.status

    @invariant()
    def the_teacher_was_told_once_of_each_run(self) -> None:
        """That it has begun, that a phase is late, and how it has ended, if it was not cancelled."""
        begun = list(dict.fromkeys(command.run_id for command in self.commands))
        assert self.told_of(tell.PROCESSING_STARTED) == begun
        ended = [run.run_id for run in (self.batch.runs if self.batch else ()) if not run.is_active]
        cancelled = {run.run_id for run in (self.batch.runs if self.batch else ()) if run.is_cancelled}
        assert self.told_of(tell.PIPELINE_COMPLETED) == [run for run in ended if run not in cancelled]
        late = [(told.payload["run_id"], told.payload["phase_name"]) for told in self.told if _is_of_a_delay(told)]
        assert len(late) == len(set(late))

    @invariant()
    def the_teacher_was_told_once_how_ingestion_ended(self) -> None:
        told = self.told_of(tell.CONTENT_FAILED, tell.CONTENT_INCOMPLETE)
        failed = self.batch is not None and self.batch.status is BatchStatus.CONTENT_INGESTION_FAILED
        assert failed <= len(told) <= 1

    @invariant()
    def a_cancelled_run_is_over_and_everybody_was_told(self) -> None:
        """I12: once."""
        told = [said.run_id for said in self.controls if isinstance(said, BatchRunCancelledV1) and said.run_id]
        assert told == [run.run_id for run in (self.batch.runs if self.batch else ()) if run.is_cancelled]

    @invariant()
    def whoever_listens_knows_whether_it_is_paused(self) -> None:
        """In whatever order it hears: the greatest version holds. To be cancelled is to be paused no longer."""
        versions = {said.version: said for said in self.controls if not isinstance(said, BatchPhaseDeadlinePassedV1)}
        paused = bool(versions) and isinstance(versions[max(versions)], BatchPausedV1)
        assert paused == bool(self.batch and self.batch.paused)

    @invariant()
    def nobody_waits_for_nothing(self) -> None:
        """I2: what has not ended waits for something, and a timer limits each wait but those for the client."""
        if self.batch is None:
            return
        waits = status_of(self.batch, {}).waiting_for
        assert bool(waits) == (not self.batch.has_ended)
        limited = {f"{self.batch.batch_id} {_clock_of(wait)}" for wait in waits if wait.what not in FOR_THE_CLIENT}
        closing = {f"{self.batch.batch_id} content"} if self.batch.cancelled and self.batch.ingestion.is_open else set()
        assert self.timers.keys() == limited | closing
        assert {wait.what for wait in waits if not wait.until} <= FOR_THE_CLIENT | {"teacher_confirmation"}

    @invariant()
    def the_timeline_tells_the_state(self) -> None:
        """I17: folding `decide` over what was kept gives the batch."""
        told: Batch | None = None
        for fact, at in self.kept:
            told, _ = self.decide(told, fact, at)
        assert told == self.batch

    @invariant()
    def what_is_done_has_its_texts(self) -> None:
        """What a further run takes over of a phase that gives texts has them."""
        done = self.batch.done if self.batch else {}
        for name, found in done.items():
            if self.batch and PHASES_AS_DATA[name].gives_text:
                assert set(self.batch.essays.outputs[name].essays) >= set(found.succeeded)

    @invariant()
    def it_survives_being_stored(self) -> None:
        if self.batch is not None:
            assert unpack_batch(pack(self.batch)) == self.batch

    def teardown(self) -> None:
        """I2: once only the clocks go on, the batch ends, or waits for its client."""
        if self.batch is not None and self.batch.paused:
            self.happens(resume())
        for _ in range(100):
            for name in sorted(self.timers, key=lambda name: self.timers[name].at)[:1]:
                self.happens(self.fired(name))
        assert not self.timers
        assert self.batch is None or self.batch.status in RESTING


def _clock_of(wait: WaitingFor) -> str:
    """Students are one wait in several steps."""
    return "students" if wait.what in get_args(Awaited) else wait.phase or wait.what


def _is_of_a_delay(told: TeacherNotificationRequestedV1) -> bool:
    """Whether this says that a phase is late."""
    return told.notification_type == tell.PROCESSING_DELAYED


def _check_counts(found: PhaseRun) -> None:
    assert not set(found.succeeded) & found.failed.keys()
    cancelled = set(found.outstanding) if found.status is PhaseStatus.CANCELLED else set()
    if found.has_ended:
        assert {*found.succeeded, *found.failed, *cancelled} == set(found.sent)
        assert len(found.succeeded) + len(found.failed) + len(cancelled) == len(found.sent)
    if found.status is PhaseStatus.SKIPPED_DUE_TO_DEPENDENCY_FAILURE:
        assert not found.sent


LIVES = settings(max_examples=60, stateful_step_count=30, deadline=None)
BatchLife.TestCase.settings = LIVES
TestBatchLife = BatchLife.TestCase
NEGATIVE = settings(LIVES, max_examples=1000, derandomize=True, phases=[Phase.generate], print_blob=False)


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


def heeds_no_attempt(batch: Batch | None, fact: Fact, at: datetime) -> tuple[Batch | None, tuple[Effect, ...]]:
    """Takes an answer to an earlier attempt for one to the present."""
    return decide(batch, replace(fact, attempt=None) if isinstance(fact, ELSBatchPhaseOutcomeV1) else fact, at)


def goes_on_while_paused(batch: Batch | None, fact: Fact, at: datetime) -> tuple[Batch | None, tuple[Effect, ...]]:
    """Starts what has become possible, paused or not."""
    if batch is None or batch.paused is None or isinstance(fact, WISH):
        return decide(batch, fact, at)
    changed, effects = decide(awake := replace(batch, paused=None), fact, at)
    return (batch, ()) if changed is None or changed is awake else (replace(changed, paused=batch.paused), effects)


def lets_clocks_run(batch: Batch | None, fact: Fact, at: datetime) -> tuple[Batch | None, tuple[Effect, ...]]:
    """Sets its timers, and drops none when it is told to wait."""
    batch, effects = decide(batch, fact, at)
    return batch, tuple(effect for effect in effects if not isinstance(effect, Never))


def cancels_nothing(batch: Batch | None, fact: Fact, at: datetime) -> tuple[Batch | None, tuple[Effect, ...]]:
    """Says that the run is over, and works on."""
    changed, effects = decide(batch, fact, at)
    if batch is None or changed is None or not isinstance(fact, CancelAsked):
        return changed, effects
    return replace(changed, runs=batch.runs, cancelled=None), effects


def does_all_again(batch: Batch | None, fact: Fact, at: datetime) -> tuple[Batch | None, tuple[Effect, ...]]:
    """Forgets, at a retry, who has come through already."""
    changed, effects = decide(batch, fact, at)
    if changed is batch or changed is None or not isinstance(fact, RetryAsked):
        return changed, effects
    *earlier, run = changed.runs
    run = replace(run, phases=tuple(replace(found, succeeded=()) for found in run.phases))
    return replace(changed, runs=(*earlier, run)), effects


def forgets_the_failed(batch: Batch | None, fact: Fact, at: datetime) -> tuple[Batch | None, tuple[Effect, ...]]:
    """Loses the essays that a phase failed on."""
    batch, effects = decide(batch, fact, at)
    if batch is None or not batch.runs:
        return batch, effects
    *earlier, run = batch.runs
    run = replace(run, phases=tuple(replace(found, failed={}) for found in run.phases))
    return replace(batch, runs=(*earlier, run)), effects


def tells_no_teacher(batch: Batch | None, fact: Fact, at: datetime) -> tuple[Batch | None, tuple[Effect, ...]]:
    """Does it all in silence."""
    batch, effects = decide(batch, fact, at)
    return batch, tuple(effect for effect in effects if not isinstance(effect, TeacherNotificationRequestedV1))


def tells_of_what_was_cancelled(
    batch: Batch | None, fact: Fact, at: datetime
) -> tuple[Batch | None, tuple[Effect, ...]]:
    """Takes the end of a cancelled run for one like any other."""
    changed, effects = decide(batch, fact, at)
    if changed is batch or changed is None or not changed.runs or not isinstance(fact, CancelAsked):
        return changed, effects
    return changed, (*effects, tell.completed(changed, changed.runs[-1], at))


BROKEN = [
    heeds_no_run,
    heeds_no_attempt,
    sets_no_timer,
    tells_no_end,
    goes_on_while_paused,
    lets_clocks_run,
    cancels_nothing,
    does_all_again,
    forgets_the_failed,
    tells_no_teacher,
    tells_of_what_was_cancelled,
]


@pytest.mark.parametrize("broken", BROKEN)
def test_a_rule_that_is_broken_is_found_out(broken: Decide) -> None:
    class BrokenLife(BatchLife):
        decide = staticmethod(broken)

    with pytest.raises(AssertionError):
        run_state_machine_as_test(BrokenLife, settings=NEGATIVE)
