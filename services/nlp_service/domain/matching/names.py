"""Names as matching compares them: letters of one alphabet, without case, accents and signs, cut into words."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from anyascii import anyascii

from nlp_service.domain.matching.furniture import ADDRESSED

_JOINING = re.compile("['’`´ʼ‘]")
_WORD = re.compile(r"[^\W_]+")
_CAMEL = re.compile(r"(?<=[^\W\d_A-Z])(?=[A-ZÅÄÖØÆÉÜ])")
_DIGRAPHS = str.maketrans({"å": "aa", "ä": "ae", "ö": "oe", "ø": "oe", "æ": "ae", "ü": "ue"})
_DATED = re.compile(r"\bden(?= \d)|\b(?:kl|at)\.?(?= \d)|\b\d+ ?[a-z]\b", re.IGNORECASE)  # and classes: 9 A
_MISREAD = "Ã"  # what UTF-8's first byte of most Latin letters looks like to who expects another encoding


@dataclass(frozen=True, slots=True)
class Student:
    """Somebody on the roster."""

    student_id: str
    first_name: str
    last_name: str
    email: str | None = None
    legal_full_name: str | None = None

    @property
    def name(self) -> str:
        """As a teacher would write it."""
        return f"{self.first_name} {self.last_name}".strip()


def words(text: str) -> tuple[str, ...]:
    """The folded words of a text; "Åsa O'Brien-Lind" has three."""
    return tuple(_WORD.findall(folded(text)))


def telling_words(text: str) -> tuple[str, ...]:
    """The words without numbers, dates and the like, none of which is anybody's name."""
    return tuple(word for word in words(_DATED.sub(" ", text)) if not any(map(str.isdigit, word)))


def unaddressed(found: tuple[str, ...]) -> tuple[str, ...]:
    """Without the two words after one that says to or about whom something is."""
    places = {place + after for place, word in enumerate(found) if word in ADDRESSED for after in (1, 2)}
    return tuple(word for place, word in enumerate(found) if place not in places)


def folded(text: str) -> str:
    """Lower case and ASCII, whatever the alphabet; an apostrophe joins what it stands between."""
    return anyascii(_JOINING.sub("", _repaired(text))).lower()


def spellings(name: str) -> Iterator[tuple[str, ...]]:
    """The words of a name as most write them, and, where that differs, with å as aa and so on, and McBee as two."""
    yield from dict.fromkeys((words(name), words(name.lower().translate(_DIGRAPHS)), words(uncamelled(name))))


def uncamelled(text: str) -> str:
    """With a space before each capital within a word: AnnaSvensson is two words."""
    return _CAMEL.sub(" ", text)


def _repaired(text: str) -> str:
    if _MISREAD not in text:
        return text
    try:
        return text.encode("cp1252").decode("utf-8")
    except UnicodeError:
        return text
