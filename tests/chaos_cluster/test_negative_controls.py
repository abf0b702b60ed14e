"""With the mechanisms that keep the promises switched off, the same run must end in books that do not balance."""

from pathlib import Path

import asyncpg

from chaos.breakages import BREAKAGES
from chaos.checks import violations
from chaos.distributed import DistributedWorld
from chaos.plan import Fault
from chaos.run import Load, Run
from infra.errors import Missing
from infra.rings import leave_out

SEED = 20261124
BOS, ELS = "batch_orchestrator_service.0", "essay_lifecycle_service.0"
SECONDS, PATIENCE = 20, 6


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
    Fault(number=1, kind="kill-postgres", target="postgres", at=2, lasts=0, patient=False, chance=0),
    at_point(2, BOS, "after-commit", 5),
    at_point(3, ELS, "after-take", 7),
    at_point(4, BOS, "before-send", 9),
)
NOTICED_BY = {
    "no-inbox": {"taken_twice"},
    "offsets-before-effects": {"lost"},
    "moved-before-sent": {"never_carried"},
    "forgetful-answers": {"more_batches_than_keys"},
    "asynchronous-commit": {"registrations_lost", "never_said"},
}
LAZY = ("alter system set wal_writer_delay = '2s'", "select pg_reload_conf()")  # so that there is something to lose


async def test_each_mechanism_that_is_switched_off_is_noticed(tmp_path: Path) -> None:
    world = DistributedWorld(tmp_path, replicas=1, broken=",".join(BREAKAGES))
    try:
        try:
            await world.start()
        except Missing as lacking:
            leave_out("Apache Kafka, PostgreSQL and Redis together", str(lacking))
        await make_lazy(world.dsns["file_service"])
        run = Run(world, tmp_path, SEED, Load(teachers=12, pause=0.05, again=0.5))
        lived = await run.live(FAULTS, SECONDS, PATIENCE)
        await run.close()
    finally:
        await world.stop()

    found = {violation.check for violation in violations(lived.books)}
    assert [broken for broken, checks in NOTICED_BY.items() if not found & checks] == []


async def make_lazy(dsn: str) -> None:
    """Have the server write its log to the disk late, where nobody waits for it."""
    con = await asyncpg.connect(dsn)
    for statement in LAZY:
        await con.execute(statement)
    await con.close()


def test_every_breakage_has_a_check_that_notices_it() -> None:
    assert NOTICED_BY.keys() == BREAKAGES.keys()
