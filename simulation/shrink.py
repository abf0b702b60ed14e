"""The smallest run that shows the same: fewer classes, fewer faults, a shorter story."""

from collections.abc import Iterator

from msgspec.structs import replace

from simulation.plan import Plan
from simulation.run import Outcome, outcomes

_SEEDS = 10
"""So many are tried with each choice of classes and faults; another choice makes another story of the same seed."""


def shrunk(found: Outcome) -> Outcome:
    """The shortest of the first kind of run that breaks the same invariant; the run itself if there is none."""
    assert found.violation is not None
    for kind in _smaller(found.plan):
        tried = outcomes(replace(kind, seed=found.plan.seed + offset) for offset in range(_SEEDS))
        same = [each for each in tried if each.violation and each.violation.invariant == found.violation.invariant]
        if same:
            return min(same, key=lambda each: each.steps)
    return found


def _smaller(plan: Plan) -> Iterator[Plan]:
    """The fewest faults first, and with those the fewest classes."""
    for faults in ((), *((fault,) for fault in plan.faults), plan.faults):
        for classes in (1, 2, 3):
            if classes < plan.classes:
                yield replace(plan, classes=classes, faults=faults)
