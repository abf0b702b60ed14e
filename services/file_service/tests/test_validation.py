"""An essay has from 50 to 50,000 characters, white space around them not counted."""

import pytest

from common_core.enums import FileValidationErrorCode
from file_service.domain import failures
from file_service.domain.failures import ContentTooLong, ContentTooShort, EmptyContent, FileRefused, refusal
from file_service.domain.validation import validated


@pytest.mark.parametrize("length", [50, 51, 49_999, 50_000])
def test_a_text_of_an_essays_length_is_returned_without_the_space_around_it(length: int) -> None:
    assert validated(f"\n\t {'ö' * length} \n") == "ö" * length


@pytest.mark.parametrize("blank", ["", " ", "\n\t\n \u00a0"])
def test_a_blank_text_is_empty(blank: str) -> None:
    with pytest.raises(EmptyContent):
        validated(blank)


@pytest.mark.parametrize("text", ["a", "a" * 49, " " * 60 + "a" * 49])
def test_too_little(text: str) -> None:
    with pytest.raises(ContentTooShort, match="at least 50"):
        validated(text)


def test_too_much() -> None:
    with pytest.raises(ContentTooLong, match=r"1,000,000 characters.*at most 50,000"):
        validated("a" * 1_000_000)


def test_a_school_can_set_other_limits() -> None:
    assert validated("abc", least=3, most=3) == "abc"
    with pytest.raises(ContentTooShort):
        validated("ab", least=3, most=3)
    with pytest.raises(ContentTooLong):
        validated("abcd", least=3, most=3)


@pytest.mark.parametrize("kind", FileRefused.__subclasses__())
def test_a_failure_keeps_its_kind_and_words_on_its_way_between_processes(kind: type[FileRefused]) -> None:
    rebuilt = refusal(kind.code, str(kind()), "reason")

    assert type(rebuilt) is kind
    assert str(rebuilt) == kind.__doc__
    assert rebuilt.reason == "reason"


def test_every_code_has_its_failure() -> None:
    codes = {kind.code for kind in failures.FileRefused.__subclasses__()}

    assert codes == set(FileValidationErrorCode)
