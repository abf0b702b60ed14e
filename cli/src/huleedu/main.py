"""`huleedu`: run the platform, hand essays in, read results, and look after it all."""

import asyncio
import sys
from collections.abc import Coroutine
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, Any

import typer

from common_core.enums import CourseCode
from huleedu.places import data_dir
from huleedu.screen import screen

app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__, rich_markup_mode=None
)
letters = typer.Typer(no_args_is_help=True, help="Messages that could not be handled.")
migrations = typer.Typer(no_args_is_help=True, help="Database schemas: of all services, or of the one named.")
app.add_typer(letters, name="dead-letters")
app.add_typer(migrations, name="migrate")

console = screen()
errors = screen(stderr=True)

Folder = Annotated[Path, typer.Argument(exists=True, file_okay=False, help="A folder of essays.")]
Course = Annotated[CourseCode | None, typer.Option(help="The course; its language follows. ENG5 if not given.")]
Pipeline = Annotated[str, typer.Option(help="spellcheck, nlp, ... and what your school has added.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Roster = Annotated[
    Path | None,
    typer.Option("--class", exists=True, dir_okay=False, help="The class's roster, CSV or Excel: essays get students."),
]
Yes = Annotated[bool, typer.Option("--yes", help="Take suggested students that are sure enough without asking.")]
Batch = Annotated[str, typer.Argument(help="The batch's id.")]
SomeBatch = Annotated[str | None, typer.Argument(help="The batch's id.")]
Owner = Annotated[str | None, typer.Option(help="As an operator: all batches of this user.")]
All = Annotated[bool, typer.Option("--all", help="As an operator: all batches.")]
Reason = Annotated[str | None, typer.Option(help="Why; it is kept in the timeline.")]
ServiceName = Annotated[str | None, typer.Argument(help="One service; all if not given.")]


@app.command()
def up() -> None:
    """Keep the platform running in this terminal."""
    from huleedu.up import keep_up

    _run(keep_up(console, data_dir()))


@app.command()
def prepare() -> None:
    """Build ahead what the first start would: the spelling lexicons."""
    from huleedu.prepare import prepare

    _run(prepare(console, data_dir()))


@app.command()
def serve(names: Annotated[list[str], typer.Argument(help="One service, or more.")]) -> None:
    """Run services in a process of their own, beside whatever runs already."""
    from huleedu.serve import keep_serving

    _run(keep_serving(console, data_dir(), names))


@app.command()
def demo(
    folder: Annotated[
        Path | None,
        typer.Argument(exists=True, file_okay=False, help="A folder of essays; the sample classes if not given."),
    ] = None,
    course: Course = None,
    pipeline: Pipeline = "nlp",
    roster: Roster = None,
    yes: Yes = False,
) -> None:
    """Take essays from files to results, with a platform of its own if none is up."""
    from huleedu.demo import OfClass, run_demo

    _run(run_demo(console, data_dir(), folder, course, pipeline, OfClass(roster, yes) if roster else None))


@app.command()
def run(
    folder: Folder,
    course: Course = None,
    pipeline: Pipeline = "nlp",
    roster: Roster = None,
    yes: Yes = False,
    json: AsJson = False,
) -> None:
    """Hand a folder of essays in to the platform that is up, and wait for the results."""
    from huleedu.demo import OfClass, run_folder

    if json and roster and not yes:
        raise typer.BadParameter("With --json nobody is asked: say --yes as well.")
    _run(run_folder(console, data_dir(), folder, course, pipeline, json, OfClass(roster, yes) if roster else None))


@app.command()
def confirm(batch: Batch, yes: Yes = False) -> None:
    """Say which students of the class wrote a batch's essays."""
    from huleedu.confirm import confirm_batch

    _run(confirm_batch(console, data_dir(), batch, yes))


@app.command()
def status(
    batch: Batch,
    watch: Annotated[bool, typer.Option(help="Go on until it is done; with --json one line for each event.")] = False,
    json: AsJson = False,
) -> None:
    """Say where a batch stands and what it waits for."""
    from huleedu.inspect import show_status

    _run(show_status(console, data_dir(), batch, watch, json))


@app.command()
def results(
    batch: Batch,
    export: Annotated[str | None, typer.Option(help="FILE.csv, FILE.json, FILE.xlsx, or FOLDER/ for texts.")] = None,
    json: AsJson = False,
) -> None:
    """Show a batch's results, or write them to a file or folder."""
    from huleedu.inspect import show_results

    _run(show_results(console, data_dir(), batch, export, json))


@app.command()
def cancel(
    batch: SomeBatch = None, owner: Owner = None, everything: All = False, reason: Reason = None, json: AsJson = False
) -> None:
    """Work on a batch no longer, or as an operator on many."""
    _control("cancel", batch, owner, everything, reason, json)


@app.command()
def pause(
    batch: SomeBatch = None, owner: Owner = None, everything: All = False, reason: Reason = None, json: AsJson = False
) -> None:
    """Start nothing more for a batch, or as an operator for many."""
    _control("pause", batch, owner, everything, reason, json)


@app.command()
def resume(
    batch: SomeBatch = None, owner: Owner = None, everything: All = False, reason: Reason = None, json: AsJson = False
) -> None:
    """Go on with a batch, or as an operator with many."""
    _control("resume", batch, owner, everything, reason, json)


def _control(
    action: str, batch: str | None, owner: str | None, everything: bool, reason: str | None, json: bool
) -> None:
    from huleedu.control import control

    wanted = {"user_id": owner, "everything": everything, "reason": reason}
    _run(control(console, data_dir(), action, batch, wanted, json))


@app.command()
def retry(
    batch: SomeBatch = None,
    phase: Annotated[str | None, typer.Argument(help="The phase: spellcheck, nlp, ...")] = None,
    essays: Annotated[list[str] | None, typer.Option("--essay", help="This one only; all that failed if none.")] = None,
    failed: Annotated[bool, typer.Option("--failed", help="As an operator: all batches with failures.")] = False,
    since: Annotated[str, typer.Option(help="With --failed: those that changed in the last 90s, 30m, 1h, 2d.")] = "1h",
    per_second: Annotated[float, typer.Option(help="With --failed: so many batches a second.")] = 10,
    owner: Owner = None,
    reason: Reason = None,
    json: AsJson = False,
) -> None:
    """Try essays again that have failed: of one batch in one phase, or wherever some have."""
    from huleedu.control import retry_failed, retry_phase

    if failed and batch is None:
        wanted = {"per_second": per_second, "user_id": owner, "reason": reason}
        _run(retry_failed(console, data_dir(), since, wanted, json))
    elif batch is not None and phase is not None and not failed:
        chosen = {"essay_ids": essays or None, "reason": reason}
        _run(retry_phase(console, data_dir(), batch, phase, chosen, json))
    else:
        raise typer.BadParameter("Say which batch and phase, or --failed for all batches.")


@app.command()
def timeline(batch: Batch, json: AsJson = False) -> None:
    """Tell everything that has happened to a batch, in order: who asked, and why."""
    from huleedu.control import show_timeline

    _run(show_timeline(console, data_dir(), batch, json))


@app.command()
def stuck(
    longer_than: Annotated[str, typer.Option(help="Not moved for so long: 30m, 1h, 2d.")] = "1h", json: AsJson = False
) -> None:
    """List batches that have not moved, why, and what would move them."""
    from huleedu.control import show_stuck

    _run(show_stuck(console, data_dir(), longer_than, json))


@app.command()
def doctor(json: AsJson = False) -> None:
    """Look whether everything is there and answers, and say what to do where it does not."""
    from huleedu.doctor import examine

    _run(examine(console, data_dir(), json))


@app.command()
def backup(file: Annotated[Path, typer.Argument(dir_okay=False, help="The file to write.")]) -> None:
    """Write everything that is kept into one file; the platform may run meanwhile."""
    from huleedu.backup import backup

    _run(backup(console, data_dir(), file))


@app.command()
def restore(file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="What `backup` wrote.")]) -> None:
    """Fill an empty data folder and empty databases from a backup; the platform must be down."""
    from huleedu.restore import restore

    _run(restore(console, data_dir(), file))


