"""Whatever comes, in whatever order and however often: each thing happens once, and counts add up (I4, I6, I11, I12).

One machine, run over both stores. It plays everybody around the service and keeps its own books.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from msgspec.structs import replace

from common_core.enums import PhaseName
from common_core.message import Message
from common_core.messages.batch import BatchContentProvisioningCompletedV1, BatchEssaysReady, BatchValidationErrorsV1
from common_core.messages.content import EssaySlotAssignedV1, ExcessContentProvisionedV1
from common_core.messages.matching import BatchStudentMatchingRequestedV1
from common_core.messages.notification import TeacherNotificationRequestedV1
from common_core.messages.pipeline import ELSBatchPhaseOutcomeV1
from common_core.messages.spellcheck import EssayLifecycleSpellcheckRequestV1, SpellcheckPhaseCompletedV1
from essay_lifecycle_service.domain.phases import Address, Cancellation, Hold, PhaseStep
from essay_lifecycle_service.domain.requests import spellcheck_answers
from essay_lifecycle_service.domain.window import Policy
from essay_lifecycle_service.implementations.control_handlers import ControlHandler
from essay_lifecycle_service.implementations.intake_handlers import IntakeHandler
from essay_lifecycle_service.implementations.matching_handlers import MatchingHandler
from essay_lifecycle_service.implementations.phase_handlers import PhaseHandler
from essay_lifecycle_service.implementations.phase_repository_impl import InMemoryPhaseRepositoryImpl
from essay_lifecycle_service.metrics import EssayLifecycleMetrics
from essay_lifecycle_service.tests.said import (
    AT,
    cancelled,
    confirmed,
    deadline,
    enveloped,
    id_of,
    match,
    paused,
    phase_deadline,
    provisioned,
    registered,
    resumed,
    spellcheck,
    unusable,
)
from essay_lifecycle_service.tests.stores import Heard, InMemoryStore, MakeStore, PostgreSQLStore
from huleedu_service_libs.runtime import Database

SLOTS = {"9a": 1, "9b": 2, "9c": 4}
OWNERS = {"9a": "ms-frizzle", "9b": "ms-honey", "9c": "ms-honey"}
POLICIES = st.sampled_from([Policy(window=1), Policy(window=3, owner_window=2, weights={"ms-frizzle": 0.5})])
CLASSES = {"9b": "class-9b"}
BATCHES = st.sampled_from(sorted(SLOTS))
FILES = st.lists(st.integers(0, 6), min_size=1, max_size=3)
Run = Callable[[Coroutine[Any, Any, Any]], Any]


def pupils(batch: str) -> list[str]:
    return [f"{batch} pupil {n}" for n in range(SLOTS[batch])]


def some_of(essays: list[str]) -> st.SearchStrategy[list[str]]:
    """All of them, or those that are to be done again."""
    return st.just(essays) | st.lists(st.sampled_from(essays), unique=True)


class School(RuleBasedStateMachine):
    """BOS, the file service and the spellchecker, all of them forgetful and impatient."""

    make_store: MakeStore
    do: Run

    @initialize(policy=POLICIES)
    def begin(self, policy: Policy) -> None:
        self.policy, self.store = policy, self.make_store(policy)
        self.heard = Heard()
        self.intake = IntakeHandler(self.store.intakes, lambda: self.heard)
        self.matching = MatchingHandler(self.store.matchings, lambda: self.heard)
        self.confirmed: set[str] = set()
        metrics = EssayLifecycleMetrics("essay_lifecycle_service")
        handlers = {name: PhaseHandler(name, self.store.phases, lambda: self.heard, metrics) for name in PhaseName}
        self.phase = handlers[PhaseName.SPELLCHECK]
        self.control = ControlHandler(self.store.phases, handlers, lambda: self.heard)
        self.version = 0
        self.waits: dict[str, int] = {}
        self.cancelled: set[tuple[str, str]] = set()
        self.closed: set[tuple[str, int]] = set()
        self.late: set[tuple[str, int, str]] = set()
        self.in_time: set[tuple[str, int, str]] = set()
        self.read = 0
        self.slots: list[EssaySlotAssignedV1] = []
        self.excess: list[ExcessContentProvisionedV1] = []
        self.endings: Counter[tuple[type[Message], str]] = Counter()
        self.completed: dict[str, BatchContentProvisioningCompletedV1] = {}
        self.uploads: dict[tuple[str, int], str] = {}
        self.registered: set[str] = set()
        self.attempts: dict[str, tuple[int, list[str]]] = {}
        self.runs: dict[tuple[str, int], str] = {}
        self.asked: Counter[tuple[str, int, str]] = Counter()
        self.out: list[EssayLifecycleSpellcheckRequestV1] = []
        self.answered: dict[tuple[str, int, str], bool] = {}
        self.outcomes: dict[tuple[str, int], ELSBatchPhaseOutcomeV1] = {}
        self.told: list[tuple[str | None, object]] = []

    def handle(self, handler: Callable[[Any], Awaitable[None]], *messages: Message) -> None:
        self.do(self.store.run(lambda: handler([enveloped(message) for message in messages])))
        for message in self.heard.messages[self.read :]:
            assert isinstance(message, Message)
            self.hear(message)
        self.read = len(self.heard.messages)

    def hear(self, message: Message) -> None:
        match message:
            case EssaySlotAssignedV1():
                self.slots.append(message)
            case ExcessContentProvisionedV1():
                self.excess.append(message)
            case EssayLifecycleSpellcheckRequestV1():
                assert message.attempt is not None
                assert self.waits.get(message.parent_id, 0) <= 0
                assert (message.parent_id, self.runs[message.parent_id, message.attempt]) not in self.cancelled
                self.asked[message.parent_id, message.attempt, message.entity_id] += 1
                self.out.append(message)
            case ELSBatchPhaseOutcomeV1():
                assert message.attempt is not None
                assert (message.batch_id, message.attempt) not in self.outcomes
                self.outcomes[message.batch_id, message.attempt] = message
            case TeacherNotificationRequestedV1():
                self.told.append((message.batch_id, message.payload["attempt"]))
            case BatchContentProvisioningCompletedV1():
                self.completed[message.batch_id] = message
                self.endings[type(message), message.batch_id] += 1
            case BatchValidationErrorsV1() | BatchEssaysReady() | BatchStudentMatchingRequestedV1():
                self.endings[type(message), message.batch_id] += 1

    # -- files ---------------------------------------------------------------------------------------------------

    @rule(batch=BATCHES)
    def registers(self, batch: str) -> None:
        self.registered.add(batch)
        self.handle(self.intake.register, registered(batch, pupils(batch), class_id=CLASSES.get(batch)))

    @rule(batch=BATCHES, numbers=FILES)
    def hands_in(self, batch: str, numbers: Sequence[int]) -> None:
        for number in numbers:
            self.uploads.setdefault((batch, number), "text")
        self.handle(self.intake.receive, *(provisioned(batch, str(number)) for number in numbers))

    @rule(batch=BATCHES, numbers=FILES)
    def hands_in_what_cannot_be_used(self, batch: str, numbers: Sequence[int]) -> None:
        for number in numbers:
            self.uploads.setdefault((batch, number), "failed")
        self.handle(self.intake.receive, *(unusable(batch, str(number)) for number in numbers))

    @rule(batch=BATCHES)
    def wants_to_know_who_wrote_what(self, batch: str) -> None:
        self.handle(self.matching.start, match(batch, pupils(batch)))

    @rule(batch=BATCHES, version=st.integers(1, 3))
    def says_who_wrote_what(self, batch: str, version: int) -> None:
        self.confirmed.add(batch)
        self.handle(self.matching.confirm, confirmed(batch, dict.fromkeys(pupils(batch)), version=version))

    @rule(batch=BATCHES)
    def waits_no_longer(self, batch: str) -> None:
        self.handle(self.intake.close, deadline(batch))

    def placed(self) -> list[tuple[str, str | None]]:
        """The files that we were told about, as (batch, upload)."""
        return [(file.batch_id, file.file_upload_id) for file in self.slots] + [
            (file.batch_id, file.file_upload_id) for file in self.excess
        ]

    @invariant()
    def every_slot_and_every_file_is_used_once(self) -> None:
        assert max(Counter(slot.essay_id for slot in self.slots).values(), default=1) == 1
        assert max(Counter(self.placed()).values(), default=1) == 1

    @invariant()
    def every_intake_ends_at_most_once(self) -> None:
        assert max(self.endings.values(), default=1) == 1

    @invariant()
    def no_file_of_a_registered_batch_is_lost(self) -> None:
        for batch in self.registered:
            usable = {f"upload-{n}" for (of, n), kind in self.uploads.items() if of == batch and kind == "text"}
            assert {upload for batch_id, upload in self.placed() if batch_id == id_of(batch)} == usable

    @invariant()
    def essays_are_ready_once_they_are_there_and_a_classs_students_are_confirmed(self) -> None:
        """I9: in either order."""
        for batch in SLOTS:
            completed = self.completed.get(id_of(batch))
            usable = completed is not None and completed.provisioned_count > 0
            expected = usable and (batch not in CLASSES or batch in self.confirmed)
            assert self.endings[BatchEssaysReady, id_of(batch)] == expected

    @invariant()
    def an_ended_intake_names_exactly_the_essays_that_have_a_text(self) -> None:
        for batch_id, completed in self.completed.items():
            named = [(ref.essay_id, ref.text_storage_id) for ref in completed.essays_for_processing]
            assert named == [(slot.essay_id, slot.text_storage_id) for slot in self.slots if slot.batch_id == batch_id]

    # -- phases --------------------------------------------------------------------------------------------------

    @rule(batch=BATCHES, again=st.booleans(), data=st.data())
    def commands(self, batch: str, again: bool, data: st.DataObject) -> None:
        """A further attempt, of the same run or of the next one; or the last command once more."""
        attempt, essays = self.attempts.get(batch, (0, []))
        if not again or not attempt:
            attempt, essays = attempt + 1, data.draw(some_of(pupils(batch)))
            self.command(batch, attempt, essays, further_run=data.draw(st.booleans()))
        self.start(batch, essays, self.runs[id_of(batch), attempt], attempt)

    def start(self, batch: str, essays: list[str], run: str, attempt: int) -> None:
        self.handle(self.phase.start, spellcheck(batch, essays, run=run, attempt=attempt, owner=OWNERS[batch]))

    def command(self, batch: str, attempt: int, essays: list[str], *, further_run: bool) -> None:
        """What BOS does: attempts rise in all runs, and nothing more is commanded for one that is cancelled."""
        run = self.runs.get((id_of(batch), attempt - 1), "run 0")
        anew = further_run or (id_of(batch), run) in self.cancelled
        self.runs[id_of(batch), attempt] = f"run {attempt}" if anew else run
        self.attempts[batch] = (attempt, essays)

    # -- control -------------------------------------------------------------------------------------------------

    @rule(batch=BATCHES, waits=st.booleans(), overtaken=st.booleans())
    def pauses_or_resumes(self, batch: str, waits: bool, overtaken: bool) -> None:
        """Perhaps what was said before comes only now: then it does not hold."""
        self.version += 2
        self.waits[id_of(batch)] = self.version if waits else -self.version
        self.handle_hold(batch, waits, self.version)
        if overtaken:
            self.handle_hold(batch, not waits, self.version - 1)

    def handle_hold(self, batch: str, waits: bool, version: int) -> None:
        if waits:
            self.handle(self.control.pause, paused(batch, version))
        else:
            self.handle(self.control.resume, resumed(batch, version))

    @rule(batch=BATCHES, before_its_command=st.booleans(), data=st.data())
    def cancels(self, batch: str, before_its_command: bool, data: st.DataObject) -> None:
        """What is open of the run is dropped; or it is a run whose command comes only now."""
        attempt, essays = self.attempts.get(batch, (0, []))
        if not attempt or (before_its_command and (id_of(batch), attempt) in self.outcomes):
            attempt, essays = attempt + 1, data.draw(some_of(pupils(batch)))
            self.command(batch, attempt, essays, further_run=True)
        run = self.runs[id_of(batch), attempt]
        self.version += 1
        self.waits[id_of(batch)] = -self.version
        self.cancelled.add((id_of(batch), run))
        self.handle(self.control.cancel, cancelled(batch, run, version=self.version))
        self.start(batch, essays, run, attempt)

    @rule(batch=BATCHES)
    def has_no_more_time(self, batch: str) -> None:
        attempt, essays = self.attempts.get(batch, (0, []))
        if attempt and self.is_live(batch, attempt):
            for key in ((id_of(batch), attempt, id_of(essay)) for essay in essays):
                self.answered.setdefault(key, False)
            self.closed.add((id_of(batch), attempt))
        run = self.runs.get((id_of(batch), attempt), "run 0")
        self.handle(self.control.close, phase_deadline(batch, run=run, attempt=attempt))

    def is_live(self, batch: str, attempt: int) -> bool:
        """Its answers count."""
        is_last = self.attempts[batch][0] == attempt
        return is_last and (id_of(batch), self.runs[id_of(batch), attempt]) not in self.cancelled

    @precondition(lambda self: self.out)
    @rule(data=st.data())
    def answers(self, data: st.DataObject) -> None:
        """Some of what was ever asked, perhaps for the second time, perhaps of an attempt that is over."""
        picks = data.draw(st.lists(st.integers(0, len(self.out) - 1), min_size=1, max_size=4))
        self.handle(self.phase.count_in(spellcheck_answers), *(self.answer(self.out[n], n % 3 == 0) for n in picks))

    def answer(self, request: EssayLifecycleSpellcheckRequestV1, fails: bool) -> SpellcheckPhaseCompletedV1:
        assert request.attempt is not None
        key = (request.parent_id, request.attempt, request.entity_id)
        timed_out = key[:2] in self.closed and key not in self.in_time
        if key not in self.answered and self.is_current(request):
            self.answered[key] = not fails
            self.in_time.add(key)
        elif key in self.asked and (timed_out or key not in self.answered):
            self.late.add(key)
        return SpellcheckPhaseCompletedV1(
            entity_id=request.entity_id,
            batch_id=request.parent_id,
            correlation_id="request",
            status="failed" if fails else "completed",
            corrected_text_storage_id=None if fails else "corrected",
            processing_duration_ms=1,
            timestamp=AT,
            run_id=request.run_id,
            attempt=request.attempt,
        )

    def is_current(self, request: EssayLifecycleSpellcheckRequestV1) -> bool:
        assert request.attempt is not None
        (batch,) = [batch for batch in self.attempts if id_of(batch) == request.parent_id]
        return self.is_live(batch, request.attempt)

    @rule(batch=BATCHES, essay=st.sampled_from(["stranger", "9a pupil 0", "9c pupil 3"]))
    def answers_what_nobody_asked(self, batch: str, essay: str) -> None:
        request = EssayLifecycleSpellcheckRequestV1(
            entity_id=id_of(essay),
            parent_id=id_of(batch),
            timestamp=AT,
            system_metadata=registered(batch, []).metadata,
            text_storage_id="text",
            language="en",
            run_id=id_of("run"),
            attempt=99,
        )
        self.attempts.setdefault(batch, (0, []))
        self.runs.setdefault((id_of(batch), 99), "run 99")
        self.handle(self.phase.count_in(spellcheck_answers), self.answer(request, False))

    @invariant()
    def no_essay_is_asked_about_twice(self) -> None:
        assert max(self.asked.values(), default=1) == 1

    @invariant()
    def the_window_is_full_or_nobody_waits_who_may_go(self) -> None:
        current = [
            (id_of(batch), attempt, id_of(essay))
            for batch, (attempt, essays) in self.attempts.items()
            if attempt and self.is_live(batch, attempt)
            for essay in essays
        ]
        owners = {id_of(batch): owner for batch, owner in OWNERS.items()}
        out = Counter(owners[key[0]] for key in current if key in self.asked and key not in self.answered)
        waiting = {
            owners[key[0]]
            for key in current
            if key not in self.asked and key not in self.answered and self.waits.get(key[0], 0) <= 0
        }
        assert out.total() <= self.policy.window
        assert max(out.values(), default=0) <= (self.policy.owner_window or self.policy.window)
        assert out.total() == self.policy.window or all(out[owner] == self.policy.owner_window for owner in waiting)

    @invariant()
    def a_phase_has_ended_exactly_when_all_its_essays_are_answered(self) -> None:
        for batch, (attempt, essays) in self.attempts.items():
            keys = [(id_of(batch), attempt, id_of(essay)) for essay in essays]
            over = attempt > 0 and all(key in self.answered for key in keys)
            if not attempt or self.is_live(batch, attempt):
                assert ((id_of(batch), attempt) in self.outcomes) == over

    @invariant()
    def outcomes_add_up_and_the_first_answer_stands(self) -> None:
        for (batch_id, attempt), outcome in self.outcomes.items():
            verdicts = {key[2]: good for key, good in self.answered.items() if key[:2] == (batch_id, attempt)}
            assert {ref.essay_id for ref in outcome.processed_essays} == {e for e, good in verdicts.items() if good}
            assert set(outcome.failed_essay_ids) == {e for e, good in verdicts.items() if not good}
            assert len(outcome.processed_essays) + len(outcome.failed_essay_ids) == len(verdicts)

    @invariant()
    def the_teacher_is_told_of_each_outcome_once(self) -> None:
        assert self.told == list(self.outcomes)

    @invariant()
    def late_answers_are_kept_apart(self) -> None:
        assert self.do(self.store.discarded()) == len(self.late)

    # -- what HTTP shows -----------------------------------------------------------------------------------------

    @invariant()
    def what_is_shown_agrees_with_what_was_said(self) -> None:
        for batch in self.registered:
            facts = self.do(self.store.facts.of_batch(id_of(batch)))
            texts = {essay.essay_id for essay in facts.essays if essay.file and essay.file.text_storage_id}
            assert texts == {slot.essay_id for slot in self.slots if slot.batch_id == id_of(batch)}


LEAN = settings(deadline=None, suppress_health_check=list(HealthCheck))


def test_in_memory() -> None:
    class InMemory(School):
        def __init__(self) -> None:
            super().__init__()
            self.make_store, self.do = InMemoryStore, asyncio.run

    run_state_machine_as_test(InMemory, settings=settings(LEAN, max_examples=60, stateful_step_count=40))


class HeedsNoCancel(InMemoryPhaseRepositoryImpl):
    """Works on."""

    async def cancel(self, cancelled: Sequence[Cancellation], at: datetime) -> Mapping[PhaseName, PhaseStep]:
        return {}


class HeedsNoVersion(InMemoryPhaseRepositoryImpl):
    """Takes whatever is said last for what holds."""

    async def hold(self, holds: Sequence[Hold]) -> Mapping[PhaseName, PhaseStep]:
        self._holds.clear()
        return await super().hold(holds)


class KeepsTheRoom(InMemoryPhaseRepositoryImpl):
    """Lets nobody out in the place of those that are closed."""

    async def close(self, phase: PhaseName, addresses: Sequence[Address], at: datetime) -> PhaseStep:
        return replace(await super().close(phase, addresses, at), releases=())


@pytest.mark.parametrize("broken", [HeedsNoCancel, HeedsNoVersion, KeepsTheRoom])
def test_a_store_that_is_broken_is_found_out(broken: type[InMemoryPhaseRepositoryImpl]) -> None:
    class Broken(School):
        def __init__(self) -> None:
            super().__init__()
            self.make_store, self.do = partial(InMemoryStore, kind=broken), asyncio.run

    negative = settings(LEAN, max_examples=2000, stateful_step_count=40, derandomize=True, phases=[Phase.generate])
    with pytest.raises(AssertionError):
        run_state_machine_as_test(Broken, settings=negative)


@pytest.fixture
def runner(service_dsn: str) -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


async def _emptied(database: Database) -> None:
    await database.pool.execute(
        "truncate batch, essay, upload, phase, phase_plan, essay_result, hold, cancelled_run, discarded_answer;"
        "truncate owner_share;"
        "update fan_out set in_flight = 0, waiting = 0"
    )


def test_on_postgresql(runner: asyncio.Runner, service_dsn: str) -> None:
    database = runner.run(Database.connect(service_dsn, "essay_lifecycle_service"))

    class OnPostgreSQL(School):
        def __init__(self) -> None:
            super().__init__()
            runner.run(_emptied(database))
            self.make_store, self.do = partial(PostgreSQLStore, database), runner.run

        @invariant()
        def the_counters_equal_the_rows(self) -> None:
            wrong = database.pool.fetchval("""
                select count(*) from phase p where p.succeeded + p.failed <>
                  (select count(*) from essay_result r where r.phase_id = p.id)""")
            load = database.pool.fetchval("""
                select f.in_flight = coalesce(sum(p.total - p.waiting - p.succeeded - p.failed), 0)
                  and f.waiting = coalesce(sum(p.waiting), 0)
                from fan_out f left join phase p on p.phase = f.phase and p.ended_at is null
                where f.phase = 'spellcheck' group by f.in_flight, f.waiting""")
            shares = database.pool.fetchval("""
                select coalesce(bool_and(s.in_flight = coalesce(p.out, 0)), true)
                from owner_share s full join (
                  select phase, owner, sum(total - waiting - succeeded - failed) as out
                  from phase where ended_at is null group by phase, owner) p using (phase, owner)""")
            assert runner.run(_all(wrong, load, shares)) == [0, True, True]

    run_state_machine_as_test(OnPostgreSQL, settings=settings(LEAN, max_examples=15, stateful_step_count=30))
    runner.run(database.close())


async def _all(*questions: Awaitable[Any]) -> list[Any]:
    return [await question for question in questions]
