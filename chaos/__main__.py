"""`python -m chaos`: see docs/chaos.md."""

import random
import shutil
import sys
import time
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import typer
import uvloop

from chaos import embedded, plan
from chaos.report import Report, lines, report_on
from chaos.run import Load, Run
from huleedu.places import data_dir

app = typer.Typer(add_completion=False)

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
    patience: Patience = 60,
    engines: Engines = "none",
    broken: Broken = "",
    as_json: Json = False,
    keep: Keep = False,
) -> None:
    """Break everything under load, let it come to rest, and see whether the books balance."""
    seed = random.randrange(10**6) if seed is None else seed
    folder = data_dir() / "chaos" / f"{time.strftime('%Y%m%d-%H%M%S')}-{seed}"
    folder.mkdir(parents=True)
    print(f"seed {seed}; diaries, logs and databases are in {folder}", flush=True)
    report = uvloop.run(
        _run_embedded(folder, seed, seconds, faults, Load(teachers=teachers), patience, engines, broken)
    )
    for line in lines(report):
        print(line)
    (folder / "report.json").write_bytes(msgspec.json.encode(report))
    if as_json:
        print(msgspec.json.encode(report).decode())
    if report.is_good and not keep:
        shutil.rmtree(folder)
    sys.exit(0 if report.is_good else 1)


async def _run_embedded(
    folder: Path, seed: int, seconds: float, faults: str | None, load: Load, patience: float, engines: str, broken: str
) -> Report:
    world = embedded.EmbeddedWorld(folder, folder / "data", broken, engines)
    kinds = plan.one_of_each(faults or ",".join(embedded.KINDS))
    drawn = plan.draw(seed, seconds, world.processes, kinds, embedded.POINTS)
    try:
        await world.start()
        run = Run(world, folder, seed, load)
        try:
            return report_on(seed, seconds, await run.live(drawn, patience))
        finally:
            await run.close()
    finally:
        await world.stop()


app()
