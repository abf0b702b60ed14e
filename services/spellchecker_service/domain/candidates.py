"""Which known words could have been meant: keys under which similar words meet, and a ranking of those that do."""

from collections.abc import Iterable, Iterator
from functools import cache
from itertools import accumulate, combinations
from typing import NamedTuple

from jellyfish import damerau_levenshtein_distance, metaphone

from common_core.enums import Language

PREFIX_LENGTH = 7
"""Letters of a word that its deletion keys are made of."""
MOST_EDITS = 2
_SHORT_WORD = 3  # letters; two edits would turn such a word into any other
_LONG_WORD = 9  # letters; here a third edit may still be told from chance, if it stands behind the prefix
_MOST_RANKED = 30
MOST_SUGGESTIONS = 5

# Weights set by hand, in units of one decade of word frequency.
_FREQUENCY_WEIGHT = 0.5
_DISTANCE_WEIGHT = 1.6
_SOUND_BONUS = 0.5

_VOWELS = "aeiouyåäö"
_VOWEL_SWAP, _SOUND_ALIKE_SWAP, _OTHER_SWAP = 0.7, 0.75, 1.15
_TRANSPOSITION = 0.75
_DOUBLING = 0.55
_HARDLY_HEARD = 0.8
_OMISSION, _ADDITION = 0.8, 1.1  # a letter is sooner forgotten than made up
_FIRST_LETTER = 0.4  # added: people get the first letter right
_SOUND_ALIKES: dict[Language, str] = {
    Language.ENGLISH: "cs ck sz fv iy gj td bp mn",
    Language.SWEDISH: "äe åo öo äa åa cs ck vf yu iy gj td bp zs",
}


class Candidate(NamedTuple):
    """A known word and how common it is (zipf: log10 of occurrences per 10^9 words)."""

    word: str
    zipf: float


class Suggestion(NamedTuple):
    """A word that may have been meant, and its weighted distance from what was written (0.5 to 1 per slip)."""

    word: str
    zipf: float
    distance: float


def deletions(word: str, most: int = MOST_EDITS) -> set[str]:
    """Return the prefix of the word with up to `most` letters left out.

    Two words within `most` edits of each other share one (the symmetric delete method, W. Garbe, SymSpell, 2012).
    """
    prefix = word[:PREFIX_LENGTH]
    kept = range(max(len(prefix) - most, 0), len(prefix) + 1)
    return {"".join(letters) for length in kept for letters in combinations(prefix, length)}


def index_keys(word: str, language: Language) -> set[str]:
    """Return the keys under which a known word is filed."""
    return deletions(word.lower()) | _sound_keys(word, language)


def search_keys(word: str, language: Language) -> set[str]:
    """Return the keys under which a misspelt word looks for what was meant."""
    return deletions(word.lower(), min(_edits_allowed(word), MOST_EDITS)) | _sound_keys(word, language)


def _edits_allowed(word: str) -> int:
    return 1 if len(word) <= _SHORT_WORD else MOST_EDITS + (len(word) >= _LONG_WORD)


def _sound_keys(word: str, language: Language) -> set[str]:
    """English words are also filed by their sound (metaphone, L. Philips, 1990); Swedish spelling needs no such key."""
    return {f"*{metaphone(word)}"} if language == Language.ENGLISH else set()


def rank(word: str, candidates: Iterable[Candidate], language: Language) -> tuple[Suggestion, ...]:
    """Return the most likely candidates, best first: common words at a small weighted distance, sounding alike."""
    written = word.lower()
    scored = []
    for candidate, likeness in _most_alike(written, candidates, language):
        distance = weighted_distance(written, candidate.word.lower(), language)
        scored.append((likeness - _DISTANCE_WEIGHT * distance, Suggestion(*candidate, distance)))
    scored.sort(key=lambda pair: (-pair[0], pair[1]))
    return tuple(suggestion for _, suggestion in scored[:MOST_SUGGESTIONS])


def _most_alike(written: str, candidates: Iterable[Candidate], language: Language) -> Iterator[tuple[Candidate, float]]:
    """Yield the few candidates worth an exact look, each with what speaks for it besides its distance."""
    sound = _sound_keys(written, language)
    rough = []
    for candidate in candidates:
        sounds_alike = bool(sound) and _sound_keys(candidate.word, language) == sound
        edits = damerau_levenshtein_distance(written, candidate.word.lower())
        if sounds_alike or edits <= _edits_allowed(written):
            likeness = _FREQUENCY_WEIGHT * candidate.zipf + _SOUND_BONUS * sounds_alike
            rough.append((likeness - _DISTANCE_WEIGHT * edits, candidate, likeness))
    rough.sort(key=lambda entry: -entry[0])
    return ((candidate, likeness) for _, candidate, likeness in rough[:_MOST_RANKED])


@cache
def _swap_costs(language: Language) -> dict[tuple[str, str], float]:
    vowels = {(a, b): _VOWEL_SWAP for a in _VOWELS for b in _VOWELS}
    pairs = [(pair[0], pair[1]) for pair in _SOUND_ALIKES[language].split()]
    alike = dict.fromkeys([*pairs, *((b, a) for a, b in pairs)], _SOUND_ALIKE_SWAP)
    return {**alike, **vowels}


def weighted_distance(written: str, meant: str, language: Language) -> float:
    """Return how far apart two lower-case words are when likely slips count less than unlikely ones.

    Optimal string alignment (a Damerau-Levenshtein distance) with weights for vowels, letters that sound alike,
    doubled letters, neighbours that changed places and the first letter.
    """
    swaps = _swap_costs(language)
    omissions = [_OMISSION * _one_letter_cost(meant, j) for j in range(len(meant))]
    before: list[float] = []
    above = [0.0, *accumulate(omissions)]
    for i, letter in enumerate(written):
        addition = _ADDITION * _one_letter_cost(written, i) + _FIRST_LETTER * (i == 0)
        row = [above[0] + addition]
        for j, other in enumerate(meant):
            swap = swaps.get((letter, other), _OTHER_SWAP) + _FIRST_LETTER * (i == 0 or j == 0)
            same_or_swapped = above[j] + (0.0 if letter == other else swap)
            best = min(same_or_swapped, row[j] + omissions[j], above[j + 1] + addition)
            if i and j and letter != other and letter == meant[j - 1] and other == written[i - 1]:
                best = min(best, before[j - 1] + _TRANSPOSITION)
            row.append(best)
        before, above = above, row
    return above[-1]


def _one_letter_cost(word: str, index: int) -> float:
    """The cost of this letter being too much, or missing: little when it doubles another or is hardly heard."""
    if index and word[index] == word[index - 1]:
        return _DOUBLING
    return _HARDLY_HEARD if index and word[index] in "eh" else 1.0
