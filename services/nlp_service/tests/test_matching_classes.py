"""What follows for a whole class: who is sure, who is contested, and that one student writes one essay."""

from collections.abc import Callable
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common_core.enums import MatchOutcome, MatchReasonCode
from nlp_service.domain.matching.assignment import assigned
from nlp_service.domain.matching.matching import Essay, match_class
from nlp_service.domain.matching.names import Student
from nlp_service.domain.matching.policy import Policy
from nlp_service.tests.matching_class import CLASS, accepted, essay, match, student, suggested

SURE = 0.85
TIME_LIMIT_ACCEPTS = 0.7


def test_a_first_name_alone_is_suggested_if_it_is_one_students_alone() -> None:
    found = match(essay("Name: Björn"))

    assert suggested(found) == ["Björn Åkerström"]
    assert found.suggestions[0].confidence < TIME_LIMIT_ACCEPTS
    assert MatchReasonCode.FIRST_NAME_ONLY in {reason.code for reason in found.suggestions[0].reasons}


def test_a_first_name_of_two_students_names_both() -> None:
    found = match(essay("Name: Erik"))

    assert set(suggested(found)) == {"Erik Svensson", "Erik Lind"}
    assert found.contest is not None
    assert found.contest.code is MatchReasonCode.OTHER_STUDENT_FITS
    assert {"Erik Svensson may have written it as well.", "Erik Lind may have written it as well."} == {
        suggestion.reasons[-1].sentence for suggestion in found.suggestions
    }


@pytest.mark.parametrize(("written", "name"), [("Anna S.", "Anna Svensson"), ("E. Lind", "Erik Lind")])
def test_an_initial_tells_students_of_one_first_or_last_name_apart(written: str, name: str) -> None:
    found = match(essay(f"Name: {written}"))

    assert suggested(found)[0] == name
    assert found.outcome is MatchOutcome.REVIEW


def test_the_letter_of_a_class_is_no_initial() -> None:
    roster = [student("Erik Andersson"), student("Erik Berg")]

    assert match(essay("Erik 9 A"), roster).suggestions[0].confidence < TIME_LIMIT_ACCEPTS
    assert suggested(match(essay("Erik Å."), [*roster, student("Erik Åberg")]))[0] != "Erik Berg"


def test_a_last_name_of_siblings_is_nobodys() -> None:
    assert match(essay("Name: Svensson")).suggestions[0].confidence < TIME_LIMIT_ACCEPTS


def test_a_name_letter_for_letter_is_not_contested_by_one_like_it() -> None:
    assert accepted(essay("Sofia Lindqvist")) == "Sofia Lindqvist"
    assert accepted(essay("Sofie Lindkvist")) == "Sofie Lindkvist"


def test_a_name_between_two_is_contested() -> None:
    found = match(essay("Sofia Lindkvist"))

    assert found.outcome is MatchOutcome.REVIEW
    assert set(suggested(found)) == {"Sofia Lindqvist", "Sofie Lindkvist"}
    assert all(suggestion.confidence < TIME_LIMIT_ACCEPTS for suggestion in found.suggestions)


def test_students_of_one_name_are_told_apart_by_their_address_only() -> None:
    twins = [student("Ali Ali", "ali1@skola.example"), Student("2", "Ali", "Ali", "ali2@skola.example")]

    assert match(essay("Ali Ali"), twins).outcome is MatchOutcome.REVIEW
    assert match(essay("ali2@skola.example"), twins).suggestions[0].student.student_id == "2"


def test_two_authors_are_no_author() -> None:
    found = match(essay("Namn: Anna Svensson och Erik Lind"))

    assert found.outcome is MatchOutcome.REVIEW
    assert set(suggested(found)) >= {"Anna Svensson", "Erik Lind"}


def test_a_file_that_says_somebody_else_is_a_contradiction() -> None:
    found = match(essay("Name: Anna Svensson", file="Erik Lind.docx"))

    assert found.outcome is MatchOutcome.REVIEW
    assert found.contest is not None
    assert "Erik Lind" in found.contest.sentence


@pytest.mark.parametrize(
    "one",
    [
        essay("Name: Anna Svensson", file="e lind.docx"),
        essay("My summer", file="lind essay.docx", author="Anna Svensson"),
    ],
)
def test_a_weaker_claim_of_another_place_contradicts_too(one: Essay) -> None:
    found = match(one, [student("Anna Svensson"), student("Erik Lind")])

    assert (found.outcome, suggested(found)[0]) == (MatchOutcome.REVIEW, "Anna Svensson")
    assert found.contest is not None
    assert found.contest.code is MatchReasonCode.EVIDENCE_DISAGREES
    assert found.contest.sentence.endswith("which speaks for Erik Lind.")
    assert found.suggestions[0].confidence < TIME_LIMIT_ACCEPTS


def test_who_owns_the_computer_contradicts_nobody() -> None:
    assert accepted(essay("Name: Anna Svensson", author="Erik Svensson")) == "Anna Svensson"


def test_a_document_author_of_several_essays_is_the_author_of_none() -> None:
    essays = [essay(name="a", author="Erik Lind"), essay(name="b", author="Erik Lind")]

    assert [found.outcome for found in match_class(essays, CLASS)] == [MatchOutcome.NO_MATCH, MatchOutcome.NO_MATCH]


