"""`python -m chaos`: see docs/chaos.md."""

import logging
import random
import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import typer
import uvloop

from chaos import embedded, plan
from chaos.distributed import DistributedWorld
from chaos.embedded import EmbeddedWorld
from chaos.report import Report, lines, report_on
from chaos.run import Load, Run
from huleedu.places import data_dir
from infra.errors import InfraError

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

Seconds = Annotated[float, typer.Option(help="How long things are broken.")]
Seed = Annotated[int | None, typer.Option(help="Brings the same faults again; drawn and printed if not given.")]
Bus = Annotated[Literal["kafka", "postgres"], typer.Option(help="Kafka and every service by itself, or one process.")]
Replicas = Annotated[int, typer.Option(help="Of each service.")]
Faults = Annotated[str | None, typer.Option(help=f"Which, separated by commas: {', '.join(plan.KINDS)}.")]
Teachers = Annotated[int, typer.Option(help="Clients that hand classes in.")]
Patience = Annotated[float, typer.Option(help="Seconds to come to rest in, after the last fault.")]
Engines = Annotated[Literal["none", "language"], typer.Option(help="`language` does the real spell-checking, too.")]
Broken = Annotated[str, typer.Option("--break", help="Mechanisms to switch off; the run must then fail.")]
Json = Annotated[bool, typer.Option("--json", help="End with one line of JSON.")]
Keep = Annotated[bool, typer.Option("--keep", help="Keep logs and databases also if nothing is wrong.")]


@app.command()
def main(
    seconds: Seconds = 60,
    seed: Seed = None,
    bus: Bus = "kafka",
    replicas: Replicas = 2,
    faults: Faults = None,
    teachers: Teachers = 4,
    patience: Patience = 180,  # further attempts at a phase come after up to 45 and 90 seconds
    engines: Engines = "none",
    broken: Broken = "",
    as_json: Json = False,
    keep: Keep = False,
) -> None:
    """Break everything under load, let it come to rest, and see whether the books balance."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # of our own clients, which are struck too
    seed = random.randrange(10**6) if seed is None else seed
    folder = data_dir() / "chaos" / f"{time.strftime('%Y%m%d-%H%M%S')}-{seed}"
    folder.mkdir(parents=True)
    print(f"seed {seed}; diaries, logs and databases are in {folder}", flush=True)
    try:
        world, kinds, points = _world(bus, folder, replicas, faults, broken, engines)
    except plan.UnknownFault as unknown:
        sys.exit(str(unknown))
    drawn = _Drawn(seed, seconds, kinds, points)
    try:
        report = uvloop.run(_run(world, folder, drawn, Load(teachers=teachers), patience))
    except InfraError as lacking:
        sys.exit(str(lacking))
    for line in lines(report):
        print(line)
    (folder / "report.json").write_bytes(msgspec.json.encode(report))
    if as_json:
        print(msgspec.json.encode(report).decode())
    if report.is_good and not keep:
        shutil.rmtree(folder)
    sys.exit(0 if report.is_good else 1)


class _Drawn(msgspec.Struct, frozen=True):
    """What the plan of faults is drawn from."""

    seed: int
    seconds: float
    kinds: Sequence[str]
    points: Sequence[str]


def _world(
    bus: str, folder: Path, replicas: int, faults: str | None, broken: str, engines: str
) -> tuple[DistributedWorld | EmbeddedWorld, Sequence[str], Sequence[str]]:
    """The platform under test, the kinds of faults that are to strike it, and the points that it has."""
    if bus == "kafka":
        return DistributedWorld(folder, replicas, broken, engines), plan.one_of_each(faults), plan.POINTS
    kinds = plan.one_of_each(faults or ",".join(embedded.KINDS))
    return EmbeddedWorld(folder, folder / "data", broken, engines), kinds, embedded.POINTS


async def _run(
    world: DistributedWorld | EmbeddedWorld, folder: Path, drawn: _Drawn, load: Load, patience: float
) -> Report:
    try:
        await world.start()
        faults = plan.draw(drawn.seed, drawn.seconds, world.processes, drawn.kinds, drawn.points)
        run = Run(world, folder, drawn.seed, load)
        try:
            return report_on(drawn.seed, drawn.seconds, await run.live(faults, drawn.seconds, patience))
        finally:
            await run.close()
    finally:
        await world.stop()


app()
