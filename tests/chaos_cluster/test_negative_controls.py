"""With the mechanisms that keep the promises switched off, the same run must end in books that do not balance."""

from pathlib import Path

from chaos.breakages import BREAKAGES
from chaos.checks import violations
from chaos.distributed import DistributedWorld
from chaos.plan import Fault
from chaos.run import Load, Run
from infra.errors import Missing
from infra.rings import leave_out

SEED = 20261124
BOS, ELS = "batch_orchestrator_service.0", "essay_lifecycle_service.0"
SECONDS, PATIENCE = 15, 5
RUNS = 3


def at_point(number: int, target: str, point: str, at: float) -> Fault:
    return Fault(
        number=number,
        kind="point-service",
        target=target,
        at=at,
        lasts=0,
        patient=False,
        chance=0,
        point=point,
        passage=2,
    )


FAULTS = (
    at_point(1, BOS, "after-commit", 3),
    at_point(2, ELS, "after-take", 5),
    at_point(3, BOS, "before-send", 7),
)
NOTICED_BY = {
    "no-inbox": "taken_twice",
    "offsets-before-effects": "lost",
    "moved-before-sent": "never_carried",
    "forgetful-answers": "more_batches_than_keys",
    "answered-without-commit": "registrations_lost",
    "paused-in-name-only": "commanded_while_halted",
    "unconfirmed-goes-on": "went_on_unconfirmed",
    "corrections-unheard": "authors_known_otherwise",
    "streams-begin-anew": "streamed_otherwise",
}


async def noticed(folder: Path, seed: int) -> set[str]:
    """The checks that one run with everything broken does not pass."""
    folder.mkdir()
    world = DistributedWorld(folder, replicas=1, broken=",".join(BREAKAGES))
    try:
        try:
            await world.start()
        except Missing as lacking:
            leave_out("Apache Kafka, PostgreSQL and Redis together", str(lacking))
        run = Run(world, folder, seed, Load(teachers=12, pause=0.05, again=0.5))
        lived = await run.live(FAULTS, SECONDS, PATIENCE)
        await run.close()
    finally:
        await world.stop()
    return {violation.check for violation in violations(lived.books)}


async def test_each_mechanism_that_is_switched_off_is_noticed(tmp_path: Path) -> None:
    """Nearly always in the first run; where the machine starves, a kill may find nothing under way: then once more."""
    found: set[str] = set()
    for run in range(RUNS):
        found |= await noticed(tmp_path / str(run), SEED + run)
        if found.issuperset(NOTICED_BY.values()):
            break
    assert [broken for broken, check in NOTICED_BY.items() if check not in found] == []


def test_every_breakage_has_a_check_that_notices_it() -> None:
    assert NOTICED_BY.keys() == BREAKAGES.keys()
