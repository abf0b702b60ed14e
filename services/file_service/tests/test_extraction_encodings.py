"""Plain text is read right whatever computer it was written on."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from file_service.domain.failures import UnsupportedFileType
from file_service.extraction.plain_text import decoded, read_plain_text

SWEDISH = "Åsa gick över ån. Är det så här en älv ser ut? Öland är en ö, sa hon, och åt en crème brûlée på ett kafé."
QUOTED = "”Jag vet inte”, sa Åsa – och det var sant… för hon hade glömt allt. Det kostade 30 € på kaféet i Örebro."
ENGLISH = "I don’t know what to say – it’s “strange”, isn’t it? Everybody in my class thinks so."
WORDS = ["åka", "ära", "öde", "blå", "räv", "Åsa", "Örebro", "Älvsbyn", "idé", "kafé", "müsli", "the"]
WINDOWS = [
    "£50",
    "50 €",
    "€50",
    "• one",
    "it’s",
    "“yes”",
    "Hmm…",
    "a – b",
    "20 °C",
    "½ cup",
    "naïve",
    "¡Hola!",
    "Lego™",
    "©",
]

UNICODE = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32")
MARKED = ("utf-8", "utf-8-sig", "utf-16", "utf-32")
EIGHT_BIT = ("cp1252", "latin-1", "iso8859_15", "mac_roman", "cp850")


@pytest.mark.parametrize("encoding", [*UNICODE, *EIGHT_BIT])
@pytest.mark.parametrize("text", [SWEDISH, QUOTED, ENGLISH])
def test_swedish_and_english_in_every_encoding(text: str, encoding: str) -> None:
    written = text.encode(encoding, errors="replace")

    assert decoded(written).removeprefix("\ufeff") == written.decode(encoding).removeprefix("\ufeff")


@given(words=st.lists(st.sampled_from(WORDS), min_size=1, max_size=30), encoding=st.sampled_from(EIGHT_BIT))
def test_any_words_in_any_8_bit_encoding(words: list[str], encoding: str) -> None:
    text = " ".join(words)

    assert decoded(text.encode(encoding)) == text


@pytest.mark.parametrize("encoding", EIGHT_BIT)
@pytest.mark.parametrize("word", WORDS)
def test_one_word_is_enough(word: str, encoding: str) -> None:
    assert decoded(word.encode(encoding)) == word


@pytest.mark.parametrize("text", WINDOWS)
def test_one_sign_among_english_words_is_enough_on_windows(text: str) -> None:
    assert decoded(text.encode("cp1252")) == text


@given(text=st.text(st.characters(codec="utf-8", exclude_characters="\0")), encoding=st.sampled_from(MARKED))
def test_any_text_in_unicode(text: str, encoding: str) -> None:
    assert decoded(text.encode(encoding)).removeprefix("\ufeff") == text.removeprefix("\ufeff")


@given(raw=st.binary())
def test_any_bytes_are_decoded_somehow(raw: bytes) -> None:
    assert isinstance(decoded(raw), str)


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(UnsupportedFileType):
        read_plain_text(bytes(range(256)) * 20)


def test_the_end_mark_of_dos_is_no_text() -> None:
    assert read_plain_text("Hej på dig\r\n\x1a".encode("cp850")).text == "Hej på dig"
