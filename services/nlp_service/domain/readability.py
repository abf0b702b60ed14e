"""How hard a text is to read, by classic formulas over its counts."""

import re

LONG_WORD = 6
VOWELS = re.compile(r"[aeiouy]+")


def lix(words: int, sentences: int, long_words: int) -> float:
    """LIX: words per sentence plus the percentage of words of more than six letters. 25 is easy, 60 very hard.

    Source: Björnsson (1968), "Läsbarhet".
    """
    return words / sentences + 100 * long_words / words if words else 0.0


def flesch_kincaid(words: int, sentences: int, syllables: int) -> float:
    """Flesch-Kincaid grade level, in years of American schooling; for English.

    Source: Kincaid, Fishburne, Rogers & Chissom (1975), "Derivation of new readability formulas".
    """
    return 0.39 * words / sentences + 11.8 * syllables / words - 15.59 if words else 0.0


def reading_ease(words: int, sentences: int, syllables: int) -> float:
    """Flesch reading ease: 100 is very easy, 0 very hard; for English.

    Source: Flesch (1948), "A new readability yardstick", Journal of Applied Psychology 32(3), 221-233.
    """
    return 206.835 - 1.015 * words / sentences - 84.6 * syllables / words if words else 0.0


def count_syllables(word: str) -> int:
    """The syllables of a lower-case English word: its groups of vowels, without a silent e at the end; at least one."""
    groups = len(VOWELS.findall(word))
    silent = len(word) > 3 and word.endswith("e") and not word.endswith(("le", "ee"))
    return max(1, groups - silent)
