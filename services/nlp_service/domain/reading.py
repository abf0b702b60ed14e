"""A text as its reader takes it in: paragraphs, sentences, words, and what the lexicon knows of them.

Everything here takes time in proportion to the length of the text, whatever the text: the patterns can only start at
one place of a run of equal characters, and never give back what they have taken.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

from nlp_service.domain.languages import Profile
from nlp_service.domain.readability import count_syllables

WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*")
ABBREVIATION = re.compile(r"\b(?:bl\.a|d\.v\.s|dr|e\.g|fr\.o\.m|i\.e|mrs?|p\.g\.a|s\.k|t\.ex|t\.o\.m)\.", re.IGNORECASE)
SENTENCE_END = re.compile(r"(?<![.!?…])[.!?…]++[\"'”’»)\]]*+\s++")
# A line that goes on with a small letter is the same line, wrapped by a PDF or a mail program.
PARAGRAPH_END = re.compile(r"(?<!\s)[^\S\n]*+\n\s*+(?![a-zåäö])")
LOOSE_ACCENT = re.compile(r"[A-Za-z][\u0300-\u036f]")


@dataclass(frozen=True, slots=True)
class Lexicon:
    """What the analysis asks of a language's dictionaries; both answers are for one word and without side effect.

    `zipf` is the log10 of a lower-case word's occurrences per billion words (van Heuven et al. 2014, "SUBTLEX-UK"):
    7 for the commonest, 3 for one in a million, 0 when it is in no list. `accepts` tells whether a word, as it is
    written, is in the spelling dictionary.
    """

    zipf: Callable[[str], float]
    accepts: Callable[[str], bool]


@dataclass(frozen=True)
class Reading:
    """A text taken apart. Words are runs of letters, with apostrophes inside; digits and symbols are no words."""

    text: str
    paragraph_count: int
    sentences: tuple[tuple[str, ...], ...]
    profile: Profile
    lexicon: Lexicon

    @cached_property
    def words(self) -> list[str]:
        """All words in order, lower-case."""
        return [word.lower() for sentence in self.sentences for word in sentence]

    @cached_property
    def forms(self) -> Counter[str]:
        """How often each word occurs as it is written."""
        return Counter(word for sentence in self.sentences for word in sentence)

    @cached_property
    def types(self) -> Counter[str]:
        """How often each word occurs, upper and lower case taken together."""
        return Counter(self.words)

    @cached_property
    def word_lengths(self) -> Counter[int]:
        """How many words have each length, in characters."""
        lengths: Counter[int] = Counter()
        for word, count in self.types.items():
            lengths[len(word)] += count
        return lengths

    @cached_property
    def syllables(self) -> Counter[int]:
        """How many words have each number of syllables; for English."""
        syllables: Counter[int] = Counter()
        for word, count in self.types.items():
            syllables[count_syllables(word)] += count
        return syllables

    @cached_property
    def sentence_lengths(self) -> Counter[int]:
        """How many sentences have each length, in words."""
        return Counter(map(len, self.sentences))

    @cached_property
    def zipf(self) -> dict[str, float]:
        """The zipf value of each different word; 0 for one that no list has."""
        return {word: self.lexicon.zipf(word) for word in self.types}

    @cached_property
    def content(self) -> Counter[str]:
        """The words that carry the content: all but the language's function words."""
        return Counter({word: n for word, n in self.types.items() if word not in self.profile.function_words})

    @cached_property
    def misspelt(self) -> Counter[str]:
        """The words that the dictionary does not accept. Capitalised ones are left out: they may be names."""
        accepts = self.lexicon.accepts
        return Counter({form: n for form, n in self.forms.items() if form[0].islower() and not accepts(form)})

    def count(self, words: frozenset[str]) -> int:
        """How many of the text's words are among these."""
        return sum(self.types[word] for word in words)


def read(text: str, profile: Profile, lexicon: Lexicon) -> Reading:
    """Take a text apart; any text, of any length, also an empty one."""
    plain = _without_abbreviations(_composed(text))
    paragraphs = [tuple(_sentences(part)) for part in PARAGRAPH_END.split(plain)]
    return Reading(
        text=plain,
        paragraph_count=sum(1 for sentences in paragraphs if sentences),
        sentences=tuple(sentence for sentences in paragraphs for sentence in sentences),
        profile=profile,
        lexicon=lexicon,
    )


def _sentences(paragraph: str) -> Iterator[tuple[str, ...]]:
    for part in SENTENCE_END.split(paragraph):
        if words := tuple(WORD.findall(part)):
            yield words


def _composed(text: str) -> str:
    """The text with one kind of apostrophe, and with each letter and its loose accent as one character.

    unicodedata.normalize over the whole text would take quadratic time on a long run of accents.
    """
    return LOOSE_ACCENT.sub(lambda pair: unicodedata.normalize("NFC", pair[0]), text.replace("’", "'"))


def _without_abbreviations(text: str) -> str:
    """The text without the full stops that end no sentence."""
    return ABBREVIATION.sub(lambda found: found[0].replace(".", "·"), text)
