"""Which words of a text a spelling checker may look at, and in what case it answers."""

import pytest

from spellchecker_service.domain.words import count_words, match_case, names_among, words_of


def found(text: str) -> list[str]:
    return [word.text for word in words_of(text)]


@pytest.mark.parametrize(
    "text",
    [
        "see https://www.exmple.com/pagge for",
        "see www.exmple.se for",
        "see anna.svenson@skoolan.se for",
        "see exmple.com, for",
        r"see C:\mapp\fiil for",
        "see #skoool for",
        "see 19-åring for",
        "see user_nmae for",
        "see m² for",
    ],
)
def test_addresses_numbers_and_identifiers_are_no_words(text: str) -> None:
    assert found(text) == ["see", "for"]


def test_hyphens_and_apostrophes_of_any_shape_belong_to_their_word() -> None:
    assert [word.plain for word in words_of("don’t well‑known rock'n'roll 'quoted'")] == [
        "don't",
        "well-known",
        "rock'n'roll",
        "quoted",
    ]


def test_accents_may_be_characters_of_their_own() -> None:
    (word,) = words_of("på")

    assert (word.text, word.plain) == ("på", "på")


def test_a_word_torn_off_by_a_hyphen_is_marked() -> None:
    assert [(word.text, word.is_torn) for word in words_of("för- och nackdelar")] == [
        ("för", True),
        ("och", False),
        ("nackdelar", False),
    ]


def test_parts_of_a_hyphenated_word_know_their_place() -> None:
    text = "a well-knwon fact"
    hyphenated = list(words_of(text))[1]

    assert [(part.text, text[part.start : part.start + 5].rstrip("-")) for part in hyphenated.parts()] == [
        ("well", "well"),
        ("knwon", "knwon"),
    ]


def test_a_capital_inside_a_sentence_or_three_times_at_its_start_makes_a_name() -> None:
    words = list(words_of("Hej. Igår kom Zlatan. Ebba. Ebba! Ebba? Hejsan."))

    assert names_among(words) == {"Zlatan", "Ebba"}


@pytest.mark.parametrize(
    ("original", "replacement", "expected"),
    [
        ("teh", "the", "the"),
        ("Teh", "the", "The"),
        ("TEH", "the", "THE"),
        ("monday", "Monday", "Monday"),
        ("dosen’t", "doesn't", "doesn’t"),
    ],
)
def test_the_replacement_takes_over_capitals_and_apostrophe(original: str, replacement: str, expected: str) -> None:
    assert match_case(original, replacement) == expected


def test_words_are_counted_between_white_space() -> None:
    assert count_words("Two words – and 1 well-known number.\n") == 6
