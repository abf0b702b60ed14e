"""Whatever comes, in whatever order and however often: each thing happens once, and the counts add up (I4, I6, I11).

One machine, run over both stores. It plays everybody around the service and keeps its own books.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from common_core.enums import PhaseName
from common_core.message import Message
from common_core.messages.batch import BatchContentProvisioningCompletedV1, BatchEssaysReady, BatchValidationErrorsV1
from common_core.messages.content import EssaySlotAssignedV1, ExcessContentProvisionedV1
from common_core.messages.pipeline import ELSBatchPhaseOutcomeV1
from common_core.messages.spellcheck import EssayLifecycleSpellcheckRequestV1, SpellcheckPhaseCompletedV1
from essay_lifecycle_service.domain.requests import spellcheck_answers
from essay_lifecycle_service.implementations.intake_handlers import IntakeHandler
from essay_lifecycle_service.implementations.phase_handlers import PhaseHandler
from essay_lifecycle_service.metrics import EssayLifecycleMetrics
from essay_lifecycle_service.tests.said import (
    AT,
    deadline,
    enveloped,
    id_of,
    provisioned,
    registered,
    spellcheck,
    unusable,
)
from essay_lifecycle_service.tests.stores import Heard, InMemoryStore, PostgreSQLStore, Store
from huleedu_service_libs.runtime import Database

WINDOW = 3
SLOTS = {"9a": 1, "9b": 2, "9c": 4}
BATCHES = st.sampled_from(sorted(SLOTS))
FILES = st.lists(st.integers(0, 6), min_size=1, max_size=3)
Run = Callable[[Coroutine[Any, Any, Any]], Any]


def pupils(batch: str) -> list[str]:
    return [f"{batch} pupil {n}" for n in range(SLOTS[batch])]


class School(RuleBasedStateMachine):
    """BOS, the file service and the spellchecker, all of them forgetful and impatient."""

    store: Store
    do: Run

    @initialize()
    def begin(self) -> None:
        self.heard = Heard()
        self.intake = IntakeHandler(self.store.intakes, lambda: self.heard)
        metrics = EssayLifecycleMetrics("essay_lifecycle_service")
        self.phase = PhaseHandler(PhaseName.SPELLCHECK, self.store.phases, lambda: self.heard, metrics)
        self.read = 0
        self.slots: list[EssaySlotAssignedV1] = []
        self.excess: list[ExcessContentProvisionedV1] = []
        self.endings: Counter[tuple[type[Message], str]] = Counter()
        self.completed: dict[str, BatchContentProvisioningCompletedV1] = {}
        self.uploads: dict[tuple[str, int], str] = {}
        self.registered: set[str] = set()
        self.attempts: dict[str, tuple[int, list[str]]] = {}
        self.asked: Counter[tuple[str, int, str]] = Counter()
        self.out: list[EssayLifecycleSpellcheckRequestV1] = []
        self.answered: dict[tuple[str, int, str], bool] = {}
        self.outcomes: dict[tuple[str, int], ELSBatchPhaseOutcomeV1] = {}

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
                self.asked[message.parent_id, message.attempt, message.entity_id] += 1
                self.out.append(message)
            case ELSBatchPhaseOutcomeV1():
                assert message.attempt is not None
                assert (message.batch_id, message.attempt) not in self.outcomes
                self.outcomes[message.batch_id, message.attempt] = message
            case BatchContentProvisioningCompletedV1():
                self.completed[message.batch_id] = message
                self.endings[type(message), message.batch_id] += 1
            case BatchValidationErrorsV1() | BatchEssaysReady():
                self.endings[type(message), message.batch_id] += 1

    # -- files ---------------------------------------------------------------------------------------------------

    @rule(batch=BATCHES)
    def registers(self, batch: str) -> None:
        self.registered.add(batch)
        self.handle(self.intake.register, registered(batch, pupils(batch)))

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
    def an_ended_intake_names_exactly_the_essays_that_have_a_text(self) -> None:
        for batch_id, completed in self.completed.items():
            named = [(ref.essay_id, ref.text_storage_id) for ref in completed.essays_for_processing]
            assert named == [(slot.essay_id, slot.text_storage_id) for slot in self.slots if slot.batch_id == batch_id]

    # -- phases --------------------------------------------------------------------------------------------------

    @rule(batch=BATCHES, again=st.booleans(), data=st.data())
    def commands(self, batch: str, again: bool, data: st.DataObject) -> None:
        attempt, essays = self.attempts.get(batch, (0, []))
        if not again or not attempt:
            attempt, essays = attempt + 1, data.draw(st.lists(st.sampled_from(pupils(batch)), unique=True))
            self.attempts[batch] = (attempt, essays)
        self.handle(self.phase.start, spellcheck(batch, essays, attempt=attempt))

    @precondition(lambda self: self.out)
    @rule(data=st.data())
    def answers(self, data: st.DataObject) -> None:
        """Some of what was ever asked, perhaps for the second time, perhaps of an attempt that is over."""
        picks = data.draw(st.lists(st.integers(0, len(self.out) - 1), min_size=1, max_size=4))
        self.handle(self.phase.count_in(spellcheck_answers), *(self.answer(self.out[n], n % 3 == 0) for n in picks))

    def answer(self, request: EssayLifecycleSpellcheckRequestV1, fails: bool) -> SpellcheckPhaseCompletedV1:
        assert request.attempt is not None
        if self.is_current(request):
            self.answered.setdefault((request.parent_id, request.attempt, request.entity_id), not fails)
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
        return request.attempt == next(
            attempt for batch, (attempt, _) in self.attempts.items() if id_of(batch) == request.parent_id
        )

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
        self.handle(self.phase.count_in(spellcheck_answers), self.answer(request, False))

    @invariant()
    def no_essay_is_asked_about_twice(self) -> None:
        assert max(self.asked.values(), default=1) == 1

    @invariant()
    def the_window_is_full_or_nobody_waits(self) -> None:
        current = [
            (id_of(batch), attempt, id_of(essay))
            for batch, (attempt, essays) in self.attempts.items()
            for essay in essays
        ]
        out = sum(key in self.asked and key not in self.answered for key in current)
        waiting = sum(key not in self.asked for key in current)
        assert out <= WINDOW
        assert not waiting or out == WINDOW

    @invariant()
    def a_phase_has_ended_exactly_when_all_its_essays_are_answered(self) -> None:
        for batch, (attempt, essays) in self.attempts.items():
            keys = [(id_of(batch), attempt, id_of(essay)) for essay in essays]
            over = attempt > 0 and all(key in self.answered for key in keys)
            assert ((id_of(batch), attempt) in self.outcomes) == over

    @invariant()
    def outcomes_add_up_and_the_first_answer_stands(self) -> None:
        for (batch_id, attempt), outcome in self.outcomes.items():
            verdicts = {key[2]: good for key, good in self.answered.items() if key[:2] == (batch_id, attempt)}
            assert {ref.essay_id for ref in outcome.processed_essays} == {e for e, good in verdicts.items() if good}
            assert set(outcome.failed_essay_ids) == {e for e, good in verdicts.items() if not good}
            assert len(outcome.processed_essays) + len(outcome.failed_essay_ids) == len(verdicts)

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
            self.store, self.do = InMemoryStore(WINDOW), asyncio.run

    run_state_machine_as_test(InMemory, settings=settings(LEAN, max_examples=60, stateful_step_count=40))


@pytest.fixture
def runner(service_dsn: str) -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


async def _emptied(database: Database) -> None:
    await database.pool.execute(
        "truncate batch, essay, upload, phase, phase_plan, essay_result; update fan_out set in_flight = 0, waiting = 0"
    )


def test_on_postgresql(runner: asyncio.Runner, service_dsn: str) -> None:
    database = runner.run(Database.connect(service_dsn, "essay_lifecycle_service"))

    class OnPostgreSQL(School):
        def __init__(self) -> None:
            super().__init__()
            runner.run(_emptied(database))
            self.store, self.do = PostgreSQLStore(database, WINDOW), runner.run

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
            assert runner.run(_both(wrong, load)) == (0, True)

    run_state_machine_as_test(OnPostgreSQL, settings=settings(LEAN, max_examples=15, stateful_step_count=30))
    runner.run(database.close())


async def _both(first: Awaitable[Any], second: Awaitable[Any]) -> tuple[Any, Any]:
    return await first, await second
