"""A teacher's confirmation in the terminal: who wrote which essay of a class."""

from collections.abc import Callable, Sequence
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

from huleedu.api import Api, Json, Refused, running_api
from huleedu.classes import associations_of, decide, students_of
from huleedu.job import JobFailed

SURE_ENOUGH = 0.7
"""What is accepted without asking is what class management accepts when the teacher's time is up."""

NOBODY = "-"
HOW = (
    "Enter: it is as suggested, and what has no suggestion is of nobody in the class. 3=Anna: essay 3 is Anna's."
    f" 3={NOBODY}: it is nobody's. q: not now."
)

Ask = Callable[[str], str]


class NotNow(JobFailed):
    """The teacher wants to decide later."""


async def confirm_students(console: Console, api: Api, batch_id: str, *, yes: bool, ask: Ask = input) -> None:
    """Show what is suggested and take the teacher's word; with `yes` whatever is sure enough. Raises NotNow."""
    found = await associations_of(api, batch_id)
    console.print(suggestions_table(found["associations"]))
    if yes:
        told = await decide(api, batch_id, _all_but({}, SURE_ENOUGH))
    else:
        told = await _asked(console, api, found, ask)
    console.print(f"{told['associations_confirmed']} essays have their students, {told['associations_rejected']} none.")


async def _asked(console: Console, api: Api, found: Json, ask: Ask) -> Json:
    """Until the teacher is content and class management has no objection; what it objects with has then been seen."""
    essays, students = found["associations"], await students_of(api, found["class_id"])
    choices: dict[str, str | None] = {}
    console.print(HOW)
    while True:
        try:
            said = ask("> ").strip()
        except EOFError:
            said = "q"
        if said == "q":
            raise NotNow(f"It waits for you until {found['confirm_by']}: huleedu confirm {found['batch_id']}")
        try:
            if not said:
                return await decide(api, found["batch_id"], _all_but(choices, 0.0) | {"version": found["version"]})
            essay, student = choice(said, essays, students)
        except ValueError as unclear:
            console.print(str(unclear), style="red")
            continue
        except Refused as refused:
            console.print("\n".join([str(refused), *(each["detail"] for each in refused.errors)]), style="red")
            found = await associations_of(api, found["batch_id"])
            continue
        choices[essay["essay_id"]] = student["student_id"] if student else None
        console.print(f"{essay['filename']}: {_full_name(student) if student else 'nobody in the class'}")


def choice(said: str, essays: Sequence[Json], students: Sequence[Json]) -> tuple[Json, Json | None]:
    """The essay and the student that `3=anna` means. Raises ValueError, which says what is unclear."""
    number, found, name = said.partition("=")
    if not found or not number.strip().isdecimal() or not 0 < int(number) <= len(essays):
        raise ValueError(f"Say the number of an essay, 1 to {len(essays)}, and a name: 1=Anna")
    essay, name = essays[int(number) - 1], name.strip().casefold()
    if name == NOBODY:
        return essay, None
    named = [student for student in students if name and name in _full_name(student).casefold()]
    if len(named) != 1:
        who = ", ".join(map(_full_name, named or students))
        raise ValueError(f"That could be {who}." if named else f"Nobody is called that. There are {who}.")
    return essay, named[0]


def suggestions_table(essays: Sequence[Json]) -> Table:
    """Who may have written what, how sure that is, and why."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0))
    table.add_column("", justify="right")
    for heading in ("file", "student"):
        table.add_column(heading, overflow="fold")
    table.add_column("sure", justify="right")
    table.add_column("because", overflow="fold")
    for number, essay in enumerate(essays, 1):
        table.add_row(str(number), essay["filename"], *_suggestion(essay))
    return table


def _suggestion(essay: Json) -> tuple[str, str, str]:
    score = essay["confidence_score"]
    sure = "" if score is None else f"{score:.0%}"
    why = [*essay["match_reasons"], essay["review_reason"] or essay["no_match_reason"]]
    return essay["suggested_student_name"] or "?", sure, " ".join(reason for reason in why if reason)


def _all_but(choices: dict[str, str | None], at_least: float) -> Json:
    return {
        "associations": [{"essay_id": essay, "student_id": student} for essay, student in choices.items()],
        "accept_suggestions": True,
        "at_least": at_least,
        "finish": True,
    }


def _full_name(student: Json) -> str:
    return f"{student['first_name']} {student['last_name']}"


async def confirm_batch(console: Console, data_dir: Path, batch_id: str, yes: bool) -> None:
    """`huleedu confirm`: for a batch that waits for its teacher, or to correct what was decided."""
    async with running_api(data_dir) as api:
        await api.status(batch_id)  # raises Refused if there is none
        await confirm_students(console, api, batch_id, yes=yes)
