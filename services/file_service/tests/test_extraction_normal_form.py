"""Every text has one form: composed letters, plain line ends, nothing invisible."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from file_service.domain.extracted_text import FileFormat, extracted, first_lines, normalised

MESSY = st.text(st.sampled_from("aå ö\u0308\u030a\t\r\n\x0b\x0c\0\x7f\u2028\u00ad\u200b\ufeff\ud800\udc00\u00a0."))


@given(st.text() | MESSY)
def test_the_normal_form(text: str) -> None:
    normal = normalised(text)

    assert normal.isprintable() or not {"Cc", "Cs"} & {unicodedata.category(c) for c in normal if c not in "\n\t"}
    assert unicodedata.is_normalized("NFC", normal)
    assert "\n\n\n\n" not in normal
    assert all(line == line.rstrip() for line in normal.split("\n"))
    assert normalised(normal) == normal
    normal.encode()


def test_letters_are_composed_and_line_ends_plain() -> None:
    assert normalised("A\u030asa\r\ngick\rhem\u2028igen\x0c") == "Åsa\ngick\nhem\nigen"


def test_a_word_with_something_invisible_in_it_is_one_word() -> None:
    assert normalised("\ufeffskol\u00adupp\u200bgift\0er\ud800") == "skoluppgifter"


def test_two_blank_lines_stay_and_more_become_two() -> None:
    assert normalised("a\n\n\nb \n \n\n \n\nc") == "a\n\n\nb\n\n\nc"


def test_first_lines_are_ten_and_short() -> None:
    assert first_lines("\n".join(["", "Namn: Bo", "x" * 500, *"abcdefghijk"])) == ("Namn: Bo", "x" * 200, *"abcdefgh")


def test_a_blank_property_is_none() -> None:
    assert extracted("text", FileFormat.TXT, author=" \0 ", title="Min\n sommar").author is None
    assert extracted("text", FileFormat.TXT, author=" \0 ", title="Min\n sommar").title == "Min sommar"
