"""The names of a class, made ready to be found again in whatever spelling."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from enum import Enum, auto
from typing import NamedTuple

from rapidfuzz import process
from rapidfuzz.distance import OSA

from common_core.enums import MatchReasonCode
from nlp_service.domain.matching.furniture import PARTICLES
from nlp_service.domain.matching.names import Student, spellings, words
from nlp_service.domain.matching.nicknames import STANDS_FOR

_SHORTEST_MISSPELT = 3
_SHORTEST_SHORTENED = 3
_LETTERS_FOR_A_SECOND_ERROR = 8
_AS_NICKNAME, _SHORTENED, _GENITIVE = 0.93, 0.85, 0.97
_OF_AN_ACCOUNT = 3  # letters of each name, as many schools make them
_NUMBERS = re.compile(r"\d+")
_MISSPELT = 0.9
_TWICE_MISSPELT = 0.8
_SHORT_AND_MISSPELT = {3: 0.72, 4: 0.84}


class Part(Enum):
    """What of a student's name a word is."""

    FIRST = auto()
    LAST = auto()
    WHOLE = auto()
    INITIAL_AND_LAST = auto()
    ACCOUNT = auto()
    LEGAL = auto()


_LETTER_FOR_LETTER = frozenset({Part.INITIAL_AND_LAST, Part.ACCOUNT})
"""One letter off, they are something else: the last name alone, or somebody else's account."""


class Entry(NamedTuple):
    """A word of somebody's name; `place` tells the words of a double name apart."""

    student: int
    part: Part
    place: int = 0


class Likeness(NamedTuple):
    """How near a word comes to one of a name: 1 is the same, and `differs` says what makes it less."""

    entry: Entry
    closeness: float
    differs: MatchReasonCode | None = None


class RosterIndex:
    """Finds the students whose names a word may be part of. Words are looked up once."""

    def __init__(self, students: Sequence[Student]) -> None:
        self.students = students
        self.first = [words(student.first_name) for student in students]
        self.last = [_without_particles(words(student.last_name)) for student in students]
        self.by_address = {
            student.email.strip().lower(): number for number, student in enumerate(students) if student.email
        }
        self._entries: defaultdict[str, set[Entry]] = defaultdict(set)
        for number, student in enumerate(students):
            for word, entry in _entries(number, student):
                self._entries[word].add(entry)
        self._names, self._joined = _by_length_of_search(self._entries)
        self._beginnings = _beginnings(self._entries)
        self._found: dict[str, tuple[Likeness, ...]] = {}

    def alike(self, word: str) -> tuple[Likeness, ...]:
        """Everything of the class that the word may stand for, each part of a name once."""
        if word not in self._found:
            best: dict[Entry, Likeness] = {}
            for likeness in self._likenesses(word):
                known = best.get(likeness.entry)
                if known is None or known.closeness < likeness.closeness:
                    best[likeness.entry] = likeness
            self._found[word] = tuple(sorted(best.values(), key=_place))
        return self._found[word]

    def _likenesses(self, word: str) -> Iterator[Likeness]:
        for entry in self._entries.get(word, ()):
            yield Likeness(entry, 1.0)
        for other in STANDS_FOR.get(word, ()):
            yield from self._first_names(other, _AS_NICKNAME)
        if len(word) >= _SHORTEST_SHORTENED:
            yield from self._shortened(word)
        if word.endswith("s") and len(word) > _SHORTEST_SHORTENED:
            yield from (Likeness(entry, _GENITIVE) for entry in self._entries.get(word[:-1], ()))
        if len(word) >= _SHORTEST_MISSPELT:
            yield from self._misspellings(word)

    def _first_names(self, word: str, closeness: float) -> Iterator[Likeness]:
        for entry in self._entries.get(word, ()):
            if entry.part is Part.FIRST:
                yield Likeness(entry, closeness, MatchReasonCode.NICKNAME)

    def _shortened(self, word: str) -> Iterator[Likeness]:
        """The beginning of a first name, as in Alex; the rest of it has two letters at least."""
        for name in self._beginnings.get(word[:_SHORTEST_SHORTENED], ()):
            if name.startswith(word) and len(name) >= len(word) + 2:
                yield from self._first_names(name, _SHORTENED)

    def _misspellings(self, word: str) -> Iterator[Likeness]:
        """One letter more, less, other or swapped with its neighbour; in long words two."""
        most = 2 if len(word) >= _LETTERS_FOR_A_SECOND_ERROR else 1
        known = self._names if most == 1 else self._joined
        for name, errors, _ in process.extract(word, known, scorer=OSA.distance, score_cutoff=most, limit=None):
            closeness = _closeness(min(len(name), len(word)), int(errors))
            for entry in self._entries[name] if closeness else ():
                if entry.part not in _LETTER_FOR_LETTER:
                    yield Likeness(entry, closeness, MatchReasonCode.SPELT_DIFFERENTLY)


