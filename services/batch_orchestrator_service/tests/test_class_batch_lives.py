"""Any life a class's batch can have: students are suggested, confirmed and corrected whenever it may be (I9)."""

from datetime import datetime, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, initialize, invariant, rule, run_state_machine_as_test
from msgspec.structs import replace

from batch_orchestrator_service.domain.asked import PipelineResolved
from batch_orchestrator_service.domain.batch import Batch
from batch_orchestrator_service.domain.decide import decide
from batch_orchestrator_service.domain.facts import Fact
from batch_orchestrator_service.domain.matching import Confirmation
from batch_orchestrator_service.tests.said import (
    CLASS,
    cancel,
    confirmed,
    limited,
    provisioned,
    ready,
    registered,
    suggested,
)
from batch_orchestrator_service.tests.test_batch_lives import (
    ESSAYS,
    LIVES,
    NEGATIVE,
    PHASES,
    BatchLife,
    Decide,
    subsets,
)
from common_core.enums import BatchStatus, ClassType, PhaseName
from common_core.messages.batch import BatchEssaysReady
from common_core.messages.matching import (
    BatchServiceStudentMatchingInitiateCommandDataV1,
    StudentAssociationsConfirmedV1,
)
from huleedu_service_libs.runtime.effects import Effect, Later

NAMELESS = {
    BatchStatus.AWAITING_CONTENT_VALIDATION,
    BatchStatus.CONTENT_INGESTION_FAILED,
    BatchStatus.AWAITING_STUDENT_VALIDATION,
    BatchStatus.CANCELLED,
}


class ClassBatchLife(BatchLife):
    """As every batch's, with matching, class management and ELS as others who have their say."""

    facts: Bundle[Fact] = Bundle("facts")

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[BatchServiceStudentMatchingInitiateCommandDataV1] = []

    @initialize()
    def register(self) -> None:
        self.happens(registered(ESSAYS, class_id=CLASS))

    def _takes_place(self, effect: Effect) -> None:
        super()._takes_place(effect)
        if isinstance(effect, BatchServiceStudentMatchingInitiateCommandDataV1):
            assert self.batch is not None
            assert self.batch.status is BatchStatus.AWAITING_STUDENT_VALIDATION
            assert self.batch.paused is None
            self.asked.append(effect)

    def request(self, names: set[PhaseName], reuse: set[PhaseName]) -> PipelineResolved:
        """It knows what has happened so far: what it would take up is not there yet, or not cancelled once more."""
        return replace(super().request(names, reuse), as_of=self.batch.version if self.batch else 0)

    @rule(target=facts, names=st.sets(PHASES, min_size=1))
    def it_is_wanted_after_all(self, names: set[PhaseName]) -> Fact:
        """Cancelled while it may not be known who wrote what, and asked for again."""
        self.happens(provisioned(ESSAYS))
        self.happens(cancel())
        return self.said(self.request(names, set()), at_once=True)

    @rule(target=facts, at_once=st.booleans())
    def matching_answers(self, at_once: bool) -> Fact:
        return self.said(suggested(ESSAYS), at_once)

    @rule(target=facts, version=st.integers(1, 4), hours=st.integers(-24, 24), at_once=st.booleans())
    def class_management_limits_the_wait(self, version: int, hours: int, at_once: bool) -> Fact:
        return self.said(limited(version, self.at + timedelta(hours=hours)), at_once)

    @rule(target=facts, version=st.none() | st.integers(1, 4), by_time_limit=st.booleans(), at_once=st.booleans())
    def students_are_confirmed(self, version: int | None, by_time_limit: bool, at_once: bool) -> Fact:
        return self.said(confirmed(version, by_time_limit=by_time_limit, at=self.at), at_once)

    @rule(target=facts, essays=subsets, at_once=st.booleans())
    def els_has_taken_that_up(self, essays: list[str], at_once: bool) -> Fact:
        return self.said(ready(essays, class_type=ClassType.REGULAR), at_once)

    @rule(target=facts)
    def what_names_it_happens(self) -> Fact:
        """So that many lives come to pipelines."""
        self.happens(confirmed(at=self.at))
        return self.said(ready(ESSAYS, class_type=ClassType.REGULAR), at_once=True)

    @invariant()
    def matching_is_asked_for_once(self) -> None:
        assert len(self.asked) <= 1

    @invariant()
    def what_was_taken_up_begins_as_soon_as_it_can(self) -> None:
        if self.batch is not None and self.batch.next_run is not None:
            assert not self.batch.has_ended
            assert not self.batch.accepts_pipeline

    @invariant()
    def nothing_is_done_with_essays_that_nobody_has_named(self) -> None:
        """I9: until they are confirmed, or the time for that was up."""
        if self.batch is None:
            return
        kept = [fact for fact, _ in self.kept]
        named = any(isinstance(fact, StudentAssociationsConfirmedV1) for fact in kept)
        taken_up = any(isinstance(fact, BatchEssaysReady) and fact.class_type is ClassType.REGULAR for fact in kept)
        time_was_up = self.batch.matching.given_up_at is not None
        if not time_was_up and not (named and taken_up):
            assert not self.batch.runs
            assert self.batch.status is not BatchStatus.READY_FOR_PIPELINE_EXECUTION
        if not named and not time_was_up:
            assert self.batch.status in NAMELESS


