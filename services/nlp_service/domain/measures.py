"""The counts, shares and means behind the features; of nothing, each is 0."""

import math
import re
from collections import Counter
from itertools import pairwise

from nlp_service.domain import readability
from nlp_service.domain.reading import Reading

MISSING_SPACE = re.compile(r"[^\W\d_][.,!?;:](?=[^\W\d_])")
NUMERAL = re.compile(r"\d+")
QUOTES = '"“”«»'
DASHES = "-–—"
KINDS_OF_MARKS = (".", ",", ";", ":", "?", "!", QUOTES, DASHES, "(")


def ratio(part: float, whole: float) -> float:
    """The one over the other."""
    return part / whole if whole else 0.0


def per_100_words(reading: Reading, count: float) -> float:
    """A count of something in the text, per 100 of its words; of words, their percentage."""
    return 100 * ratio(count, len(reading.words))


def percent_of_content(reading: Reading, count: int) -> float:
    """A number of content words, as a percentage of all content words."""
    return 100 * ratio(count, reading.content.total())


def mean(histogram: Counter[int]) -> float:
    """The mean of a histogram {value: how often}."""
    return ratio(sum(value * n for value, n in histogram.items()), histogram.total())


def deviation(histogram: Counter[int]) -> float:
    """The standard deviation of a histogram {value: how often}, as of a whole population."""
    middle = mean(histogram)
    return math.sqrt(ratio(sum(n * (value - middle) ** 2 for value, n in histogram.items()), histogram.total()))


def words_longer_than(reading: Reading, characters: int) -> int:
    """How many words are longer."""
    return sum(n for length, n in reading.word_lengths.items() if length > characters)


def lix(reading: Reading) -> float:
    """The text's LIX."""
    long_words = words_longer_than(reading, readability.LONG_WORD)
    return readability.lix(len(reading.words), len(reading.sentences), long_words)


def all_syllables(reading: Reading) -> int:
    """The syllables of all words together."""
    return sum(syllables * n for syllables, n in reading.syllables.items())


def polysyllables(reading: Reading) -> int:
    """How many words have three syllables or more."""
    return sum(n for syllables, n in reading.syllables.items() if syllables >= 3)


def flesch_kincaid(reading: Reading) -> float:
    """The text's Flesch-Kincaid grade level."""
    return readability.flesch_kincaid(len(reading.words), len(reading.sentences), all_syllables(reading))


def reading_ease(reading: Reading) -> float:
    """The text's Flesch reading ease."""
    return readability.reading_ease(len(reading.words), len(reading.sentences), all_syllables(reading))


def mean_zipf(reading: Reading) -> float:
    """The mean zipf value of the content words that are in the frequency list."""
    known = {word: n for word, n in reading.content.items() if reading.zipf[word]}
    return ratio(sum(n * reading.zipf[word] for word, n in known.items()), sum(known.values()))


def content_with_zipf(reading: Reading, above: float, up_to: float) -> int:
    """How many content words have a zipf value above the one, and not above the other."""
    return sum(n for word, n in reading.content.items() if above < reading.zipf[word] <= up_to)


def unknown_words(reading: Reading) -> int:
    """How many content words are in no frequency list."""
    return sum(n for word, n in reading.content.items() if not reading.zipf[word])


def advanced_words(reading: Reading) -> int:
    """How many different content words are uncommon (zipf 4 at most), known and well spelt."""
    accepts = reading.lexicon.accepts
    return sum(1 for word in reading.content if 0 < reading.zipf[word] <= 4 and accepts(word))


def once_only_words(reading: Reading) -> int:
    """How many words occur once."""
    return sum(n == 1 for n in reading.types.values())


def repeated_words(reading: Reading) -> int:
    """How many words are the one before over again."""
    return sum(first == second for first, second in pairwise(reading.words))


def overlapping_sentences(reading: Reading) -> float:
    """The percentage of neighbouring sentences that share a content word."""
    content = [{word.lower() for word in sentence} & reading.content.keys() for sentence in reading.sentences]
    shared = sum(not before.isdisjoint(after) for before, after in pairwise(content))
    return 100 * ratio(shared, len(content) - 1) if content else 0.0


def contractions(reading: Reading) -> int:
    """How many words have an apostrophe inside."""
    return sum(n for word, n in reading.types.items() if "'" in word)


def marks(reading: Reading, characters: str) -> float:
    """How often any of these characters occurs, per 100 words."""
    return per_100_words(reading, sum(map(reading.text.count, characters)))


def kinds_of_marks(reading: Reading) -> int:
    """How many kinds of punctuation marks occur, of nine."""
    return sum(any(mark in reading.text for mark in kind) for kind in KINDS_OF_MARKS)


def numerals(reading: Reading) -> int:
    """How many numbers are written in digits."""
    return len(NUMERAL.findall(reading.text))


def uncapitalised_sentences(reading: Reading) -> float:
    """The percentage of sentences that begin with a small letter."""
    return 100 * ratio(sum(words[0][0].islower() for words in reading.sentences), len(reading.sentences))


def lowercase_slips(reading: Reading) -> int:
    """How many words are written small that the language always writes with a capital."""
    return sum(reading.forms[form] for form in reading.profile.lowercase_slips)


def capital_words(reading: Reading) -> int:
    """How many words are in capitals altogether; single letters do not count."""
    return sum(n for form, n in reading.forms.items() if len(form) > 1 and form.isupper())


def missing_spaces(reading: Reading) -> int:
    """How often a letter follows a punctuation mark at once."""
    return len(MISSING_SPACE.findall(reading.text))
