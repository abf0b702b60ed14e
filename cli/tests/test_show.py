"""What a person sees of results on a narrow terminal."""

import io
from typing import Any

import pytest

from huleedu.screen import screen
from huleedu.show import show_results

LONG_NAME = "Signe_Torpenfelt [red] argumenterande_text_slutversion:smile:.docx"
REASON = "The file is protected by a password. Remove the password and upload it again."


def essay(**changes: Any) -> dict[str, Any]:
    return {
        "essay_id": "e1",
        "file_name": "a.txt",
        "words": 213,
        "correction_count": 7,
        "corrections_per_100_words": 3.29,
        "features": {"lix": 23.6, "mtld": 85.8},
        "failures": [],
        "language_detected": "en",
        **changes,
    }


def shown(*essays: dict[str, Any], left_out: list[dict[str, Any]]) -> list[str]:
    console = screen()
    console.file, console.width = io.StringIO(), 80
    results = {"course_code": "ENG5", "language": "en", "essays": list(essays), "left_out": left_out}
    show_results(console, {**results, "completed_essay_count": len(essays), "failed_essay_count": len(left_out)})
    return console.file.getvalue().splitlines()


def test_numbers_and_the_whole_name_are_there() -> None:
    lines = shown(essay(file_name=LONG_NAME), left_out=[])

    assert "213            7      3.3  23.6  85.8" in lines[4]
    assert max(map(len, lines)) <= 80
    in_the_first_column = "".join(line[:28].strip() for line in lines[4:])
    assert in_the_first_column.replace(" ", "") == LONG_NAME.replace(" ", "")


def test_one_essay_is_one() -> None:
    assert shown(essay(), left_out=[])[0] == "ENG5: 1 essay done"


def test_a_file_that_was_left_out_is_told_of_in_one_line() -> None:
    lines = shown(left_out=[{"file_name": "[b].pdf", "reason": REASON}])

    assert lines == ["ENG5: 0 essays done, 1 could not be", f"[b].pdf: {REASON}"]


@pytest.mark.parametrize(
    ("changes", "remark"),
    [
        ({"language_detected": "sv"}, "a.txt: looks Swedish: not corrected"),
        ({"failures": [{"phase": "nlp", "reason": "It took too long."}]}, "a.txt: analysis: It took too long."),
    ],
)
def test_what_did_not_go_well_is_said_below(changes: dict[str, Any], remark: str) -> None:
    assert shown(essay(**changes), left_out=[])[-1] == remark