@letters.command("list")
def list_letters(
    group: Annotated[str | None, typer.Option(help="Of one group only.")] = None, json: AsJson = False
) -> None:
    """The newest first, with their reasons."""
    from huleedu.dead_letters import show_list

    _run(show_list(console, data_dir(), group, json))


@letters.command("show")
def show_letter(number: str) -> None:
    """One of them, whole."""
    from huleedu.dead_letters import show_one

    _run(show_one(console, data_dir(), number))


@letters.command("replay")
def replay_letters(
    numbers: Annotated[list[str] | None, typer.Argument(help="Which ones; see `list`.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All there are.")] = False,
) -> None:
    """Give them to their handlers again."""
    from huleedu.dead_letters import replay

    _run(replay(console, data_dir(), numbers or [], everything))


@migrations.command("upgrade")
def migrate_upgrade(service: ServiceName = None) -> None:
    """Bring schemas to what the code expects."""
    from huleedu.schemas import upgrade

    _run(upgrade(console, data_dir(), service))


@migrations.command("revision")
def migrate_revision(words: Annotated[list[str], typer.Argument(help="[SERVICE] MESSAGE")]) -> None:
    """Write a new migration from the difference between models and schema."""
    from huleedu.schemas import revision

    _run(revision(console, data_dir(), words))


@migrations.command("history")
def migrate_history(service: ServiceName = None) -> None:
    """Show the chain of migrations."""
    from huleedu.schemas import history

    _run(history(console, service))


def _run(command: Coroutine[Any, Any, Any]) -> None:
    """Run it on the fast event loop where there is one; what went wrong is told in one line."""
    try:
        _to_the_end(command)
    except BaseException:
        from huleedu.trouble import told  # it knows every part there is, and a start need not wait for that

        with told(errors):
            raise


def _to_the_end(command: Coroutine[Any, Any, Any]) -> None:
    if sys.platform == "win32":
        asyncio.run(command)
    else:
        import uvloop

        uvloop.run(command)


def main() -> None:
    """The entry point; a terminal that cannot show a name shows its code points."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    app()
