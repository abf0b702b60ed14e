"""Whose turn it is, whatever has happened: no room is left empty while somebody may go, and nobody is passed over."""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from essay_lifecycle_service.domain.window import TURN, Grant, Line, Owner, Policy, Waiting, all_may_go, grants

Rule = Callable[[Policy, int, Sequence[Line]], list[Grant]]
TEACHERS = ("ms-frizzle", "ms-honey", "mr-keating", "mr-chips")


@dataclass(eq=False)
class Batch:
    """What has been sent of a batch and come back, and how many essays of others have gone since it could go."""

    owner: str
    total: int
    place: int
    sent: int = 0
    back: int = 0
    paused: bool = False
    passed_over: int = 0

    @property
    def out(self) -> int:
        return self.sent - self.back

    @property
    def may_go(self) -> bool:
        return self.sent < self.total and not self.paused


class Staffroom(RuleBasedStateMachine):
    """Teachers with batches of any size; essays come back one by one or many at once."""

    turns_of: Rule

    @initialize(window=st.sampled_from([1, 2, 7, 40]), of_one=st.sampled_from([None, 1, 5, 35]))
    def begin(self, window: int, of_one: int | None) -> None:
        self.policy = Policy(window=window, owner_window=of_one)
        self.batches: list[Batch] = []
        self.flying: list[Batch] = []
        self.served: Counter[str] = Counter()
        self.number = 0

    @rule(owner=st.sampled_from(TEACHERS), total=st.sampled_from([1, 5, 29, 30, 31, 500]))
    def asks(self, owner: str, total: int) -> None:
        if len(self.batches) < 12:
            self.batches.append(Batch(owner, total, self.next_number()))
        self.give_turns()

    @rule(count=st.integers(1, 10))
    def come_back(self, count: int) -> None:
        """Those that have been out longest."""
        for batch in self.flying[:count]:
            batch.back += 1
        self.flying = self.flying[count:]
        self.give_turns()

    @rule(rounds=st.integers(1, 60))
    def come_back_one_by_one(self, rounds: int) -> None:
        for _ in range(rounds):
            self.come_back(1)
            self.nobody_is_passed_over()

    @precondition(lambda self: self.batches)
    @rule(data=st.data(), paused=st.booleans())
    def pauses_or_resumes(self, data: st.DataObject, paused: bool) -> None:
        batch = data.draw(st.sampled_from(self.batches))
        batch.paused, batch.passed_over = paused, 0
        self.give_turns()

    @precondition(lambda self: self.batches)
    @rule(data=st.data())
    def cancels(self, data: st.DataObject) -> None:
        batch = data.draw(st.sampled_from(self.batches))
        self.batches.remove(batch)
        self.flying = [each for each in self.flying if each is not batch]
        self.give_turns()

    def next_number(self) -> int:
        self.number += 1
        return self.number

    def out(self) -> Counter[str]:
        out: Counter[str] = Counter()
        for batch in self.batches:
            out[batch.owner] += batch.out
        return out

    def lines(self) -> list[Line]:
        out, lines = self.out(), defaultdict(list)
        for number, batch in sorted(enumerate(self.batches), key=lambda each: each[1].place):
            if batch.may_go:
                lines[batch.owner].append(Waiting(number, batch.sent, batch.total - batch.sent))
        return [Line(Owner(name, out[name], self.served[name]), line) for name, line in lines.items()]

    def give_turns(self) -> None:
        given = type(self).turns_of(self.policy, self.out().total(), self.lines())
        assert len({grant.phase_id for grant in given}) == len(given)
        for grant in given:
            batch = self.batches[grant.phase_id]
            assert batch.sent == grant.sent
            batch.sent += grant.count
            self.flying += [batch] * grant.count
            batch.place = self.next_number() if grant.to_end else batch.place
            self.served[batch.owner] = self.next_number()
        self.note_who_is_passed_over({grant.phase_id for grant in given}, sum(grant.count for grant in given))

    def note_who_is_passed_over(self, went: set[int], count: int) -> None:
        at_most = {name for name, out in self.out().items() if not self.policy.room_of_one(out)}
        for number, batch in enumerate(self.batches):
            waits = number not in went and batch.may_go and batch.owner not in at_most
            batch.passed_over = batch.passed_over + count if waits else 0

    @invariant()
    def no_more_are_out_than_may_be(self) -> None:
        out = self.out()
        assert out.total() <= self.policy.window
        assert all(count <= (self.policy.owner_window or count) for count in out.values())
        assert all(batch.sent <= batch.total for batch in self.batches)

    @invariant()
    def no_room_is_left_while_somebody_may_go(self) -> None:
        out = self.out()
        someone = any(batch.may_go and self.policy.room_of_one(out[batch.owner]) for batch in self.batches)
        assert not someone or out.total() == self.policy.window

    @invariant()
    def nobody_is_passed_over(self) -> None:
        """Before a batch moves, each other one has a turn, and whoever has fewer out catches up."""
        most = len(self.batches) * TURN + len(TEACHERS) * self.policy.window
        assert all(batch.passed_over <= most for batch in self.batches)


