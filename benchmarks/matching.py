"""How many essays find their student, how many find the wrong one, and how long that takes."""

from collections import Counter
from collections.abc import Iterator, Sequence
from time import process_time

import msgspec
from nlp_service.domain.matching.matching import Essay, EssayMatch, match_class
from nlp_service.domain.matching.names import Student

from benchmarks.school.essays import HandedIn, SchoolClass, school_class
from benchmarks.school.habits import OTHER, USUAL, Habits
from common_core.enums import MatchOutcome

TIME_LIMIT_ACCEPTS = 0.7
"""What is confirmed when a teacher does not look in time."""

_MOST_KINDS, _MOST_SHOWN = 12, 8


class Classes(msgspec.Struct, frozen=True):
    """Which classes: their seeds, and how they write names."""

    name: str
    seeds: range
    habits: Habits


def _of(count: int) -> tuple[Classes, ...]:
    return (
        Classes("set on", range(count), USUAL),
        Classes("held out", range(10_000, 10_000 + count), USUAL),
        Classes("other habits", range(20_000, 20_000 + count), OTHER),
    )


FULL, SHORT = _of(200), _of(10)


class Figures(msgspec.Struct):
    """Shares from 0 to 1; `named` essays carry a name, whole or not, that nobody else in the class has."""

    of: str
    classes: int
    essays: int
    named: int
    precision_at_auto_accept: float
    recall_at_auto_accept: float
    precision_at_time_limit: float
    recall_at_time_limit: float
    top1_recall: float
    top1_precision: float
    nameless_accepted: int
    essays_per_s: float
    ms_per_essay: float


class Failure(msgspec.Struct, frozen=True):
    """An essay that got the wrong student, or none."""

    seed: int
    what: str
    forms: tuple[str, ...]
    author: str
    found: str
    about: str


class Found(msgspec.Struct, frozen=True):
    """One essay of one class, and what became of it."""

    seed: int
    among: SchoolClass
    essay: HandedIn
    match: EssayMatch

    @property
    def top(self) -> str | None:
        """Who is suggested first."""
        return self.match.suggestions[0].student.student_id if self.match.suggestions else None

    @property
    def right(self) -> bool:
        """Whether that is the author."""
        return self.top is not None and self.top == self.essay.author

    @property
    def confidence(self) -> float:
        """Of the first suggestion."""
        return self.match.suggestions[0].confidence if self.match.suggestions else 0.0

    @property
    def accepted(self) -> bool:
        """Whether nobody has to look."""
        return self.match.outcome is MatchOutcome.MATCHED


def run(classes: Classes) -> tuple[Figures, list[Failure]]:
    """Make these classes, match them, and compare."""
    made = [school_class(seed, classes.habits) for seed in classes.seeds]
    rosters = [[Student(each.pupil_id, each.first, each.last, each.email) for each in one.pupils] for one in made]
    handed_in = [[_essay(each) for each in one.essays] for one in made]
    started = process_time()
    matches = [match_class(essays, roster) for essays, roster in zip(handed_in, rosters, strict=True)]
    spent = process_time() - started
    found = [
        Found(seed, one, essay, match)
        for seed, one, matched in zip(classes.seeds, made, matches, strict=True)
        for essay, match in zip(one.essays, matched, strict=True)
    ]
    return _figures(classes, found, spent), list(_failures(found))


def _essay(essay: HandedIn) -> Essay:
    return Essay(essay.essay_id, essay.text, essay.file_name, essay.document_author)


def _figures(classes: Classes, found: Sequence[Found], spent: float) -> Figures:
    named = [each for each in found if each.essay.named]
    accepted = [each for each in found if each.accepted]
    in_time = [each for each in found if each.confidence >= TIME_LIMIT_ACCEPTS]
    suggested = [each for each in found if each.top]
    return Figures(
        of=classes.name,
        classes=len(classes.seeds),
        essays=len(found),
        named=len(named),
        precision_at_auto_accept=_share_right(accepted, accepted),
        recall_at_auto_accept=_share_right([each for each in named if each.accepted], named),
        precision_at_time_limit=_share_right(in_time, in_time),
        recall_at_time_limit=_share_right([each for each in named if each.confidence >= TIME_LIMIT_ACCEPTS], named),
        top1_recall=_share_right(named, named),
        top1_precision=_share_right(suggested, suggested),
        nameless_accepted=sum(not each.essay.forms for each in accepted),
        essays_per_s=len(found) / spent,
        ms_per_essay=1000 * spent / len(found),
    )


def _share_right(chosen: Sequence[Found], whole: Sequence[Found]) -> float:
    return sum(each.right for each in chosen) / len(whole)


def _failures(found: Sequence[Found]) -> Iterator[Failure]:
    for each in found:
        if each.accepted and not each.right:
            yield _failure(each, "wrong, accepted")
        elif each.confidence >= TIME_LIMIT_ACCEPTS and not each.right:
            yield _failure(each, "wrong, by time limit")
        elif each.essay.named and not each.right:
            yield _failure(each, "wrong, to review" if each.top else "not found")


def _failure(found: Found, what: str) -> Failure:
    names = {pupil.pupil_id: f"{pupil.first} {pupil.last}" for pupil in found.among.pupils}
    suggested = ", ".join(
        f"{each.student.name} {each.confidence:.2f}: {each.reasons[0].sentence}" for each in found.match.suggestions
    )
    top_lines = " / ".join(found.essay.text.splitlines()[:5])
    about = f"{found.essay.file_name!r} {found.essay.document_author!r} {top_lines[:160]!r}"
    author = names.get(found.essay.author or "", "a stranger")
    return Failure(found.seed, what, tuple(found.essay.forms), author, suggested, about)


def beside_each_other(measured: Sequence[Figures]) -> list[dict[str, str]]:
    """A row for each figure, a column for each set of classes."""
    columns = [msgspec.to_builtins(figures) for figures in measured]
    return [
        {"figure": name, **{column["of"]: _written(column[name]) for column in columns}}
        for name in Figures.__struct_fields__
        if name != "of"
    ]


def _written(figure: float) -> str:
    return f"{figure:,.4f}" if isinstance(figure, float) and figure <= 1 else f"{figure:,.4g}"


def shown(of: str, failures: Sequence[Failure]) -> str:
    """How often what went wrong, and the worst of it."""
    kinds = Counter((failure.what, " + ".join(failure.forms) or "no name") for failure in failures)
    worst = sorted(failures, key=lambda failure: ("accepted" not in failure.what, "limit" not in failure.what))
    lines = [f"where it fails ({of}):"]
    lines += [f"{count:5}  {what}: {forms}" for (what, forms), count in kinds.most_common(_MOST_KINDS)]
    lines += [
        f"  seed {each.seed}, {each.what}: by {each.author}; suggested: {each.found or 'nobody'}\n    {each.about}"
        for each in worst[:_MOST_SHOWN]
    ]
    return "\n".join(lines)
