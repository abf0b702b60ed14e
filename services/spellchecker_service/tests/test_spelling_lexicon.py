"""The lexicons built from the installed packages: right on real words, and safe to build from several sides."""

from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path

import pytest

from common_core.enums import Language
from spellchecker_service.lexicon import check_text, lexicon_path, prepare_lexicon, speller

Steps = list[tuple[int, int]]


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the lexicons of this test session are built, at their first use."""
    return tmp_path_factory.mktemp("lexicons")


@pytest.fixture(scope="session")
def told_to_two_builders(folder: Path) -> tuple[Steps, Steps]:
    """The progress told to two who wanted the English lexicon at once, where a third had been killed building it."""
    lexicon_path(Language.ENGLISH, folder).with_suffix(".building").write_bytes(b"killed here" * 5_000_000)
    told: tuple[Steps, Steps] = ([], [])
    with ThreadPoolExecutor() as threads:
        list(threads.map(lambda steps: prepare_english(folder, steps), told))
    return told


def prepare_english(folder: Path, steps: Steps) -> None:
    prepare_lexicon(Language.ENGLISH, folder, lambda done, total: steps.append((done, total)))


def test_of_two_builders_one_builds_and_the_other_waits(told_to_two_builders: tuple[Steps, Steps]) -> None:
    idle, steps = sorted(told_to_two_builders, key=len)

    assert idle == []
    assert all(before < after for (before, _), (after, _) in pairwise(steps))
    assert steps[0][0] == 0
    assert steps[-1] == (steps[0][1],) * 2


@pytest.mark.usefixtures("told_to_two_builders")
def test_what_is_built_is_not_built_again(folder: Path) -> None:
    steps: Steps = []

    prepare_english(folder, steps)

    assert steps == []


@pytest.mark.usefixtures("told_to_two_builders")
def test_texts_can_be_checked_in_other_processes(folder: Path) -> None:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as processes:
        result = processes.submit(check_text, Language.ENGLISH, "I recieve it.", folder).result()

    assert result.corrected_text == "I receive it."


@pytest.mark.parametrize(
    ("language", "text", "corrected"),
    [
        (
            Language.ENGLISH,
            "I beleive teh goverment recieves alot of intresting letters. We analysed the colour of NATO’s flags.",
            "I believe the government receives a lot of interesting letters. We analysed the colour of NATO’s flags.",
        ),
        (
            Language.SWEDISH,
            "Igår åt vi fiskpinar i skolmatsaln brevid Kristoffer, och det fins för- och nackdelar osv.",
            "Igår åt vi fiskpinnar i skolmatsalen bredvid Kristoffer, och det finns för- och nackdelar osv.",
        ),
    ],
)
@pytest.mark.usefixtures("told_to_two_builders")
def test_real_words_are_corrected(folder: Path, language: Language, text: str, corrected: str) -> None:
    assert check_text(language, text, folder).corrected_text == corrected


def test_words_of_alphabets_a_dictionary_cannot_hold_are_left_alone(folder: Path) -> None:
    text = "Dvořák, Ελλάδα, Москва and 中文 are there"

    assert check_text(Language.ENGLISH, text, folder).corrected_text == text


def test_british_spellings_are_right_and_offered(folder: Path) -> None:
    english = speller(Language.ENGLISH, folder)

    assert english.accepts("categorised")
    assert not english.accepts("humourous")
    assert "behaviour" in english.suggest("behavivour")
