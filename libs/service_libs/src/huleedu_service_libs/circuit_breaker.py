"""A circuit breaker: who was away a few times in a row is left alone for a while, then tried again with care."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum

from huleedu_service_libs.errors import Unavailable


class CircuitState(Enum):
    """Closed lets everything through, open nothing, half open one trial at a time."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class CircuitOpen(Unavailable):
    """It was away a moment ago and is not asked again yet."""


class CircuitBreaker:
    """The memory of how often in a row a peer was away. Times are in seconds."""

    def __init__(
        self,
        *,
        failure_threshold: int = 5,
        recovery_timeout: float = 10.0,
        success_threshold: int = 2,
        clock: Callable[[], float] = time.monotonic,
        on_change: Callable[[CircuitState], None] = lambda _: None,
    ) -> None:
        """Opens after `failure_threshold` failures in a row; after `recovery_timeout` a trial is let through, and
        `success_threshold` good trials close it.
        """
        self._failure_threshold = failure_threshold
        self._recovery_timeout = recovery_timeout
        self._success_threshold = success_threshold
        self._clock = clock
        self._on_change = on_change
        self._failures = 0
        self._successes = 0
        self._opened_at = 0.0
        self._trial_runs = False
        self.state = CircuitState.CLOSED

    @contextmanager
    def call(self) -> Iterator[None]:
        """Around one attempt: Unavailable raised within is a failure, coming to the end a success.

        Raises CircuitOpen instead of letting the attempt through. Anything else that is raised, a cancellation for
        instance, says nothing about the peer.
        """
        self._let_through()
        try:
            yield
        except Unavailable:
            self._failed()
            raise
        else:
            self._succeeded()
        finally:
            self._trial_runs = False

    def _let_through(self) -> None:
        if self.state is CircuitState.OPEN and self._rest() <= 0:
            self._successes = 0
            self._become(CircuitState.HALF_OPEN)
        if self.state is CircuitState.OPEN or self._trial_runs:
            raise CircuitOpen(retry_after=max(self._rest(), 1.0))
        self._trial_runs = self.state is CircuitState.HALF_OPEN

    def _rest(self) -> float:
        return self._opened_at + self._recovery_timeout - self._clock()

    def _failed(self) -> None:
        self._failures += 1
        if self.state is CircuitState.HALF_OPEN or self._failures >= self._failure_threshold:
            self._opened_at = self._clock()
            self._become(CircuitState.OPEN)

    def _succeeded(self) -> None:
        self._failures = 0
        self._successes += 1
        if self.state is CircuitState.HALF_OPEN and self._successes >= self._success_threshold:
            self._become(CircuitState.CLOSED)

    def _become(self, state: CircuitState) -> None:
        if state is not self.state:
            self.state = state
            self._on_change(state)
