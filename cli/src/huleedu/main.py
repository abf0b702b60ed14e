"""`huleedu`: run the platform, hand essays in, read results, and look after it all."""

import sys
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated

import typer

from common_core.enums import CourseCode
from huleedu.batch_commands import batches
from huleedu.places import data_dir
from huleedu.terminal import AsJson, Batch, console, to_the_end

app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__, rich_markup_mode=None
)
letters = typer.Typer(no_args_is_help=True, help="Messages that could not be handled.")
migrations = typer.Typer(no_args_is_help=True, help="Database schemas: of all services, or of the one named.")
app.add_typer(letters, name="dead-letters")
app.add_typer(migrations, name="migrate")

Folder = Annotated[Path, typer.Argument(exists=True, file_okay=False, help="A folder of essays.")]
Course = Annotated[CourseCode | None, typer.Option(help="The course; its language follows. ENG5 if not given.")]
Pipeline = Annotated[str, typer.Option(help="spellcheck, nlp, ... and what your school has added.")]
Roster = Annotated[
    Path | None,
    typer.Option("--class", exists=True, dir_okay=False, help="The class's roster, CSV or Excel: essays get students."),
]
Yes = Annotated[bool, typer.Option("--yes", help="Take suggested students that are sure enough without asking.")]
ServiceName = Annotated[str | None, typer.Argument(help="One service; all if not given.")]


@app.command()
def up() -> None:
    """Keep the platform running in this terminal."""
    from huleedu.up import keep_up

    to_the_end(keep_up(console, data_dir()))


@app.command()
def prepare() -> None:
    """Build ahead what the first start would: the spelling lexicons."""
    from huleedu.prepare import prepare

    to_the_end(prepare(console, data_dir()))


@app.command()
def serve(names: Annotated[list[str], typer.Argument(help="One service, or more.")]) -> None:
    """Run services in a process of their own, beside whatever runs already."""
    from huleedu.serve import keep_serving

    to_the_end(keep_serving(console, data_dir(), names))


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

    to_the_end(run_demo(console, data_dir(), folder, course, pipeline, OfClass(roster, yes) if roster else None))


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
    of_class = OfClass(roster, yes) if roster else None
    to_the_end(run_folder(console, data_dir(), folder, course, pipeline, json, of_class))


@app.command()
def confirm(batch: Batch, yes: Yes = False) -> None:
    """Say which students of the class wrote a batch's essays."""
    from huleedu.confirm import confirm_batch

    to_the_end(confirm_batch(console, data_dir(), batch, yes))


@app.command()
def status(
    batch: Batch,
    watch: Annotated[bool, typer.Option(help="Go on until it is done; with --json one line for each event.")] = False,
    json: AsJson = False,
) -> None:
    """Say where a batch stands and what it waits for."""
    from huleedu.inspect import show_status

    to_the_end(show_status(console, data_dir(), batch, watch, json))


@app.command()
def results(
    batch: Batch,
    export: Annotated[str | None, typer.Option(help="FILE.csv, FILE.json, FILE.xlsx, or FOLDER/ for texts.")] = None,
    json: AsJson = False,
) -> None:
    """Show a batch's results, or write them to a file or folder."""
    from huleedu.inspect import show_results

    to_the_end(show_results(console, data_dir(), batch, export, json))


app.add_typer(batches)


@app.command()
def doctor(json: AsJson = False) -> None:
    """Look whether everything is there and answers, and say what to do where it does not."""
    from huleedu.doctor import examine

    to_the_end(examine(console, data_dir(), json))


@app.command()
def backup(file: Annotated[Path, typer.Argument(dir_okay=False, help="The file to write.")]) -> None:
    """Write everything that is kept into one file; the platform may run meanwhile."""
    from huleedu.backup import backup

    to_the_end(backup(console, data_dir(), file))


@app.command()
def restore(file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="What `backup` wrote.")]) -> None:
    """Fill an empty data folder and empty databases from a backup; the platform must be down."""
    from huleedu.restore import restore

    to_the_end(restore(console, data_dir(), file))


@letters.command("list")
def list_letters(
    group: Annotated[str | None, typer.Option(help="Of one group only.")] = None, json: AsJson = False
) -> None:
    """The newest first, with their reasons."""
    from huleedu.dead_letters import show_list

    to_the_end(show_list(console, data_dir(), group, json))


@letters.command("show")
def show_letter(number: str) -> None:
    """One of them, whole."""
    from huleedu.dead_letters import show_one

    to_the_end(show_one(console, data_dir(), number))


@letters.command("replay")
def replay_letters(
    numbers: Annotated[list[str] | None, typer.Argument(help="Which ones; see `list`.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All there are.")] = False,
) -> None:
    """Give them to their handlers again."""
    from huleedu.dead_letters import replay

    to_the_end(replay(console, data_dir(), numbers or [], everything))


@migrations.command("upgrade")
def migrate_upgrade(service: ServiceName = None) -> None:
    """Bring schemas to what the code expects."""
    from huleedu.schemas import upgrade

    to_the_end(upgrade(console, data_dir(), service))


@migrations.command("revision")
def migrate_revision(words: Annotated[list[str], typer.Argument(help="[SERVICE] MESSAGE")]) -> None:
    """Write a new migration from the difference between models and schema."""
    from huleedu.schemas import revision

    to_the_end(revision(console, data_dir(), words))


@migrations.command("history")
def migrate_history(service: ServiceName = None) -> None:
    """Show the chain of migrations."""
    from huleedu.schemas import history

    to_the_end(history(console, service))


def main() -> None:
    """The entry point; a terminal that cannot show a name shows its code points."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    app()