def _by_length_of_search(entries: Mapping[str, Collection[Entry]]) -> tuple[list[str], list[str]]:
    """The words among which a short word is searched, which are parts of names, and those for a long one: all."""
    halves = (Part.FIRST, Part.LAST)
    names = [word for word, found in entries.items() if any(entry.part in halves for entry in found)]
    return [word for word in names if len(word) >= _SHORTEST_MISSPELT], list(entries)


def _beginnings(entries: Mapping[str, Collection[Entry]]) -> dict[str, list[str]]:
    """First names by their first letters."""
    found: dict[str, list[str]] = {}
    for word, those in entries.items():
        if any(entry.part is Part.FIRST for entry in those):
            found.setdefault(word[:_SHORTEST_SHORTENED], []).append(word)
    return found


def _closeness(shorter: int, errors: int) -> float:
    """What a number of errors in a word of this length leaves; nothing where it may as well be another word."""
    if errors == 1:
        return _SHORT_AND_MISSPELT.get(shorter, _MISSPELT)
    return _TWICE_MISSPELT if errors == 2 and shorter >= _LETTERS_FOR_A_SECOND_ERROR else 0.0


def _without_particles(name: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(word for word in name if word not in PARTICLES) or name


def _place(likeness: Likeness) -> tuple[int, int, int]:
    student, part, place = likeness.entry
    return student, part.value, place


def _entries(number: int, student: Student) -> Iterator[tuple[str, Entry]]:
    for first in spellings(student.first_name):
        yield from ((word, Entry(number, Part.FIRST, place)) for place, word in enumerate(first))
        if len(first) > 1:
            yield "".join(first), Entry(number, Part.FIRST, 0)
        for last in spellings(student.last_name):
            yield from _of_both(number, first, last)
    for last in spellings(student.last_name):
        yield from ((word, Entry(number, Part.LAST, place)) for place, word in enumerate(_without_particles(last)))
        if len(last) > 1:
            yield "".join(last), Entry(number, Part.LAST, 0)
    if student.email:
        yield "".join(words(_NUMBERS.sub("", student.email.partition("@")[0]))), Entry(number, Part.ACCOUNT)
    for word in words(student.legal_full_name or ""):
        yield word, Entry(number, Part.LEGAL)


def _of_both(number: int, first: tuple[str, ...], last: tuple[str, ...]) -> Iterator[tuple[str, Entry]]:
    """Names run together, as in file names and addresses; double names also by their first half."""
    if not first or not last:
        return
    whole = Entry(number, Part.WHOLE)
    for one in {"".join(first), first[0]}:
        for other in {"".join(last), last[-1]}:
            yield one + other, whole
            yield other + one, whole
    yield first[0][0] + "".join(last), Entry(number, Part.INITIAL_AND_LAST)
    yield "".join(last) + first[0][0], Entry(number, Part.INITIAL_AND_LAST)
    yield first[0][:_OF_AN_ACCOUNT] + last[-1][:_OF_AN_ACCOUNT], Entry(number, Part.ACCOUNT)
    if last[0] in PARTICLES:
        yield "".join(first) + last[0], Entry(number, Part.FIRST)
