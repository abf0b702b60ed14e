"""Checks a text: finds the words its language does not know and puts in their place what was most likely meant."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from typing import Protocol

from common_core.enums import Language
from spellchecker_service.domain.candidates import MOST_SUGGESTIONS, Candidate, Suggestion, rank
from spellchecker_service.domain.languages import detect_language
from spellchecker_service.domain.learners import LEARNER_ERRORS
from spellchecker_service.domain.results import Correction, CorrectionKind, SpellingResult, apply_corrections
from spellchecker_service.domain.words import Word, count_words, match_case, names_among, shouted_words, words_of

SHORTEST_WORD = 3
"""Letters; what is shorter is left alone, too much is one slip away from it."""
LONGEST_WORD = 40
"""Letters; what is longer is no word of either language."""
MOST_UNKNOWN_WORDS = 1_000
"""Distinct unknown words looked up in one text (which bounds its cost); later ones are left alone."""
_FEWEST_TO_JUDGE = 20  # words; below that a text may be anything
_MOST_UNKNOWN_SHARE = 0.5
_REMEMBERED_WORDS = 100_000
_SHORTEST_COMPOUND_PART = 3

# How far a correction may go, in weighted slips: for each letter of the word, and at most.
_SLIPS_PER_LETTER = 0.34
_MOST_SLIPS = 2.5
# A misspelling is written far less often (decades of frequency) than what was meant; else it is a word of its own
# that the dictionary lacks ("handheld" beside "handhold").
_RARER_THAN_MEANT = 0.8
_SLIPS_IN_A_NAME = 1.0  # a capital that opens a sentence may belong to a name


class Lexicon(Protocol):
    """The words of one language."""

    def accepts(self, word: str) -> bool:
        """Tell whether the word, written like this, belongs to the language."""
        ...

    def similar(self, word: str) -> Iterable[Candidate]:
        """Return the words that are written, or sound, much like this one."""
        ...

    def zipf(self, word: str) -> float:
        """Return how common a lower-case word is that `accepts` refuses (log10 per 10^9 words; 0.0: never seen)."""
        ...


class Speller:
    """Checks texts in one language, remembering every word it has judged."""

    def __init__(self, language: Language, lexicon: Lexicon) -> None:
        self._language = language
        self._lexicon = lexicon
        self._learner_errors: Mapping[str, str] = LEARNER_ERRORS if language == Language.ENGLISH else {}
        self._accepts = lru_cache(_REMEMBERED_WORDS)(lexicon.accepts)
        self._suggestions = lru_cache(_REMEMBERED_WORDS)(self._look_up)

    def check(self, text: str) -> SpellingResult:
        """Correct the text's misspelt words; a text in another language is returned as it came."""
        detected = detect_language(text)
        corrections = tuple(self._corrections(text)) if detected in (None, self._language) else ()
        return SpellingResult(apply_corrections(text, corrections), corrections, count_words(text), detected)

    def accepts(self, word: str) -> bool:
        """Tell whether a single word is spelt correctly."""
        return self._learned(word) is None and self._accepts(word)

    def suggest(self, word: str) -> tuple[str, ...]:
        """Return what a misspelt word may have meant, most likely first."""
        learned = self._learned(word)
        found = tuple(suggestion.word for suggestion in self._suggestions(word.lower()))
        return found if learned is None else (learned, *(other for other in found if other != learned))

    def _corrections(self, text: str) -> Iterator[Correction]:
        words = list(words_of(text))
        unknown = list(self._unknown(words))
        if len(words) >= _FEWEST_TO_JUDGE and len(unknown) > _MOST_UNKNOWN_SHARE * len(words):
            return  # no prose in this language
        names = names_among(unknown)
        affordable = frozenset(islice(dict.fromkeys(word.plain for word in unknown), MOST_UNKNOWN_WORDS))
        for word in unknown:
            if word.plain in affordable and (correction := self._correction(word, names)):
                yield correction

    def _unknown(self, words: Sequence[Word]) -> Iterator[Word]:
        """Yield the words, and parts of hyphenated ones, that are not in the language and may be judged."""
        shouted = shouted_words(words)
        for word in words:
            if not self._knows(word):
                parts = (part.without_possessive() for part in word.parts() if not self._knows(part))
                yield from (part for part in parts if self._may_judge(part, word.start in shouted))

    def _knows(self, word: Word) -> bool:
        return len(word.plain) <= LONGEST_WORD and self.accepts(word.plain)

    def _may_judge(self, word: Word, in_capitals: bool) -> bool:
        if self._learned(word.plain):
            return in_capitals or not word.is_shouted
        length_fits = SHORTEST_WORD <= len(word.plain) <= LONGEST_WORD
        case_fits = word.text.islower() or word.is_capitalised or (in_capitals and word.is_shouted)
        return length_fits and case_fits and not word.is_torn and not self._knows(word)

    def _correction(self, word: Word, names: frozenset[str]) -> Correction | None:
        if learned := self._learned(word.plain):
            return _replace(word, learned, (), "learner")
        suggestions = () if word.plain in names else self._suggestions(word.plain.lower())
        if not suggestions or not self._is_convincing(word, suggestions[0]):
            return None
        best, *others = (suggestion.word for suggestion in suggestions)
        return _replace(word, best, others, "spelling")

    def _learned(self, word: str) -> str | None:
        """Return what a learner who writes this means, or None when it is no learner's error."""
        meant = self._learner_errors.get(word.lower())
        return None if meant is None or word in (meant, meant.upper()) else meant

    def _is_convincing(self, word: Word, best: Suggestion) -> bool:
        seen = self._lexicon.zipf(word.plain.lower())
        return best.distance <= _slips_allowed(word) and best.zipf - seen >= _RARER_THAN_MEANT

    def _look_up(self, word: str) -> tuple[Suggestion, ...]:
        found = rank(word, self._lexicon.similar(word), self._language)
        if self._language == Language.SWEDISH and not found:
            return self._compounds(word)
        return found

    def _compounds(self, word: str) -> tuple[Suggestion, ...]:
        """Mend one part of a Swedish compound that is in no word list as a whole."""
        found: dict[str, Suggestion] = {}
        for split in range(_SHORTEST_COMPOUND_PART, len(word) - _SHORTEST_COMPOUND_PART + 1):
            for compound in self._mended(word[:split], word[split:]):
                nearer = min(compound, found.get(compound.word, compound), key=lambda each: each.distance)
                found[compound.word] = nearer
        return tuple(sorted(found.values(), key=lambda each: each.distance)[:MOST_SUGGESTIONS])

    def _mended(self, head: str, tail: str) -> Iterator[Suggestion]:
        mended: list[Suggestion] = []
        if self._accepts(head) or self._accepts(f"{head}-"):
            mended += (each._replace(word=head + each.word) for each in self._ranked(tail))
        if self._accepts(tail):
            mended += (each._replace(word=each.word + tail) for each in self._ranked(head))
        return (each for each in mended if each.word.islower() and self._accepts(each.word))

    def _ranked(self, part: str) -> tuple[Suggestion, ...]:
        return rank(part, self._lexicon.similar(part), self._language)


def _slips_allowed(word: Word) -> float:
    return min(_SLIPS_PER_LETTER * len(word.plain), _SLIPS_IN_A_NAME if word.is_capitalised else _MOST_SLIPS)


def _replace(word: Word, best: str, others: Iterable[str], kind: CorrectionKind) -> Correction:
    return Correction(
        offset=word.start,
        length=len(word.text),
        original=word.text,
        replacement=match_case(word.text, best),
        alternatives=tuple(match_case(word.text, other) for other in others),
        kind=kind,
    )