ClassBatchLife.TestCase.settings = settings(LIVES, max_examples=40)
TestClassBatchLife = ClassBatchLife.TestCase


def takes_ready_for_named(batch: Batch | None, fact: Fact, at: datetime) -> tuple[Batch | None, tuple[Effect, ...]]:
    """Goes on as soon as the essays are there."""
    changed, effects = decide(batch, fact, at)
    if changed is batch or changed is None or not isinstance(fact, BatchEssaysReady):
        return changed, effects
    return replace(changed, matching=replace(changed.matching, confirmation=Confirmation(at, at))), effects


def asks_again(batch: Batch | None, fact: Fact, at: datetime) -> tuple[Batch | None, tuple[Effect, ...]]:
    """Has forgotten that it asked."""
    if batch is not None:
        batch = replace(batch, matching=replace(batch.matching, began_at=None))
    return decide(batch, fact, at)


def waits_for_ever(batch: Batch | None, fact: Fact, at: datetime) -> tuple[Batch | None, tuple[Effect, ...]]:
    """Sets no clock over students."""
    batch, effects = decide(batch, fact, at)
    return batch, tuple(e for e in effects if not (isinstance(e, Later) and e.name.endswith(" students")))


def forgets_what_was_wanted(batch: Batch | None, fact: Fact, at: datetime) -> tuple[Batch | None, tuple[Effect, ...]]:
    """Takes the batch up again, and not the pipeline."""
    if batch is None or not batch.can_be_taken_up or not isinstance(fact, PipelineResolved):
        return decide(batch, fact, at)
    changed, effects = decide(batch, fact, at)
    return changed and replace(changed, early=()), effects


def forgets_who_wrote_what(batch: Batch | None, fact: Fact, at: datetime) -> tuple[Batch | None, tuple[Effect, ...]]:
    """Takes a confirmation that comes before its turn for nothing."""
    if batch and isinstance(fact, StudentAssociationsConfirmedV1) and batch.matching.essays_ready_at:
        return batch, ()
    changed, effects = decide(batch, fact, at)
    if changed and isinstance(fact, StudentAssociationsConfirmedV1):
        return replace(changed, matching=replace(changed.matching, confirmation=None)), effects
    return changed, effects


@pytest.mark.parametrize(
    "broken", [asks_again, waits_for_ever, forgets_what_was_wanted, forgets_who_wrote_what, takes_ready_for_named]
)
def test_a_rule_that_is_broken_is_found_out(broken: Decide) -> None:
    class BrokenLife(ClassBatchLife):
        decide = staticmethod(broken)

    with pytest.raises(AssertionError):
        run_state_machine_as_test(BrokenLife, settings=NEGATIVE)
