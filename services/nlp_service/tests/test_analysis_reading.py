"""Taking a text apart: what counts as a word, a sentence, a paragraph, and which language it is in."""

import pytest

from common_core.enums import Language
from nlp_service.domain.languages import ENGLISH, PROFILES, UNDETERMINED, detect_language
from nlp_service.domain.reading import Lexicon, Reading, read

EVERYTHING_ACCEPTED = Lexicon(zipf=lambda word: 4.0, accepts=lambda word: True)


def reading_of(text: str, accepted: Lexicon = EVERYTHING_ACCEPTED) -> Reading:
    return read(text, ENGLISH, accepted)


def sentences_of(text: str) -> list[str]:
    return [" ".join(words) for words in reading_of(text).sentences]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("I don't know, 3 times!", ["i", "don't", "know", "times"]),
        ("It’s mum’s", ["it's", "mum's"]),
        ("Åsa åker båt", ["åsa", "åker", "båt"]),
        ("A\u030asa är so\u0308t", ["åsa", "är", "söt"]),
        ("a well-known café", ["a", "well", "known", "café"]),
        ("'quoted' words", ["quoted", "words"]),
        ("😀 42 ... --", []),
    ],
)
def test_words_are_runs_of_letters_with_apostrophes_inside(text: str, words: list[str]) -> None:
    assert reading_of(text).words == words


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("One. Two! Three? Four", ["One", "Two", "Three", "Four"]),
        ("Wait... what?! Yes", ["Wait", "what", "Yes"]),
        ('He said "no." Then he left.', ["He said no", "Then he left"]),
        ("It costs 2.50 today", ["It costs today"]),
        ("Many pets, e.g. dogs, bark. Mr. Holt agrees.", ["Many pets e g dogs bark", "Mr Holt agrees"]),
        ("Djur, t.ex. hundar. Och katter.", ["Djur t ex hundar", "Och katter"]),
        ("My title\n\nThe text", ["My title", "The text"]),
        ("A line that was\r\nwrapped by a program", ["A line that was wrapped by a program"]),
        ("", []),
    ],
)
def test_sentences_end_at_their_marks_and_where_a_new_paragraph_begins(text: str, sentences: list[str]) -> None:
    assert sentences_of(text) == sentences


@pytest.mark.parametrize(
    ("text", "paragraphs"),
    [
        ("", 0),
        ("One.", 1),
        ("Title\n\nOne.\n\n\n   \nTwo.\n", 3),
        ("One is\nwrapped.\nTwo begins.", 2),
        ("One.\n\n***\n\nTwo.", 2),
    ],
)
def test_a_paragraph_is_a_line_with_words_that_does_not_go_on_with_a_small_letter(text: str, paragraphs: int) -> None:
    assert reading_of(text).paragraph_count == paragraphs


def test_words_that_may_be_names_are_not_called_misspelt() -> None:
    only_the = Lexicon(zipf=lambda word: 4.0, accepts=lambda word: word == "the")

    assert reading_of("Ruben saw the the dogg, dogg and BBC", only_the).misspelt == {"saw": 1, "dogg": 2, "and": 1}


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("My brother and I were at the cinema when they called us.", "en"),
        ("Min bror och jag var på bio när de ringde till oss.", "sv"),
        ("Yesterday I visited my mormor och morfar, and they were happy about it.", "en"),
        ("", UNDETERMINED),
        ("banana telephone", UNDETERMINED),
        ("Mon frère et moi étions au cinéma de la ville en face de chez nous.", UNDETERMINED),
        ("Mi hermano y yo estábamos en el cine de la ciudad en verano, me gusta.", UNDETERMINED),
        ("the och", UNDETERMINED),
    ],
)
def test_a_language_is_named_only_when_its_own_function_words_are_common(text: str, language: str) -> None:
    assert detect_language(reading_of(text).types) == language


@pytest.mark.parametrize("language", Language)
def test_every_language_has_word_lists_in_lower_case(language: Language) -> None:
    profile = PROFILES[language]
    lists = (profile.function_words, profile.connectives, profile.spoken_forms, profile.first_person)

    assert all(lists)
    assert all(word == word.lower() for words in lists for word in words)
