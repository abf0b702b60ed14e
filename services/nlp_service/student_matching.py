"""Matching as work for a process pool: plain arguments in, a picklable result out."""

from collections.abc import Sequence

from nlp_service.domain.matching.matching import Essay, EssayMatch, match_class
from nlp_service.domain.matching.names import Student
from nlp_service.domain.matching.policy import Policy


def match_students(essays: Sequence[Essay], students: Sequence[Student], auto_accept: float) -> list[EssayMatch]:
    """Who wrote what; `auto_accept` is the confidence from which nobody has to look. Never raises for a text."""
    return match_class(essays, students, Policy(auto_accept=auto_accept))
