"""British spellings, which Swedish schools teach and the American dictionary lacks."""

import re

# Each rule is narrow enough to leave errors alone: "allways", "sence", "humourous" and "flourescent" stay unknown.
_RULES = (
    (re.compile(r"is(e[drs]?|ers|ing|ations?|able)$"), r"iz\1"),  # organise
    (re.compile(r"ys(e[drs]?|ers|ing)$"), r"yz\1"),  # analyse
    (re.compile(r"our(?!ous|ary|esc|ty|n)"), "or"),  # colour
    (re.compile(r"ll(ed|ing|ers?|ery)$"), r"l\1"),  # travelled
    (re.compile(r"tre(s?)$"), r"ter\1"),  # centre
    (re.compile(r"(?<=\w)[ao]e(?=\w{4})"), "e"),  # paediatric
)


def as_american(word: str) -> str:
    """Return the lower-case word as it would be spelt in America; most words come back as they are."""
    for british, american in _RULES:
        word = british.sub(american, word)
    return word
