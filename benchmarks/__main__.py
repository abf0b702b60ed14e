"""`python -m benchmarks NAME`: measure, print, and keep the page in docs/benchmarks.md up to date."""

import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from benchmarks import fairness as fairness_of_turns
from benchmarks import lists as listing
from benchmarks import matching as matched
from benchmarks import orchestrate as orchestration
from benchmarks import page
from benchmarks import register as registration
from benchmarks import scale as scaling
from benchmarks import streams as streaming
from huleedu_service_libs.logging_utils import configure_logging

PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)

Short = Annotated[bool, typer.Option("--short", help="A small run that shows it works; keeps no figures.")]
Json = Annotated[bool, typer.Option("--json", help="End with one line of JSON.")]


@app.command()
def orchestrate(
    bus: Annotated[orchestration.Bus, typer.Option(help="What carries the events.")] = "postgres",
    replicas: Annotated[int, typer.Option(help="Of each service, as processes; 0: all in one. 2: over Kafka.")] = 0,
    short: Short = False,
    as_json: Json = False,
) -> None:
    """Essay-phases a second through the real services, beside the raw limit."""
    if replicas > 1 and bus != "kafka":
        raise typer.BadParameter("replicas of a service are Kafka's job", param_hint="--replicas")
    with _quiet():
        figures = orchestration.run(bus, replicas, orchestration.SHORT if short else orchestration.FULL)
    _show(f"orchestrate{_options(bus, replicas)}", figures, short, as_json)


def _options(bus: str, replicas: int) -> str:
    return (f" --bus {bus}" if bus != "postgres" else "") + (f" --replicas {replicas}" if replicas else "")


@app.command()
def register(short: Short = False, as_json: Json = False) -> None:
    """Registrations a second over HTTP, beside an empty handler on the same server."""
    with _quiet():
        figures = registration.run(registration.SHORT if short else registration.FULL)
    _show("register", figures, short, as_json)


@app.command()
def peers(short: Short = False, as_json: Json = False) -> None:
    """DBOS Transact and Celery beside HuleEdu: the same job on the same servers, in one run."""
    try:
        from benchmarks.peers import compare
    except ModuleNotFoundError as missing:
        sys.exit(
            f"{missing}: run `python3 dev.py bench peers`, which fetches it, or `pdm install -G bench-peers` before."
        )
    with _quiet():
        found = msgspec.to_builtins(compare.run(compare.SHORT if short else compare.FULL))
    systems = found.pop("systems")
    tables = (page.table(systems), page.listed(found))
    print(*tables, sep="\n\n")
    if not short:
        page.keep(PAGE, "peers", *tables)
    if as_json:
        print(json.dumps(found | {"systems": systems}))


@app.command()
def scale(short: Short = False, as_json: Json = False) -> None:
    """What an essay-phase costs as batches grow from 30 to 3,000 essays, and with 10 to 10,000 open ones."""
    with _quiet():
        figures = scaling.run(scaling.SHORT if short else scaling.FULL)
    found = msgspec.to_builtins(figures)
    series = [found.pop(name) for name in ("by_batch_size", "by_open_batches")]
    tables = (*map(page.table, series), page.listed(found))
    print(*tables, sep="\n\n")
    if not short:
        page.keep(PAGE, "scale", *tables)
        scaling.plotted(figures, PAGE.with_name("scale.svg"))
    if as_json:
        print(json.dumps(found | dict(zip(("by_batch_size", "by_open_batches"), series, strict=True))))


@app.command()
def matching(short: Short = False, as_json: Json = False) -> None:
    """How many essays of made-up classes find their student, how many the wrong one, and how fast."""
    measured = [matched.run(classes) for classes in (matched.SHORT if short else matched.FULL)]
    table = page.table(matched.beside_each_other([figures for figures, _ in measured]))
    print(table, *(matched.shown(figures.of, failures) for figures, failures in measured), sep="\n\n")
    if not short:
        page.keep(PAGE, "matching", table)
    if as_json:
        print(json.dumps([msgspec.to_builtins(figures) for figures, _ in measured]))


@app.command()
def lists(
    batches: Annotated[
        int | None, typer.Option(min=1000, help="So many instead of a million; keeps no figures.")
    ] = None,
    short: Short = False,
    as_json: Json = False,
) -> None:
    """A page of GET /v1/batches among 1,000,000 batches: first ones, deep ones, and the plans."""
    full = listing.SHORT if short else listing.FULL
    size = full if batches is None else listing.Size(batches=batches, requests=full.requests)
    with _quiet():
        found = msgspec.to_builtins(listing.run(size))
    rows, plans = found.pop("rows"), found.pop("plans")
    tables = (page.table(rows), page.listed(found))
    print(*tables, *(f"{asked}\n{plan}" for asked, plan in plans.items()), sep="\n\n")
    if not short and batches is None:
        page.keep(PAGE, "lists", *tables)
    if as_json:
        print(json.dumps(found | {"rows": rows, "plans": plans}))


@app.command()
def streams(short: Short = False, as_json: Json = False) -> None:
    """What an open stream costs, and how long an event takes to those who watch, with 1,000 streams open."""
    with _quiet():
        figures = streaming.run(streaming.SHORT if short else streaming.FULL)
    _show("streams", figures, short, as_json)


@app.command()
def fairness(short: Short = False, as_json: Json = False) -> None:
    """A teacher's five essays beside another's thousand, with turns and first come first served, and alone."""
    with _quiet():
        figures = fairness_of_turns.run(fairness_of_turns.SHORT if short else fairness_of_turns.FULL)
    _show("fairness", figures, short, as_json)


@contextmanager
def _quiet() -> Iterator[None]:
    """Logs are written, as in earnest, but to a file that goes."""
    with tempfile.TemporaryFile("w", encoding="utf-8") as sink:
        pipe = configure_logging(stream=sink)
        try:
            yield
        finally:
            pipe.close()


def _show(name: str, figures: msgspec.Struct, short: bool, as_json: bool) -> None:
    rows = msgspec.to_builtins(figures)
    for key, value in rows.items():
        print(f"{key:<52} {page.shown(value)}")
    if not short:
        page.keep(PAGE, name, page.listed(rows))
    if as_json:
        print(json.dumps(rows))


app()
