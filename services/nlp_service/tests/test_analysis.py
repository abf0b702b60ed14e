"""The analysis of whole texts: what the numbers are, and that any text has some."""

from math import isfinite

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common_core.enums import Language
from nlp_service.domain.analysis import Analysis, analyse
from nlp_service.domain.features import FEATURES
from nlp_service.domain.reading import Lexicon

ZIPF = {"the": 7.0, "cat": 5.0, "sat": 4.5, "mat": 3.5, "purred": 2.5, "it": 7.0, "on": 7.0}
LEXICON = Lexicon(zipf=lambda word: ZIPF.get(word, 0.0), accepts=lambda word: word.lower() in ZIPF)
CAT = "The cat sat on the mat. it purred, the the catt purred!"


def analysed(text: str, language: Language = Language.ENGLISH) -> Analysis:
    return analyse(text, language, LEXICON)


def test_the_metrics_of_the_wire() -> None:
    metrics = analysed(CAT).metrics

    assert (metrics.word_count, metrics.sentence_count, metrics.avg_sentence_length) == (12, 2, 6.0)
    assert metrics.language_detected == "en"
    assert metrics.mean_zipf_frequency == pytest.approx((4 * 7 + 5 + 4.5 + 7 + 3.5 + 7 + 2 * 2.5) / 12, abs=1e-4)
    assert metrics.percent_tokens_zipf_below_3 == 25.0
    assert metrics.mtld_score == analysed(CAT).features["mtld"] > 0


def test_what_needs_a_parser_stays_at_not_measured() -> None:
    metrics = analysed(CAT).metrics

    assert metrics.mean_dependency_distance == metrics.first_order_coherence == metrics.avg_bigram_npmi == 0.0
    assert metrics.phrasal_indices == metrics.clausal_indices == {}


@pytest.mark.parametrize(
    ("feature", "expected"),
    [
        ("sentence_length_longest", 6),
        ("sentence_length_deviation", 0),
        ("word_length_mean", (4 * 3 + 3 + 3 + 2 + 3 + 2 + 2 * 6 + 4) / 12),
        ("long_words", 0),
        ("lix", 6),
        ("type_count", 8),
        ("once_only_words", 100 * 6 / 12),
        ("zipf_mean", (5 + 4.5 + 3.5 + 2 * 2.5) / 5),
        ("zipf_4_to_5", 100 * 2 / 6),
        ("zipf_3_to_4", 100 * 1 / 6),
        ("zipf_below_3", 100 * 2 / 6),
        ("unknown_words", 100 * 1 / 6),
        ("advanced_words", 2),
        ("misspelling_rate", 100 / 12),
        ("function_words", 50),
        ("repeated_words", 100 / 12),
        ("commas", 100 / 12),
        ("punctuation", 300 / 12),
        ("punctuation_kinds", 3),
        ("uncapitalised_sentences", 50),
    ],
)
def test_features_by_hand(feature: str, expected: float) -> None:
    assert analysed(CAT).features[feature] == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize(
    ("text", "feature", "expected"),
    [
        ("Then i said i'm late", "lowercase_i", 40),
        ("I am LATE", "capital_words", 100 / 3),
        ("Late,again.Sorry", "missing_spaces", 200 / 3),
        ("I was late. However, we won.", "connectives", 100 / 6),
        ("The dog barked. A dog? No.", "sentence_overlap", 50),
        ("I gave you her book", "first_person", 20),
        ("I gave you her book", "second_person", 20),
        ("I gave you her book", "third_person", 20),
        ("Page 12 of 300", "numerals", 100),
        ("Don't say mum's", "contractions", 200 / 3),
        ("Everybody understands", "very_long_words", 100),
    ],
)
def test_each_habit_of_writing_moves_its_feature(text: str, feature: str, expected: float) -> None:
    assert analysed(text).features[feature] == pytest.approx(expected, abs=1e-4)


def test_spoken_swedish_is_counted_as_spoken() -> None:
    assert analysed("Dom va där sen", Language.SWEDISH).features["spoken_forms"] == 75


def test_an_essay_in_another_language_than_its_course_is_marked() -> None:
    swedish = "Jag tycker att det är bra när man får sova längre på morgonen, och det är inte bara jag."

    assert analysed(swedish, Language.ENGLISH).language_differs
    assert not analysed(swedish, Language.SWEDISH).language_differs
    assert not analysed("Hm!", Language.ENGLISH).language_differs


def test_each_feature_is_named_once_and_explained() -> None:
    labels = [row.label for row in FEATURES.values()]

    assert len(set(labels)) == len(labels)
    assert all(row.label and row.unit and row.source and row.languages for row in FEATURES.values())


@settings(deadline=None)
@given(text=st.text() | st.text("aZå.!'\n \u0301-1😀"), language=st.sampled_from(Language))
def test_every_text_has_all_features_of_its_language_and_each_is_finite(text: str, language: Language) -> None:
    features = analysed(text, language).features

    assert features.keys() == {name for name, row in FEATURES.items() if language in row.languages}
    assert all(isfinite(value) for value in features.values())


@settings(deadline=None)
@given(words=st.lists(st.sampled_from(sorted(ZIPF)), max_size=200))
def test_shares_stay_between_nothing_and_everything(words: list[str]) -> None:
    analysis = analysed(" ".join(words))
    shares = [value for name, value in analysis.features.items() if FEATURES[name].unit.startswith("%")]

    assert all(0 <= share <= 100 for share in shares)
    assert 0 <= analysis.features["hdd"] <= 1
    assert 0 <= analysis.features["mattr"] <= 1
    assert analysis.metrics.word_count == len(words)


@pytest.mark.parametrize(
    "unit",
    [
        "a",
        "ab ",
        "Word. ",
        ".",
        '."',
        "\n",
        "\n a",
        " ",
        "'",
        "a'",
        "\u0301",
        "a\u0327\u0301",
        "t.ex.",
        "😀",
        "9",
        "A\n\n",
    ],
)
def test_a_very_long_text_is_analysed_however_it_is_made(unit: str) -> None:
    """Without its guard against quadratic time a pattern takes a minute here, not milliseconds."""
    text = unit * (300_000 // len(unit)) + "x"

    assert all(isfinite(value) for value in analysed(text).features.values())
