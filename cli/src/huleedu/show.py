"""What a person sees: progress bars while essays are worked on, then a table of results."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

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
COLUMNS = (("lix", "LIX"), ("mtld", "MTLD"), ("sentence_length_mean", "words a sentence"))
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
    """A row for each essay, and one for each file that could not be used."""
    title = f"{results['course_code']}: {_counts(results)}"
    table = Table("file", title=title, title_justify="left")
    for heading in ("words", "corrections", "per 100", *(heading for _, heading in COLUMNS)):
        table.add_column(heading, justify="right")
    table.add_column("remark")
    for essay in results["essays"]:
        table.add_row(*_essay_row(essay, results))
    for left_out in results["left_out"]:
        table.add_row(left_out["file_name"], *[""] * (3 + len(COLUMNS)), left_out["reason"], style="red")
    return table


def _counts(results: Json) -> str:
    failed = results["failed_essay_count"]
    return f"{results['completed_essay_count']} essays done" + (f", {failed} could not be" if failed else "")


def _essay_row(essay: Json, results: Json) -> list[str]:
    features = essay["features"]
    return [
        essay["file_name"] or essay["essay_id"],
        _number(essay["words"]),
        _number(essay["correction_count"]),
        _number(essay["corrections_per_100_words"], 1),
        *(_number(features.get(name), 1) for name, _ in COLUMNS),
        _remark(essay, results["language"]),
    ]


def _remark(essay: Json, language: str) -> str:
    failures = [f"{NAMES[failure['phase']]}: {failure['reason']}" for failure in essay["failures"]]
    detected = essay["language_detected"]
    if detected in LANGUAGES and detected != language:
        failures.append(f"looks {LANGUAGES[detected]}: not corrected")
    return "; ".join(failures)


def _number(value: float | None, digits: int = 0) -> str:
    return "" if value is None else f"{value:.{digits}f}"


def other_language(results: Json) -> str | None:
    """The language that most essays are in, if it is not the course's."""
    detected = [essay["language_detected"] for essay in results["essays"] if essay["language_detected"] in LANGUAGES]
    others = [language for language in detected if language != results["language"]]
    return others[0] if others and len(others) * 2 > len(detected) else None