def machine(rule: Rule) -> type[Staffroom]:
    return type("Machine", (Staffroom,), {"turns_of": staticmethod(rule)})


def test_nobody_is_stuck_and_no_room_is_wasted() -> None:
    found = settings(deadline=None, max_examples=80, stateful_step_count=40)
    run_state_machine_as_test(machine(grants), settings=found)


def first_come(policy: Policy, in_flight: int, lines: Sequence[Line]) -> list[Grant]:
    """Whoever asked first is sent whole."""
    room, given = policy.room(in_flight), []
    for line in sorted(lines, key=lambda line: line.batches[0].phase_id):
        own = policy.room_of_one(line.owner.in_flight)
        for batch in line.batches:
            count = min(room, own, batch.count)
            room, own = room - count, own - count
            given += [Grant(batch.phase_id, batch.sent, count, to_end=False)] if count else []
    return given


def stops_at_the_first_limit(policy: Policy, in_flight: int, lines: Sequence[Line]) -> list[Grant]:
    """Somebody who may not have more out stands in everybody's way."""
    return grants(policy, in_flight, lines) if all(policy.room_of_one(line.owner.in_flight) for line in lines) else []


@pytest.mark.parametrize("broken", [first_come, stops_at_the_first_limit])
def test_a_broken_policy_is_found_out(broken: Rule) -> None:
    negative = settings(
        deadline=None, max_examples=2000, stateful_step_count=40, derandomize=True, phases=[Phase.generate]
    )
    with pytest.raises(AssertionError):
        run_state_machine_as_test(machine(broken), settings=negative)


def line(name: str, *counts: int, in_flight: int = 0, served: int = 0) -> Line:
    return Line(Owner(name, in_flight, served), [Waiting(n, 0, count) for n, count in enumerate(counts)])


def test_five_essays_go_before_a_thousand_that_came_first() -> None:
    large, small = line("ms-frizzle", 995, in_flight=50), Line(Owner("ms-honey"), [Waiting(7, 0, 5)])

    assert grants(Policy(window=55), 50, [large, small]) == [Grant(7, 0, 5, to_end=False)]


def test_among_equals_the_one_goes_whose_last_turn_is_longest_ago() -> None:
    lines = [line("ms-frizzle", 9, served=2), Line(Owner("ms-honey", served=1), [Waiting(7, 0, 9)])]

    assert grants(Policy(window=1), 0, lines) == [Grant(7, 0, 1, to_end=False)]


def test_who_is_alone_has_the_whole_window() -> None:
    assert sum(each.count for each in grants(Policy(window=2000), 0, [line("ms-frizzle", 3000)])) == 2000


def test_a_teachers_small_batch_waits_for_a_turn_of_his_large_one_and_no_longer() -> None:
    given = grants(Policy(window=40), 0, [line("ms-frizzle", 1000, 5)])

    assert given == [Grant(0, 0, 35, to_end=True), Grant(1, 0, 5, to_end=False)]


@given(weight=st.sampled_from([0.5, 1, 2, 4]), window=st.integers(200, 2000))
def test_two_who_wait_share_by_their_weights(weight: float, window: int) -> None:
    policy = Policy(window=window, weights={"ms-frizzle": weight})
    mine, yours = (Line(Owner(name), [Waiting(n, 0, 5000)]) for n, name in enumerate(["ms-frizzle", "ms-honey"]))

    first, second = sorted(grants(policy, 0, [mine, yours]), key=lambda grant: grant.phase_id)

    assert first.count + second.count == window
    assert abs(first.count - weight * second.count) <= TURN * (1 + weight)


def test_there_is_room_for_all_only_if_each_teacher_may_have_his() -> None:
    policy = Policy(window=10, owner_window=6)

    assert all_may_go(policy, 0, [(Owner("ms-frizzle"), 6), (Owner("ms-honey"), 4)])
    assert not all_may_go(policy, 1, [(Owner("ms-frizzle"), 6), (Owner("ms-honey"), 4)])
    assert not all_may_go(policy, 0, [(Owner("ms-frizzle", in_flight=1), 6)])
