"""A class to match essays to, and what a test has to say to do so."""

from collections.abc import Sequence

from common_core.enums import MatchOutcome
from nlp_service.domain.matching.matching import Essay, EssayMatch, match_class
from nlp_service.domain.matching.names import Student

BODY = (
    "Many people think that school should start later, and I agree with most of what they say.\n"
    "My friend Erik Lind told me that he sleeps badly, and Olof Larsson says so too.\n"
    "That is why nobody should have to get up before the sun does."
)


def student(name: str, email: str | None = None, *, legal: str | None = None) -> Student:
    """A student by "First Last"; a first or last name of several words is joined by "_"."""
    first, last = name.split(" ")
    return Student(name.lower(), first.replace("_", " "), last.replace("_", " "), email, legal)


CLASS = [
    student("Anna Svensson", "anna.svensson@skola.example"),
    student("Erik Svensson", "erisve@skola.example"),
    student("Anna-Karin Lind"),
    student("Erik Lind"),
    student("Björn Åkerström"),
    student("Mohammed Al-Hassan"),
    student("Sofia Lindqvist"),
    student("Sofie Lindkvist"),
    student("Alexander von_Platen"),
    student("María García_López"),
    student("Nguyễn Thị_Minh"),
    student("Siobhán O'Brien"),
    student("Zeynep Yılmaz"),
]


def essay(header: str = "My summer", *, file: str | None = None, author: str | None = None, name: str = "it") -> Essay:
    """An essay that begins like this."""
    return Essay(name, f"{header}\n\n{BODY}", file, author)


def match(one: Essay, students: Sequence[Student] = CLASS) -> EssayMatch:
    """What is found out about one essay of a class."""
    [found] = match_class([one], students)
    return found


def accepted(one: Essay, students: Sequence[Student] = CLASS) -> str | None:
    """The name of the student who is accepted without a look, if there is one."""
    found = match(one, students)
    return found.suggestions[0].student.name if found.outcome is MatchOutcome.MATCHED else None


def suggested(found: EssayMatch) -> list[str]:
    """The names of those who are suggested, the likeliest first."""
    return [suggestion.student.name for suggestion in found.suggestions]