def test_two_essays_of_one_student_are_both_looked_at() -> None:
    essays = [
        essay("Anna Svensson", name="a", file="essay1.docx"),
        essay("Anna Svensson", name="b", file="essay2.docx"),
    ]
    first, second = match_class(essays, CLASS)

    assert {first.outcome, second.outcome} == {MatchOutcome.REVIEW}
    assert first.contest is not None
    assert first.contest.sentence == "'essay2.docx' may be by Anna Svensson, too."
    assert max(found.suggestions[0].confidence for found in (first, second)) < TIME_LIMIT_ACCEPTS


def test_a_weak_claim_does_not_keep_a_student_from_his_own_essay() -> None:
    essays = [essay("Name: Erik", name="a"), essay("Name: Erik Lind", name="b")]
    weak, sure = match_class(essays, CLASS)

    assert sure.outcome is MatchOutcome.MATCHED
    assert suggested(weak)[0] == "Erik Svensson"


def test_the_thresholds_are_data() -> None:
    [found] = match_class([essay("Anna Svensson")], CLASS, Policy(auto_accept=0.99))

    assert found.outcome is MatchOutcome.REVIEW


def test_nobody_in_the_class_is_nobodys_essay() -> None:
    assert match(essay("Anna Svensson"), []).outcome is MatchOutcome.NO_MATCH
    assert match_class([], CLASS) == []


# --- what holds for every class --------------------------------------------------------------------------------------

FIRST = st.sampled_from(
    ["Anna", "Anne", "Erik", "Erika", "Björn", "Sofia", "Sofie", "Åsa", "Mohammed", "Lars-Göran", "Zoë", "My", "Maria"]
)
LAST = st.sampled_from(
    ["Svensson", "Lind", "Lindqvist", "Lindkvist", "Al-Hassan", "Öberg", "Berg", "Åberg", "von_Platen", "Yılmaz", "Maj"]
)
ROSTERS = st.lists(st.tuples(FIRST, LAST), min_size=1, max_size=8, unique=True)
LAYOUTS = st.sampled_from(["{}", "Name: {}", "Namn: {}\nKlass: 9A", "My summer\nby {}", "{} SA24D ENG 5 2025"])
SPELLINGS: st.SearchStrategy[Callable[[str], str]] = st.sampled_from(
    [str.title, str.upper, str.lower, lambda name: ", ".join(reversed(name.split(" ", 1)))]
)


def roster_of(names: list[tuple[str, str]]) -> list[Student]:
    return [student(f"{first} {last}") for first, last in names]


few = settings(max_examples=50, deadline=None)


@few
@given(ROSTERS, LAYOUTS, SPELLINGS)
def test_a_whole_name_finds_its_student_in_every_case_and_order(
    names: list[tuple[str, str]], layout: str, spelt: Callable[[str], str]
) -> None:
    roster = roster_of(names)
    author = roster[0]

    assert suggested(match(essay(layout.format(spelt(author.name))), roster))[0] == author.name


@few
@given(ROSTERS, st.tuples(FIRST, LAST), st.lists(st.tuples(FIRST, LAST), min_size=1, max_size=3))
def test_another_student_never_makes_a_right_match_a_wrong_one(
    names: list[tuple[str, str]], author: tuple[str, str], others: list[tuple[str, str]]
) -> None:
    roster = roster_of([author, *(each for each in names if each != author)])
    one = essay(f"Name: {roster[0].name}")
    assert accepted(one, roster) in (roster[0].name, None)

    larger = roster + [each for each in roster_of(others) if each not in roster]

    assert accepted(one, larger) in (roster[0].name, None)


@few
@given(ROSTERS, st.data())
def test_the_order_of_essays_and_students_makes_no_difference(
    names: list[tuple[str, str]], data: st.DataObject
) -> None:
    roster = roster_of(names)
    headers = data.draw(st.lists(st.sampled_from([each.name for each in roster] + ["Anna", "Svensson", "My summer"])))
    essays = [essay(header, name=str(number)) for number, header in enumerate(headers)]
    shuffled, other_roster = data.draw(st.permutations(essays)), data.draw(st.permutations(roster))

    found = {each.essay_id: each for each in match_class(essays, roster)}

    assert {each.essay_id: each for each in match_class(shuffled, other_roster)} == found


@few
@given(ROSTERS, st.data())
def test_no_student_is_accepted_for_two_essays(names: list[tuple[str, str]], data: st.DataObject) -> None:
    roster = roster_of(names)
    headers = data.draw(st.lists(st.sampled_from([each.name for each in roster]), max_size=6))
    essays = [essay(header, name=str(number)) for number, header in enumerate(headers)]

    matched = [each for each in match_class(essays, roster) if each.outcome is MatchOutcome.MATCHED]

    assert len({each.suggestions[0].student.student_id for each in matched}) == len(matched)
    assert all(each.suggestions[0].confidence >= SURE for each in matched)


@few
@given(st.text(max_size=300), st.text(max_size=40), st.text(max_size=40))
def test_no_text_whatever_breaks_matching(text: str, file_name: str, author: str) -> None:
    match(Essay("it", text, file_name, author))


@few
@given(st.lists(st.dictionaries(st.integers(0, 3), st.integers(1, 9).map(lambda n: n / 8)), max_size=4))
def test_the_assignment_is_the_best_there_is(weights: list[dict[int, float]]) -> None:
    found = assigned(weights)
    taken = [column for column in found if column is not None]
    every = permutations([0, 1, 2, 3, *[None] * len(weights)], len(weights))
    possible = [
        sum(row.get(column, -1) for row, column in zip(weights, columns, strict=True) if column is not None)
        for columns in set(every)
    ]

    assert len(set(taken)) == len(taken)
    total = sum(row[column] for row, column in zip(weights, found, strict=True) if column is not None)
    assert total == max(possible, default=0)
