"""Any life a batch's associations can have: whatever comes, in whatever order, however often, the books balance.

The machine plays matching, teachers and the clock. It keeps what it has said in hand, so that any of it may come late
or twice; a crash is the same as a repetition, because effect and receipt commit together.
"""

from datetime import datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from class_management_service.domain.associations import Associations, Known
from class_management_service.domain.choices import objection
from class_management_service.domain.decide import decide
from class_management_service.domain.facts import (
    BatchCancelled,
    BatchResumed,
    BosSaid,
    ConfirmationOverdue,
    Fact,
    MatchesSuggested,
    TeacherDecided,
)
from class_management_service.implementations.codec import pack, unpack
from class_management_service.tests.matches import BATCH, matches, result, student, suggestion
from class_management_service.tests.world import AT
from common_core.messages.classes import EssayStudentAssociationUpdatedV1
from common_core.messages.matching import StudentAssociationsConfirmedV1, StudentMatchSuggestion
from huleedu_service_libs.runtime.effects import Effect, Later, Never

ESSAYS = ("one", "two", "three")
CLASS = {each: student(each) for each in ("asa", "bo", "cia")}
UNKNOWN = "unknown"
DAY = timedelta(days=1)

essays = st.sampled_from(ESSAYS)
students = st.sampled_from([*CLASS, None])
suggestions = st.builds(suggestion, st.sampled_from([*CLASS, "gone"]), st.sampled_from([0.5, 0.7, 0.9]))
answers = st.dictionaries(essays, st.lists(suggestions, max_size=2, unique_by=lambda each: each.student_id))
choices = st.dictionaries(essays, students, max_size=3)


class Lives(RuleBasedStateMachine):
    """One batch, and what everybody has been told of it."""

    facts: Bundle[Fact] = Bundle("facts")

    def __init__(self) -> None:
        super().__init__()
        self.at = AT
        self.batch: Known | None = None
        self.due: datetime | None = None
        self.said = 0
        self.heard: dict[int, bool] = {}
        self.confirmed: StudentAssociationsConfirmedV1 | None = None
        self.told: dict[str, str | None] = {}

    @rule(target=facts, answer=answers, attempt=st.integers(1, 3))
    def matching_answers(self, answer: dict[str, list[StudentMatchSuggestion]], attempt: int) -> Fact:
        said = matches(*(result(essay, *found) for essay, found in answer.items()), attempt=attempt)
        fact = MatchesSuggested(
            matches=said, user_id="anna", unknown_id=UNKNOWN, until=self.at + DAY, correlation_id="c"
        )
        self.hear(fact)
        return fact

    @rule(
        target=facts,
        chosen=choices,
        at_least=st.none() | st.sampled_from([0.0, 0.7]),
        finish=st.booleans(),
        seen=st.none() | st.integers(1, 5),
        by=st.sampled_from(["anna", "bo"]),
    )
    def a_teacher_decides(
        self, chosen: dict[str, str | None], at_least: float | None, finish: bool, seen: int | None, by: str
    ) -> Fact:
        fact = TeacherDecided(
            choices=chosen,
            accept_at_least=at_least,
            finish=finish,
            seen=seen,
            by=by,
            students=CLASS,
            correlation_id="c",
        )
        before = self.batch
        refused = not isinstance(before, Associations) or objection(before, fact) is not None
        self.hear(fact)
        if refused:
            assert self.batch is before
        else:
            assert seen is None or (before is not None and seen <= before.version)
            assert isinstance(self.batch, Associations)
            decided = {essay: self.batch.essays[essay].decision for essay in chosen}
            assert {essay: each and each.student_id for essay, each in decided.items()} == chosen
        return fact

    @rule(target=facts, goes_on=st.booleans(), at_once=st.booleans())
    def bos_cancels_or_goes_on(self, goes_on: bool, at_once: bool) -> Fact:
        self.said += 1
        fact: Fact = BatchCancelled(batch_id=BATCH, version=self.said, correlation_id="c")
        if goes_on:
            fact = BatchResumed(batch_id=BATCH, version=self.said, until=self.at + DAY, correlation_id="c")
        if at_once:
            self.hear(fact)
            assert goes_on or self.due is None
        return fact

    @rule(fact=facts)
    def it_is_said_again(self, fact: Fact) -> None:
        self.hear(fact)

    @rule(hours=st.integers(1, 30))
    def time_passes(self, hours: int) -> None:
        self.at += timedelta(hours=hours)
        if self.due is not None and self.at >= self.due:
            self.due = None
            self.hear(ConfirmationOverdue(students=CLASS, correlation_id="c"))
            assert isinstance(self.batch, Associations)
            assert self.batch.is_settled

    def hear(self, fact: Fact) -> None:
        before = self.batch
        if isinstance(fact, BosSaid):
            self.heard[fact.version] = isinstance(fact, BatchCancelled)
        self.batch, effects = decide(before, fact, self.at)
        if self.batch is before:
            assert effects == ()
        for effect in effects:
            self.notice(effect)
        again = decide(self.batch, fact, self.at)
        assert again == (self.batch, ()) or isinstance(fact, TeacherDecided)

    def notice(self, effect: Effect) -> None:
        match effect:
            case Later(at=at):
                self.due = at
            case Never():
                self.due = None
            case EssayStudentAssociationUpdatedV1(essay_id=essay, student_id=author):
                self.told[essay] = author
            case StudentAssociationsConfirmedV1():
                self.confirmed = effect

    @invariant()
    def everybody_knows_what_is_decided(self) -> None:
        if not isinstance(self.batch, Associations):
            return
        decided = {essay: each.decision.student_id for essay, each in self.batch.essays.items() if each.decision}
        assert self.told == decided
        if self.batch.is_settled:
            assert self.confirmed is not None
            assert {each.essay_id: each.student_id for each in self.confirmed.associations} == decided
            assert self.confirmed.validation_summary.total_associations == len(decided)

    @invariant()
    def no_student_has_two_essays(self) -> None:
        authors = [author for author in self.told.values() if author not in (None, UNKNOWN)]
        assert len(authors) == len(set(authors))
        assert "gone" not in authors

    @invariant()
    def nothing_is_waited_for_without_a_clock(self) -> None:
        assert (self.due is not None) == (isinstance(self.batch, Associations) and self.batch.is_waited_for)

    @invariant()
    def the_newest_word_of_bos_holds(self) -> None:
        is_cancelled = self.batch is not None and self.batch.cancelled_at is not None
        assert is_cancelled == (bool(self.heard) and self.heard[max(self.heard)])

    @invariant()
    def what_is_kept_is_what_was_decided(self) -> None:
        assert self.batch is None or unpack(pack(self.batch)) == self.batch


def test_any_life() -> None:
    run_state_machine_as_test(Lives, settings=settings(max_examples=40, stateful_step_count=20, deadline=None))
