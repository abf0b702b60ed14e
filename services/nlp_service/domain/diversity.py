"""How varied a text's vocabulary is; each measure gives 0.0 for a text too short for it."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise

MTLD_THRESHOLD = 0.72
HDD_SAMPLE = 42
MATTR_WINDOW = 50


def mtld(words: Sequence[str]) -> float:
    """Measure of textual lexical diversity, in words: how long the text keeps its type-token ratio above 0.72.

    The mean of a forward and a backward pass. A text in which no word returns scores its own length.
    Source: McCarthy & Jarvis (2010), "MTLD, vocd-D, and HD-D", Behavior Research Methods 42(2), 381-392.
    """
    return (_mtld_pass(words) + _mtld_pass(reversed(words))) / 2


def _mtld_pass(words: Iterable[str]) -> float:
    total, in_factor, factors = 0, 0, 0.0
    seen: set[str] = set()
    for word in words:
        total, in_factor = total + 1, in_factor + 1
        seen.add(word)
        if len(seen) <= MTLD_THRESHOLD * in_factor:
            factors, in_factor, seen = factors + 1, 0, set()
    if in_factor:
        factors += (1 - len(seen) / in_factor) / (1 - MTLD_THRESHOLD)
    return total / factors if factors else float(total)


def hdd(types: Counter[str]) -> float:
    """HD-D, 0 to 1: the expected type-token ratio of 42 words drawn from the text; 0.0 below 42 words.

    Source: McCarthy & Jarvis (2007), "vocd: A theoretical and empirical evaluation", Language Testing 24(4), 459-488,
    and (2010) as for `mtld`; on their scale of summed probabilities it is 42 times this.
    """
    total = types.total()
    if total < HDD_SAMPLE:
        return 0.0
    kinds = Counter(types.values())
    drawn = sum(kind_count * (1 - _never_drawn(total, count)) for count, kind_count in kinds.items())
    return drawn / HDD_SAMPLE


def _never_drawn(total: int, count: int) -> float:
    """The hypergeometric probability that a word which occurs `count` times is not in the sample."""
    return math.prod(max(0, total - count - i) / (total - i) for i in range(HDD_SAMPLE))


def mattr(words: Sequence[str], window: int = MATTR_WINDOW) -> float:
    """Moving-average type-token ratio, 0 to 1, over windows of 50 words; a shorter text is one window.

    Source: Covington & McFall (2010), "Cutting the Gordian knot", Journal of Quantitative Linguistics 17(2), 94-100.
    """
    inside = Counter(words[:window])
    total, windows = len(inside), 1
    for leaving, coming in zip(words, words[window:], strict=False):
        inside[coming] += 1
        inside[leaving] -= 1
        if not inside[leaving]:
            del inside[leaving]
        total, windows = total + len(inside), windows + 1
    return total / windows / min(window, len(words)) if words else 0.0


def guiraud(types: int, tokens: int) -> float:
    """Guiraud's index: different words over the square root of all words.

    Source: Guiraud (1954), "Les caractères statistiques du vocabulaire".
    """
    return types / math.sqrt(tokens) if tokens else 0.0


def ovix(types: int, tokens: int) -> float:
    """OVIX, the Swedish word variation index; about 60 in prose. 0.0 when no word returns: it is not defined there.

    Source: Hultman & Westman (1977), "Gymnasistsvenska".
    """
    if types in (0, 1, tokens):
        return 0.0
    return math.log(tokens) / math.log(2 - math.log(types) / math.log(tokens))


def yule_k(types: Counter[str]) -> float:
    """Yule's K: how much the words repeat themselves, little affected by length; high means monotonous.

    Source: Yule (1944), "The statistical study of literary vocabulary".
    """
    total = types.total()
    return 10_000 * (sum(n * n for n in types.values()) - total) / total**2 if total else 0.0


def pair_diversity(words: Sequence[str]) -> float:
    """Guiraud's index over pairs of neighbouring words."""
    return guiraud(len(set(pairwise(words))), len(words))
