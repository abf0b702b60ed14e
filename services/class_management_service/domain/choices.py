"""What a decision would come to, and what speaks against it."""

from collections import Counter, defaultdict
from collections.abc import Mapping

import msgspec

from class_management_service.domain.associations import Associations, EssayMatch, Suggestion
from class_management_service.domain.facts import TeacherDecided
from class_management_service.domain.school import Student

SURE_ENOUGH = 0.7
"""What is accepted when nobody has decided in time."""

Choices = dict[str, str | None]


class Outdated(msgspec.Struct, frozen=True):
    """Somebody has decided on these essays since the teacher looked."""

    essays: Mapping[str, EssayMatch]


class VersionAhead(msgspec.Struct, frozen=True):
    """No teacher can have looked at that version: the batch has only come to `newest`."""

    newest: int


class UnknownEssays(msgspec.Struct, frozen=True):
    """These are no essays of the batch."""

    essay_ids: tuple[str, ...]


class NotInClass(msgspec.Struct, frozen=True):
    """These are no students of the class."""

    student_ids: tuple[str, ...]


class StudentTwice(msgspec.Struct, frozen=True):
    """A student would have several essays of the batch."""

    student_id: str
    file_names: tuple[str, ...]


Objection = VersionAhead | Outdated | UnknownEssays | NotInClass | StudentTwice


def objection(batch: Associations, asked: TeacherDecided) -> Objection | None:
    """What speaks against it, if anything."""
    if asked.seen is not None and asked.seen > batch.version:
        return VersionAhead(batch.version)
    if newer := _unseen(batch, asked):
        return Outdated(newer)
    if strangers := tuple(sorted(asked.choices.keys() - batch.essays.keys())):
        return UnknownEssays(strangers)
    named = {student for student in asked.choices.values() if student is not None}
    if outside := tuple(sorted(named - asked.students.keys())):
        return NotInClass(outside)
    return _twice(batch, wanted(batch, asked))


def _unseen(batch: Associations, asked: TeacherDecided) -> dict[str, EssayMatch]:
    """What was decided since the teacher looked, and otherwise than they say now."""
    newer = batch.changed_since(batch.version if asked.seen is None else asked.seen)
    return {
        essay_id: essay
        for essay_id, essay in newer.items()
        if essay.decision and asked.choices.get(essay_id, "") != essay.decision.student_id
    }


def wanted(batch: Associations, asked: TeacherDecided) -> Choices:
    """Every essay that is decided on, with its student."""
    choices = dict(asked.choices)
    if asked.accept_at_least is not None:
        choices = likeliest(batch, asked.students, asked.accept_at_least, choices) | choices
    if asked.finish:
        choices = dict.fromkeys(batch.open, None) | choices
    return choices


def likeliest(
    batch: Associations, students: Mapping[str, Student], at_least: float, choices: Mapping[str, str | None]
) -> Choices:
    """Open essays of which matching is so sure. No student gets two: the surest essay has them, equals none."""
    taken = _holders(batch, choices)
    claims: defaultdict[str, list[tuple[float, str]]] = defaultdict(list)
    for essay_id, essay in batch.open.items():
        first = _first(essay)
        if essay_id in choices or first is None or first.confidence < at_least:
            continue
        if first.student_id in students and first.student_id not in taken:
            claims[first.student_id].append((first.confidence, essay_id))
    return {surest: student for student, claim in claims.items() if (surest := _surest(claim))}


def _first(essay: EssayMatch) -> Suggestion | None:
    """The likeliest student, if there is only one as likely as that."""
    ranked = sorted(essay.suggestions, key=lambda each: -each.confidence)
    if len(ranked) > 1 and ranked[0].confidence == ranked[1].confidence:
        return None
    return ranked[0] if ranked else None


def _surest(claims: list[tuple[float, str]]) -> str | None:
    ranked = sorted(claims, reverse=True)
    if len(ranked) > 1 and ranked[0][0] == ranked[1][0]:
        return None
    return ranked[0][1]


def _holders(batch: Associations, choices: Mapping[str, str | None]) -> Counter[str]:
    """How many essays each student has, once these choices are made."""
    made = {essay_id: essay.decision.student_id for essay_id, essay in batch.essays.items() if essay.decision}
    holders = (made | dict(choices)).values()
    return Counter(student for student in holders if student is not None and student != batch.unknown_id)


def _twice(batch: Associations, choices: Choices) -> StudentTwice | None:
    twice = (student for student, count in sorted(_holders(batch, choices).items()) if count > 1)
    for student in twice:
        before: Choices = dict.fromkeys(batch.essays_of(student), student)
        theirs = [essay_id for essay_id, each in (before | choices).items() if each == student]
        return StudentTwice(student, tuple(sorted(batch.essays[each].file_name for each in theirs)))
    return None
