"""One seed is one run; the rules hold in it, and a broken one is found and shown in few words."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from msgspec.structs import replace

from simulation.controls import CONTROLS, broken
from simulation.plan import Plan
from simulation.report import Tally, lines
from simulation.run import Outcome, outcomes
from simulation.shrink import shrunk

ROOT = Path(__file__).parents[2]
PLAN = Plan(seed=5747)
RUNS = 12


def runs(first: Plan, count: int) -> list[Outcome]:
    """So many, seed after seed."""
    return list(outcomes(replace(first, seed=first.seed + offset) for offset in range(count)))


def first_violation(within: int) -> Outcome | None:
    """The first run that shows one, of those that make up so many batches."""
    plans = (replace(PLAN, seed=seed) for seed in range(within // PLAN.classes))
    return next((each for each in outcomes(plans) if each.violation), None)


def test_what_holds_holds_whatever_happens_and_each_batch_has_its_messages() -> None:
    lived = runs(PLAN, RUNS)

    assert [each.violation for each in lived] == [None] * RUNS
    assert sum(each.batches for each in lived) > 5 * RUNS
    assert all(each.messages > 10 * each.batches for each in lived)


def test_a_seed_is_a_run_also_where_strings_hash_otherwise() -> None:
    tally = Tally(PLAN.seed)
    for each in runs(PLAN, RUNS):
        tally.add(each)
    here = tally.report(1, None)

    command = [sys.executable, "-m", "simulation", "--seed", str(PLAN.seed), "--batches", str(here.batches), "--json"]
    environment = {**os.environ, "PYTHONHASHSEED": "4711"}
    said = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True).stdout
    there = json.loads(said.splitlines()[-1])

    assert (there["digest"], there["messages"]) == (here.digest, here.messages)


def test_another_seed_or_another_fault_is_another_run() -> None:
    plans = (PLAN, replace(PLAN, seed=1), replace(PLAN, faults=("delay",)), replace(PLAN, classes=2))

    assert len({each.digest for each in outcomes(plans)}) == len(plans)


QUICKLY_FOUND = [
    "bos-sets-no-timer",
    "bos-forgets-answers",
    "bcs-depends-on-nothing",
    "els-takes-all-for-new",
    "files-unanswered",
    "bus-out-of-order",
]


@pytest.mark.parametrize("rule", QUICKLY_FOUND)
def test_a_broken_rule_is_found(rule: str) -> None:
    with broken(rule):
        found = first_violation(CONTROLS[rule].within)

    assert found is not None


def test_what_is_found_is_shown_in_the_smallest_run_and_comes_again() -> None:
    with broken("bcs-depends-on-nothing"):
        found = first_violation(60)
        assert found is not None
        small = shrunk(found)
        (again,) = outcomes([small.plan])

    assert again == small
    assert (small.plan.classes, small.plan.faults) == (1, ())
    told = "\n".join(lines(Tally(0).report(1, small)))
    assert "BatchServiceNLPInitiateCommandDataV1" in told
    assert "VIOLATION I5: nlp begins before spellcheck has ended" in told
    assert f"simulate --seed {small.plan.seed} --classes 1 --batches 1 --faults none" in told
