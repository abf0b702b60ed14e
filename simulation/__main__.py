"""`python -m simulation`: see docs/simulation.md."""

import random
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import count
from typing import Annotated

import msgspec
import typer

from simulation.controls import CONTROLS, broken
from simulation.plan import FAULTS, Plan
from simulation.report import Report, Tally, lines
from simulation.run import Outcome, outcomes
from simulation.shrink import shrunk

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

_ALL = ",".join(FAULTS)

Seed = Annotated[int | None, typer.Option(help="The first run's; drawn and printed if not given.")]
Batches = Annotated[int, typer.Option(help="How many, in runs of --classes each.")]
Seconds = Annotated[float | None, typer.Option(help="Go on for so long, instead of for so many batches.")]
Classes = Annotated[int, typer.Option(min=1, help="Batches that meet each other in one run.")]
Faults = Annotated[str, typer.Option(help="Which, separated by commas, or none.")]
Broken = Annotated[str | None, typer.Option("--break", help=f"A rule to break: {', '.join(CONTROLS)}.")]
Json = Annotated[bool, typer.Option("--json", help="End with one line of JSON.")]


@app.command()
def main(
    seed: Seed = None,
    batches: Batches = 6_000,
    seconds: Seconds = None,
    classes: Classes = 6,
    faults: Faults = _ALL,
    rule: Broken = None,
    as_json: Json = False,
) -> None:
    """Live through seed after seed until something does not hold."""
    seed = random.randrange(10**6) if seed is None else seed
    print(f"seed {seed}", flush=True)
    plan = Plan(seed=seed, classes=classes, faults=_chosen(faults))
    with ExitStack() as stack:
        if rule is not None:
            stack.enter_context(broken(_known(rule)))
        report = _simulated(plan, batches, seconds)
    for line in lines(report):
        print(line)
    if as_json:
        print(msgspec.json.encode(report).decode())
    sys.exit(0 if report.violation is None else 1)


def _chosen(faults: str) -> tuple[str, ...]:
    chosen = tuple(name for name in faults.split(",") if name != "none")
    if unknown := set(chosen) - set(FAULTS):
        sys.exit(f"There is no fault {', '.join(sorted(unknown))}; there are {', '.join(FAULTS)}.")
    return chosen


def _known(rule: str) -> str:
    if rule not in CONTROLS:
        sys.exit(f"There is no rule {rule} to break; there are {', '.join(CONTROLS)}.")
    return rule


def _simulated(plan: Plan, batches: int, seconds: float | None) -> Report:
    tally, began = Tally(plan.seed), time.monotonic()
    violation: Outcome | None = None
    for outcome in outcomes(_seed_after_seed(plan)):
        tally.add(outcome)
        if outcome.violation is not None:
            violation = outcome
            break
        if (tally.batches >= batches) if seconds is None else (time.monotonic() - began >= seconds):
            break
    spent = time.monotonic() - began
    return tally.report(spent, None if violation is None else shrunk(violation))


def _seed_after_seed(plan: Plan) -> Iterator[Plan]:
    return (msgspec.structs.replace(plan, seed=seed) for seed in count(plan.seed))


app()
