"""What a teacher says in the terminal of who wrote what."""

from typing import Any

import pytest

from huleedu.confirm import choice, suggestions_table
from huleedu.screen import screen

ESSAYS: list[dict[str, Any]] = [
    {
        "essay_id": "e1",
        "filename": "asa.txt",
        "suggested_student_name": "Åsa Lindqvist",
        "confidence_score": 0.93,
        "match_reasons": ["The file is named Åsa Lindqvist."],
        "review_reason": None,
        "no_match_reason": None,
    },
    {
        "essay_id": "e2",
        "filename": "text.txt",
        "suggested_student_name": None,
        "confidence_score": None,
        "match_reasons": [],
        "review_reason": None,
        "no_match_reason": "There is no name in it.",
    },
]
ASA = {"student_id": "s1", "first_name": "Åsa", "last_name": "Lindqvist"}
ASTA = {"student_id": "s2", "first_name": "Asta", "last_name": "Lindqvist"}


def test_each_essay_is_shown_with_who_and_why() -> None:
    console = screen()
    console.width = 100
    with console.capture() as shown:
        console.print(suggestions_table(ESSAYS))

    one, two = [line for line in shown.get().splitlines() if ".txt" in line]
    assert one.split() == ["1", "asa.txt", "Åsa", "Lindqvist", "93%", "The", "file", "is", "named", "Åsa", "Lindqvist."]
    assert two.split()[:3] == ["2", "text.txt", "?"]
    assert "There is no name in it." in two


def test_a_choice_names_an_essay_by_number_and_a_student_by_part_of_the_name() -> None:
    assert choice("2=åsa", ESSAYS, [ASA, ASTA]) == (ESSAYS[1], ASA)
    assert choice(" 1 = ASTA lind", ESSAYS, [ASA, ASTA]) == (ESSAYS[0], ASTA)
    assert choice("1=-", ESSAYS, [ASA, ASTA]) == (ESSAYS[0], None)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("yes", "Say the number"),
        ("3=åsa", "1 to 2"),
        ("0=åsa", "1 to 2"),
        ("1=lind", "could be Åsa Lindqvist, Asta Lindqvist"),
        ("1=bo", "Nobody is called that"),
        ("1=", "Nobody is called that"),
    ],
)
def test_what_is_unclear_is_asked_again(said: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        choice(said, ESSAYS, [ASA, ASTA])
