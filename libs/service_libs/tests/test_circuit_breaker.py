"""The circuit breaker: opens after failures in a row, tries again with care, closes when it goes well."""

from dataclasses import dataclass, field

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from huleedu_service_libs.circuit_breaker import CircuitBreaker, CircuitOpen, CircuitState
from huleedu_service_libs.errors import Unavailable


@dataclass
class Clock:
    """A clock that only moves when told."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Guarded:
    """A breaker that opens after 3 failures for 10 s and closes after 2 good trials."""

    clock: Clock = field(default_factory=Clock)
    states: list[CircuitState] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.breaker = CircuitBreaker(
            failure_threshold=3,
            recovery_timeout=10,
            success_threshold=2,
            clock=self.clock,
            on_change=self.states.append,
        )

    def fail(self, times: int = 1) -> None:
        for _ in range(times):
            with pytest.raises(Unavailable), self.breaker.call():
                raise Unavailable

    def succeed(self, times: int = 1) -> None:
        for _ in range(times):
            with self.breaker.call():
                pass

    def refuses(self) -> bool:
        try:
            with self.breaker.call():
                raise KeyError  # says nothing about the peer
        except CircuitOpen:
            return True
        except KeyError:
            return False


def test_failures_in_a_row_open_it() -> None:
    guarded = Guarded()
    guarded.fail(2)
    guarded.succeed()
    guarded.fail(2)
    assert not guarded.refuses()

    guarded.fail()

    assert guarded.refuses()


def test_after_a_rest_good_trials_close_it() -> None:
    guarded = Guarded()
    guarded.fail(3)
    guarded.clock.now = 10
    guarded.succeed(2)

    assert guarded.states == [CircuitState.OPEN, CircuitState.HALF_OPEN, CircuitState.CLOSED]
    guarded.fail(2)
    assert not guarded.refuses()


def test_a_bad_trial_opens_it_for_another_rest() -> None:
    guarded = Guarded()
    guarded.fail(3)
    guarded.clock.now = 10
    guarded.fail()

    guarded.clock.now = 19
    assert guarded.refuses()
    guarded.clock.now = 20
    assert not guarded.refuses()


def test_one_trial_at_a_time() -> None:
    guarded = Guarded()
    guarded.fail(3)
    guarded.clock.now = 10
    with guarded.breaker.call():
        assert guarded.refuses()

    assert not guarded.refuses()


def test_whoever_is_refused_is_told_when_to_come_back() -> None:
    guarded = Guarded()
    guarded.fail(3)
    guarded.clock.now = 4

    with pytest.raises(CircuitOpen) as refused, guarded.breaker.call():
        pass

    assert refused.value.retry_after == 6


class AnyCourse(RuleBasedStateMachine):
    """Whatever happens, nobody is refused for longer than the rest, nor without failures."""

    def __init__(self) -> None:
        super().__init__()
        self.guarded = Guarded()
        self.last_failure = float("-inf")

    @rule()
    def fail(self) -> None:
        if not self.guarded.refuses():
            self.guarded.fail()
            self.last_failure = self.guarded.clock.now

    @rule()
    def succeed(self) -> None:
        if not self.guarded.refuses():
            self.guarded.succeed()

    @rule(seconds=st.integers(0, 12))
    def wait(self, seconds: int) -> None:
        self.guarded.clock.now += seconds

    @invariant()
    def refusals_end(self) -> None:
        if self.guarded.clock.now - self.last_failure >= 10:
            assert not self.guarded.refuses()


TestAnyCourse = AnyCourse.TestCase
