"""What a simulation has shown: for people, and as one line of JSON."""

from collections.abc import Iterator
from hashlib import blake2b

import msgspec

from simulation.plan import FAULTS
from simulation.run import Outcome


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """The figures; `digest` is that of all that has happened."""

    seed: int
    runs: int
    batches: int
    messages: int
    steps: int
    seconds: float
    batches_per_minute: int
    messages_per_second: int
    digest: str
    violation: Outcome | None


class Tally:
    """Adds up runs."""

    def __init__(self, seed: int) -> None:
        self._seed, self._digest = seed, blake2b(digest_size=16)
        self.runs = self.batches = self.messages = self.steps = 0

    def add(self, outcome: Outcome) -> None:
        """One more."""
        self.runs += 1
        self.batches += outcome.batches
        self.messages += outcome.messages
        self.steps += outcome.steps
        self._digest.update(outcome.digest.encode())

    def report(self, seconds: float, violation: Outcome | None) -> Report:
        """After so many seconds."""
        return Report(
            seed=self._seed,
            runs=self.runs,
            batches=self.batches,
            messages=self.messages,
            steps=self.steps,
            seconds=round(seconds, 1),
            batches_per_minute=round(60 * self.batches / seconds),
            messages_per_second=round(self.messages / seconds),
            digest=self._digest.hexdigest(),
            violation=violation,
        )


def lines(report: Report) -> Iterator[str]:
    """For people."""
    for name, value in msgspec.to_builtins(report).items():
        if name != "violation":
            yield f"{name:<20} {value}"
    if report.violation is not None:
        yield from _violation_lines(report.violation)


def _violation_lines(outcome: Outcome) -> Iterator[str]:
    assert outcome.violation is not None
    yield from ("", *outcome.violation.trace, "")
    yield f"VIOLATION {outcome.violation.invariant}: {outcome.violation.found}"
    yield f"again: python3 dev.py simulate {arguments(outcome)}"


def arguments(outcome: Outcome) -> str:
    """What brings this run again."""
    plan = outcome.plan
    faults = "" if plan.faults == FAULTS else f" --faults {','.join(plan.faults) or 'none'}"
    return f"--seed {plan.seed} --classes {plan.classes} --batches {plan.classes}{faults}"
