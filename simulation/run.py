"""Runs: one seed lived through and checked, and many of them one after the other."""

import asyncio
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from simulation.checks import check
from simulation.plan import Plan
from simulation.violation import Violation
from simulation.world import World


class Found(msgspec.Struct, frozen=True):
    """What did not hold, and all that had happened to the batch by then, line by line."""

    invariant: str
    found: str
    trace: Sequence[str]


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What one plan has come to; the same plan comes to the same digest."""

    plan: Plan
    batches: int
    messages: int
    steps: int
    digest: str
    violation: Found | None = None


def outcomes(plans: Iterable[Plan]) -> Iterator[Outcome]:
    """Of each plan, in order."""
    with asyncio.Runner() as runner:
        for plan in plans:
            yield runner.run(_outcome(plan))


async def _outcome(plan: Plan) -> Outcome:
    world = World(plan)
    found = await _violation(world)
    return Outcome(
        plan=plan,
        batches=len(world.witness.batches.batches),
        messages=world.story.messages,
        steps=world.steps,
        digest=world.story.digest,
        violation=found,
    )


async def _violation(world: World) -> Found | None:
    """The first one. A handler that fails is one as well: nobody has said anything here that cannot be handled."""
    try:
        await world.live()
        await check(world)
    except Violation as violation:
        return Found(violation.invariant, violation.found, list(world.story.of(violation.batch_id)))
    except Exception as error:
        return Found("I15", f"a service failed: {type(error).__name__}: {error}", list(world.story.of("")))
    return None
