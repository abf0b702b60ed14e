"""What a person sees: progress bars while essays are worked on, then a table of results."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from huleedu.api import Json
from huleedu.job import Step, Watch

NAMES = {
    "content": "reading files",
    "spellcheck": "spelling",
    "nlp": "analysis",
    "cj_assessment": "ranking",
    "ai_feedback": "feedback",
}
COLUMNS = (("lix", "LIX"), ("mtld", "MTLD"), ("sentence_length_mean", "words a\nsentence"))
LANGUAGES = {"en": "English", "sv": "Swedish"}


@contextmanager
def bars(console: Console) -> Iterator[Watch]:
    """A bar for each part of the job, made as it begins."""
    columns = (
        TextColumn("  {task.description:<14}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[failed]}", style="red"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console) as progress:
        tasks: dict[str, TaskID] = {}

        def watch(steps: Sequence[Step]) -> None:
            for step in steps:
                if step.name not in tasks:
                    tasks[step.name] = progress.add_task(NAMES.get(step.name, step.name), total=None, failed="")
                failed = f"{step.failed} failed" if step.failed else ""
                progress.update(
                    tasks[step.name], completed=step.done + step.failed, total=step.total or None, failed=failed
                )

        yield watch


def results_table(results: Json) -> Table:
    """A row for each essay, as narrow as a terminal may be."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0))
    of_a_class = results.get("class_id") is not None
    if of_a_class:
        table.add_column("student", overflow="fold")
    table.add_column("file", overflow="fold")
    for heading in ("words", "corrections", "per 100", *(heading for _, heading in COLUMNS)):
        table.add_column(heading, justify="right")
    for essay in results["essays"]:
        table.add_row(*([essay["student"]["name"]] if of_a_class else []), *_essay_row(essay))
    return table


def show_results(console: Console, results: Json) -> None:
    """The table; below it what did not go well, in whole sentences."""
    console.print(f"{results['course_code']}: {_counts(results)}", style="bold")
    if results["essays"]:
        console.print(results_table(results))
    for essay in results["essays"]:
        for remark in _remarks(essay, results["language"]):
            console.print(f"{_name(essay)}: {remark}", style="yellow")
    for left_out in results["left_out"]:
        console.print(f"{left_out['file_name']}: {left_out['reason']}", style="red")


def _counts(results: Json) -> str:
    done, failed = results["completed_essay_count"], results["failed_essay_count"]
    return f"{done} essay{'' if done == 1 else 's'} done" + (f", {failed} could not be" if failed else "")


def _essay_row(essay: Json) -> list[str]:
    features = essay["features"]
    return [
        _name(essay),
        _number(essay["words"]),
        _number(essay["correction_count"]),
        _number(essay["corrections_per_100_words"], 1),
        *(_number(features.get(name), 1) for name, _ in COLUMNS),
    ]


def _name(essay: Json) -> str:
    return essay["file_name"] or str(essay["essay_id"])


def _remarks(essay: Json, language: str) -> Iterator[str]:
    for failure in essay["failures"]:
        yield f"{NAMES[failure['phase']]}: {failure['reason']}"
    detected = essay["language_detected"]
    if detected in LANGUAGES and detected != language:
        yield f"looks {LANGUAGES[detected]}: not corrected"


def _number(value: float | None, digits: int = 0) -> str:
    return "" if value is None else f"{value:.{digits}f}"


def other_language(results: Json) -> str | None:
    """The language that most essays are in, if it is not the course's."""
    detected = [essay["language_detected"] for essay in results["essays"] if essay["language_detected"] in LANGUAGES]
    others = [language for language in detected if language != results["language"]]
    return others[0] if others and len(others) * 2 > len(detected) else None
