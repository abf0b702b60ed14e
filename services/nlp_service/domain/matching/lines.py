"""Lines at the beginning and the end of a text, taken apart: what has a label, what is prose, what may be a name."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from nlp_service.domain.matching.furniture import (
    BYLINE,
    BYLINE_AFTER_TITLE,
    GREETINGS,
    HONOURED,
    LABEL,
    LABEL_ALONE,
    PROSE,
    ROLES,
)
from nlp_service.domain.matching.names import folded, telling_words, unaddressed

ADDRESS = re.compile(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+")

_CELLS = re.compile(r"\t+|\s{2,}|\s*[|;•·]\s*|\s+[-–—]+\s+|\s+/+\s*|(?<=[^\d\s])/(?=[^\d\s])")
_MOST_WORDS_OF_A_NAME = 9
_MOST_WORDS_OF_A_LINE = 14
_FEWEST_WORDS_OF_A_SENTENCE = 7
_LONGEST_LINE = 200


class Label(Enum):
    """Of whom a piece of a line says that it speaks."""

    MINE = auto()
    FIRST = auto()
    LAST = auto()
    OTHERS = auto()
    NONE = auto()


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a line, with what its label says of it; empty if what it is about comes next."""

    label: Label
    text: str


def is_prose(line: str) -> bool:
    """Whether a line is a sentence, or part of one, of the essay itself; a title that asks something is none."""
    found = telling_words(line)
    if LABEL.search(_letter_by_letter(line)) and len(found) <= 2 * _MOST_WORDS_OF_A_LINE:
        return False
    return (
        len(found) > _MOST_WORDS_OF_A_LINE or _function_words(found) >= 4 or any(map(_is_sentence, _CELLS.split(line)))
    )


def _is_sentence(cell: str) -> bool:
    found = telling_words(cell)
    return len(found) >= _FEWEST_WORDS_OF_A_SENTENCE and _function_words(found) >= 2 and cell[-1:] in ".,!"


def _function_words(found: Sequence[str]) -> int:
    return sum(word in PROSE for word in found)


def pieces(line: str) -> Iterator[Piece]:
    """A line's labelled values and other cells, in order."""
    line = line[:_LONGEST_LINE]
    letters = _letter_by_letter(line)
    place, label = 0, Label.NONE
    for found in LABEL.finditer(letters):
        yield from _cells(label, line[place : found.start()])
        place, label = found.end(), _kind(found)
    yield from _cells(label, line[place:])


def may_name(piece: Piece) -> tuple[str, ...]:
    """The words of a piece that may be its author's name; none if it is about somebody else, or prose."""
    found = telling_words(ADDRESS.sub(" ", piece.text))
    if piece.label is Label.OTHERS or HONOURED.intersection(found) or len(found) > _MOST_WORDS_OF_A_NAME:
        return ()
    if piece.label is Label.NONE and (_reads_like_prose(found) or _is_about_others(found)):
        return ()
    return unaddressed(found)


def byline(piece: Piece) -> Piece:
    """What follows "by" or "av": at the start of a cell as good as a label, after a title only a cell of its own."""
    if piece.label is Label.NONE:
        letters = _letter_by_letter(piece.text)
        for pattern, label in ((BYLINE, Label.MINE), (BYLINE_AFTER_TITLE, Label.NONE)):
            if found := pattern.fullmatch(letters):
                return Piece(label, piece.text[found.start("name") :])
    return piece


def _cells(label: Label, text: str) -> Iterator[Piece]:
    """A label is about the cell that follows it, even where that is empty: then it is about the next line."""
    cells = [cell.strip(" ,.:*_") for cell in _CELLS.split(text.strip())]
    if label is not Label.NONE:
        yield Piece(label, cells.pop(0))
    for cell in filter(None, cells):
        alone = LABEL_ALONE.fullmatch(folded(cell))
        yield Piece(_kind(alone), "") if alone else Piece(Label.NONE, cell)


def _kind(found: re.Match[str]) -> Label:
    return Label[(found.lastgroup or "none").upper()]


def _reads_like_prose(found: Sequence[str]) -> bool:
    function_words = _function_words(found)
    return function_words >= 2 or (function_words == 1 and len(found) >= 4)


def _is_about_others(found: Sequence[str]) -> bool:
    return bool(ROLES.intersection(found) or GREETINGS.intersection(found[:1]))


def _letter_by_letter(line: str) -> str:
    """Folded, with every letter at its place: a letter that folds into several counts as its first."""
    return "".join(folded(letter)[:1] or " " for letter in line)
