"""The measures against values worked out by hand."""

from collections import Counter
from math import log

import pytest

from nlp_service.domain import diversity, readability


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("a a a a", 2.0),  # two factors, one every second word, in both directions
        ("a b c a", 4 / (0.25 / 0.28)),  # one partial factor: ratio 3/4
        ("a a b c d", (5.0 + 7.0) / 2),  # forwards one factor in 5 words; backwards (1 - 4/5) / 0.28 of one
        ("a b c", 3.0),
        ("", 0.0),
    ],
)
def test_mtld(words: str, expected: float) -> None:
    assert diversity.mtld(words.split()) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("types", "expected"),
    [
        ({"a": 21, "b": 21}, 2 / 42),  # all 42 words are drawn
        ({"a": 42, "b": 1}, (1 + 42 / 43) / 42),  # b is the one left out in 1 of 43 draws
        ({"a": 41}, 0.0),
        ({}, 0.0),
    ],
)
def test_hdd(types: dict[str, int], expected: float) -> None:
    assert diversity.hdd(Counter(types)) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("words", "window", "expected"),
    [
        ("a b b a", 2, (2 + 1 + 2) / 3 / 2),
        ("a b a", 50, 2 / 3),
        ("", 50, 0.0),
    ],
)
def test_mattr(words: str, window: int, expected: float) -> None:
    assert diversity.mattr(words.split(), window) == pytest.approx(expected)


def test_guiraud() -> None:
    assert diversity.guiraud(types=6, tokens=9) == 2.0
    assert diversity.guiraud(types=0, tokens=0) == 0.0


def test_ovix() -> None:
    assert diversity.ovix(types=10, tokens=100) == pytest.approx(log(100) / log(1.5))


@pytest.mark.parametrize(("types", "tokens"), [(0, 0), (1, 1), (1, 5), (7, 7)])
def test_ovix_is_0_where_it_is_not_defined(types: int, tokens: int) -> None:
    assert diversity.ovix(types, tokens) == 0.0


def test_yules_k() -> None:
    assert diversity.yule_k(Counter("aab")) == pytest.approx(10_000 * (4 + 1 - 3) / 9)


def test_pair_diversity_counts_each_pair_of_neighbours_once() -> None:
    assert diversity.pair_diversity(["a", "b", "a", "b"]) == 2 / 4**0.5


def test_lix() -> None:
    assert readability.lix(words=8, sentences=2, long_words=1) == 4 + 12.5


def test_flesch_kincaid_and_reading_ease() -> None:
    assert readability.flesch_kincaid(words=9, sentences=2, syllables=10) == pytest.approx(1.755 + 118 / 9 - 15.59)
    assert readability.reading_ease(words=9, sentences=2, syllables=10) == pytest.approx(206.835 - 4.5675 - 94)


@pytest.mark.parametrize(
    ("word", "count"),
    [("cat", 1), ("happy", 2), ("cake", 1), ("table", 2), ("the", 1), ("coffee", 2), ("education", 4), ("hmm", 1)],
)
def test_syllables(word: str, count: int) -> None:
    assert readability.count_syllables(word) == count
