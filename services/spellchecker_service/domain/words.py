"""Where the words of a text are, and which of them a spelling checker may look at."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

HYPHENS = "-\u2010\u2011"
APOSTROPHES = "'\u2019\u02bc\u2018"
_SOFT_HYPHEN = "\u00ad"
_INSIDE = rf"\w\u0300-\u036f{_SOFT_HYPHEN}"  # a combining accent belongs to the letter before it
_CHUNK = re.compile(r"\S+")
_RUN = re.compile(rf"[{_INSIDE}]+(?:[{HYPHENS}{APOSTROPHES}][{_INSIDE}]+)*")
_PART = re.compile(f"[^{HYPHENS}]+")
_ADDRESS = re.compile(r"://|@|\\|#\w|\b(?i:www)\.|\w\.(?:com|org|net|edu|gov|se|nu|eu|uk|io)\b")
# "för- och nackdelar": half a word, which no dictionary can judge.
_TORN_OFF_BY = frozenset(HYPHENS)
# After one of these a capital letter says nothing about the word.
_OPENS_SENTENCE = frozenset('.!?:;…\n\r"“”„«»(•*–—/')
_TO_PLAIN = str.maketrans({**dict.fromkeys(APOSTROPHES, "'"), **dict.fromkeys(HYPHENS, "-"), _SOFT_HYPHEN: None})
_JOINERS = str.maketrans("", "", "'-")
_NAME_REPEATS = 3


class Word(NamedTuple):
    """A stretch of letters, perhaps with hyphens and apostrophes between them, and where it stands in its text."""

    text: str
    start: int
    """Code points from the beginning of the text."""
    plain: str
    """The form to look up: composed accents, straight apostrophes, plain hyphens, no soft hyphens."""
    opens_sentence: bool
    is_torn: bool
    """A hyphen without a word on its other side follows or precedes."""

    @property
    def is_capitalised(self) -> bool:
        """Whether the first letter, and no other, is a capital."""
        return self.text[0].isupper() and self.text[1:] == self.text[1:].lower()

    @property
    def is_shouted(self) -> bool:
        """Whether two or more letters are all capitals."""
        return len(self.text) > 1 and self.text.isupper()

    def parts(self) -> list["Word"]:
        """Return the words between the hyphens."""
        return [
            self._replace(
                text=part.group(),
                start=self.start + part.start(),
                plain=_plain(part.group()),
                opens_sentence=self.opens_sentence and part.start() == 0,
            )
            for part in _PART.finditer(self.text)
        ]

    def without_possessive(self) -> "Word":
        """Return the word without a closing 's."""
        return self._replace(text=self.text[:-2], plain=self.plain[:-2]) if self.plain.endswith("'s") else self


def count_words(text: str) -> int:
    """Count the stretches between white space that hold a letter or a digit."""
    return sum(any(map(str.isalnum, chunk.group())) for chunk in _CHUNK.finditer(text))


def words_of(text: str) -> Iterator[Word]:
    """Yield the words in order; numbers, identifiers, web and e-mail addresses, paths and hashtags are none."""
    previous = 0
    for chunk in _CHUNK.finditer(text):
        is_address = _ADDRESS.search(text, chunk.start(), chunk.end())
        for run in _RUN.finditer(text, chunk.start(), chunk.end()):
            word = _word(text, run.start(), run.end(), previous)
            if not is_address and word.plain.translate(_JOINERS).isalpha():
                yield word
            previous = run.end()


def _word(text: str, start: int, end: int, previous: int) -> Word:
    raw = text[start:end]
    return Word(
        text=raw,
        start=start,
        plain=_plain(raw),
        opens_sentence=previous == 0 or not _OPENS_SENTENCE.isdisjoint(text[previous:start]),
        is_torn=text[start - 1 : start] in _TORN_OFF_BY or text[end : end + 1] in _TORN_OFF_BY,
    )


def _plain(raw: str) -> str:
    return unicodedata.normalize("NFC", raw.translate(_TO_PLAIN))


def names_among(words: Sequence[Word]) -> frozenset[str]:
    """Return the words that look like names: with a capital inside a sentence, or with one time and again."""
    capitalised = [word for word in words if word.is_capitalised]
    inside = {word.plain for word in capitalised if not word.opens_sentence}
    repeated = {plain for plain, times in Counter(word.plain for word in capitalised).items() if times >= _NAME_REPEATS}
    return frozenset(inside | repeated)


def shouted_words(words: Sequence[Word]) -> frozenset[int]:
    """Return the starts of the words written in capitals because their whole sentence is: they are no acronyms."""
    shouted: set[int] = set()
    for sentence in _sentences(words):
        if len(sentence) > 1 and all(word.text.isupper() for word in sentence):
            shouted.update(word.start for word in sentence)
    return frozenset(shouted)


def _sentences(words: Sequence[Word]) -> Iterator[Sequence[Word]]:
    openings = [index for index, word in enumerate(words) if word.opens_sentence or index == 0]
    for begin, end in pairwise([*openings, len(words)]):
        yield words[begin:end]


def match_case(original: str, replacement: str) -> str:
    """Give the replacement the capitals and the apostrophe of the word it stands in for."""
    if len(original) > 1 and original.isupper():
        replacement = replacement.upper()
    elif original[0].isupper():
        replacement = replacement[0].upper() + replacement[1:]
    curly = next((mark for mark in APOSTROPHES[1:] if mark in original), "'")
    return replacement.replace("'", curly)
