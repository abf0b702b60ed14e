"""The dictionaries that ship in the packages, and the analysis with them."""

import pickle

import pytest

from common_core.enums import Language
from nlp_service.domain.analysis import Analysis
from nlp_service.essay_analysis import analyse_text
from nlp_service.lexicon import lexicon_of


@pytest.mark.parametrize(
    ("language", "word"),
    [
        (Language.ENGLISH, "because"),
        (Language.ENGLISH, "colour"),
        (Language.ENGLISH, "don't"),
        (Language.SWEDISH, "därför"),
        (Language.SWEDISH, "skolavslutningsfesten"),
    ],
)
def test_words_in_the_dictionary_are_accepted(language: Language, word: str) -> None:
    assert lexicon_of(language).accepts(word)


@pytest.mark.parametrize(
    ("language", "word"),
    [
        (Language.ENGLISH, "becouse"),
        (Language.ENGLISH, "definitly"),
        (Language.SWEDISH, "rekomenderar"),
        (Language.SWEDISH, "prioterar"),
    ],
)
def test_misspellings_are_not_accepted(language: Language, word: str) -> None:
    assert not lexicon_of(language).accepts(word)


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("word", ["привет", "漢字", "ﬁ", "a" * 10_000, "bil" * 3_000])
def test_words_that_no_dictionary_can_hold_are_refused_not_raised(language: Language, word: str) -> None:
    lexicon = lexicon_of(language)

    assert not lexicon.accepts(word)
    assert lexicon.zipf(word) < 3


@pytest.mark.parametrize(
    ("language", "common", "rare"), [(Language.ENGLISH, "the", "lantern"), (Language.SWEDISH, "och", "fyrvaktare")]
)
def test_common_words_have_higher_zipf_values_than_rare_ones(language: Language, common: str, rare: str) -> None:
    zipf = lexicon_of(language).zipf

    assert 7 < zipf(common) < 8
    assert zipf(rare) < 4
    assert zipf("qzxv") == 0.0


def test_a_worker_process_can_be_handed_the_work_and_hand_back_its_result() -> None:
    work, arguments = pickle.loads(
        pickle.dumps((analyse_text, (Language.SWEDISH, "Det va en rolig dag när vi var i skogen.")))
    )
    analysis = work(*arguments)

    assert isinstance(analysis, Analysis)
    assert pickle.loads(pickle.dumps(analysis)) == analysis
    assert analysis.metrics.language_detected == "sv"
