"""Text is whatever the database can hold; everything else is refused by name."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from huleedu_service_libs.text import Line, Text


class Body(BaseModel):
    """A body with both kinds."""

    text: Text = ""
    line: Line = "x"


def storable(text: str) -> bool:
    """By another road: what JSON and UTF-8 let through, less NUL."""
    try:
        return b"\0" not in text.encode("utf-8", "strict")
    except UnicodeEncodeError:
        return False


@given(st.text(st.characters(exclude_categories=())))
def test_text_is_taken_unchanged_exactly_when_it_can_be_stored(text: str) -> None:
    if storable(text):
        assert Body(text=text).text == text
    else:
        with pytest.raises(ValidationError):
            Body(text=text)


@pytest.mark.parametrize(("sent", "code"), [(r'"a\u0000"', "string_pattern_mismatch"), (r'"\ud800"', "string_unicode")])
def test_the_refusal_says_why(sent: str, code: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Body(text=json.loads(sent))

    assert [error["type"] for error in refused.value.errors()] == [code]


def test_a_pair_of_surrogates_in_json_is_a_character() -> None:
    assert Body(text=json.loads(r'"\ud83d\ude00"')).text == "😀"


def test_a_line_is_stripped_before_it_is_measured() -> None:
    assert Body(line="  Essay 1 \n").line == "Essay 1"
    for refused in ("   ", "a\0", "\ud800", "x" * 256):
        with pytest.raises(ValidationError):
            Body(line=refused)
