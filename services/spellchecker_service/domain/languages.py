"""Which language a text is written in."""

import re

from common_core.enums import Language

# No word stands in both lists ("i", "so", "under" and "for" are words of either language).
_ENGLISH = """
the and of to is was that it with you they have not are this but his her she he we be my which there
"""
_SWEDISH = """
och att det som en på är av inte jag har med till ett den om men när hon vi sig mycket också eller
"""
_STOPWORDS = {Language.ENGLISH: frozenset(_ENGLISH.split()), Language.SWEDISH: frozenset(_SWEDISH.split())}
_WORD = re.compile(r"[^\W\d_]+")
_SAMPLE_LENGTH = 20_000  # characters; more of an essay does not change the answer
_FEWEST_HITS = 3


def detect_language(text: str) -> Language | None:
    """Return the language most of the common little words belong to, or None when the text is too short or mixed."""
    seen = _WORD.findall(text[:_SAMPLE_LENGTH].lower())
    hits = {language: sum(word in common for word in seen) for language, common in _STOPWORDS.items()}
    (winner, most), (_, fewest) = sorted(hits.items(), key=lambda each: -each[1])
    return winner if most >= max(_FEWEST_HITS, 2 * fewest) else None
