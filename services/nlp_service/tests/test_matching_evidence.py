"""Where a name counts as the author's, in which spellings it is found again, and where it does not count."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common_core.enums import MatchOutcome, MatchReasonCode
from nlp_service.domain.matching.matching import Essay
from nlp_service.domain.matching.names import Student
from nlp_service.domain.matching.texts import beginning_and_end, text_claims
from nlp_service.tests.matching_class import BODY, CLASS, accepted, essay, match, student, suggested


@pytest.mark.parametrize(
    "header",
    [
        "Anna Svensson\nMy summer",
        "My summer\nAnna Svensson",
        "Name: Anna Svensson   Class: SA24D\nMy summer",
        "Name: Anna Svensson Class: SA24D Teacher: Erik Lind\nMy summer",
        "Namn: Anna Svensson\nKlass: NA22B\nDatum: den 3 maj 2025\nMin sommar",
        "Elev\tAnna Svensson\nLärare\tErik Lind",
        "Namn\nAnna Svensson\nKlass\n9A",
        "Förnamn: Anna\nEfternamn: Svensson",
        "Teacher's name: Erik Lind\nStudent's name: Anna Svensson",
        "My summer\nby Anna Svensson",
        "Skriven av Anna Svensson, SA24D",
        "Svensson, Anna 9A Engelska 6 2025",
        "Anna Svensson 2025-03-14 09:12\nNationellt prov",
        "Anna Svensson - Är skolan till för alla?",
        "My summer\n\nanna.svensson@skola.example",
        "anna.svensson@elsewhere.example",
    ],
)
def test_the_author_is_found_at_the_top_of_the_text(header: str) -> None:
    assert accepted(essay(header)) == "Anna Svensson"


@pytest.mark.parametrize(
    "file",
    [
        "Anna Svensson - Essay 2.docx",
        "anna_svensson_essay2 (1).pdf",
        "svenssonanna_LATE_12345_678910_essay.docx",
        "Anna Svensson_1234567_assignsubmission_file_uppsats.docx",
        "AnnaSvenssonEssay.odt",
        "ENG5-svensson-anna-v2-final-final.txt",
        "Svensson, Anna.docx",
        "Why dogs matter Anna Svensson.docx",
        "anna.svensson.docx",
    ],
)
def test_the_author_is_found_in_the_name_of_the_file(file: str) -> None:
    assert accepted(essay(file=file)) == "Anna Svensson"


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("BJÖRN ÅKERSTRÖM", "Björn Åkerström"),
        ("bjorn akerstrom", "Björn Åkerström"),
        ("Bjoern Aakerstroem", "Björn Åkerström"),
        ("BjÃ¶rn Ã…kerstrÃ¶m", "Björn Åkerström"),
        ("Bjo\u0308rn A\u030akerstro\u0308m", "Björn Åkerström"),
        ("Björn Åkeström", "Björn Åkerström"),
        ("Björn Åkertsröm", "Björn Åkerström"),
        ("Muhammad Al Hassan", "Mohammed Al-Hassan"),
        ("Mohammed Alhassan", "Mohammed Al-Hassan"),
        ("Alex von Platen", "Alexander von Platen"),
        ("Alexander Platen", "Alexander von Platen"),
        ("Maria Garcia", "María García López"),
        ("Maria Garcia-Lopez", "María García López"),
        ("Nguyen Thi Minh", "Nguyễn Thị Minh"),
        ("Siobhan O’Brien", "Siobhán O'Brien"),
        ("Siobhan OBrien", "Siobhán O'Brien"),
        ("Zeynep Yilmaz", "Zeynep Yılmaz"),
        ("Annakarin Lind", "Anna-Karin Lind"),
        ("Anna Lind", "Anna-Karin Lind"),
        ("Anna Maria Svensson", "Anna Svensson"),
        ("Мария Гарсия", "María García López"),
    ],
)
def test_a_name_is_found_again_in_another_spelling(written: str, name: str) -> None:
    assert suggested(match(essay(f"Name: {written}")))[:1] == [name]


@pytest.mark.parametrize(
    "header",
    [
        "Teacher: Anna Svensson\nMy summer",
        "Lärare\tAnna Svensson",
        "Undervisande lärare: Anna Svensson",
        "Teacher's name: Anna Svensson",
        "Ms. Anna Svensson\nEnglish 5",
        "To: Anna Svensson",
        "Reviewed by: Anna Svensson",
        "A letter to Anna Svensson",
        "Dear Anna Svensson,",
        "Title: Anna Svensson",
        "Anna Svensson was late again, and nobody knew why that was so.",
        "This is what happened when I and my friend met our neighbour on the way home, whose name was\nAnna Svensson.",
    ],
)
def test_whoever_else_is_named_at_the_top_is_not_the_author(header: str) -> None:
    assert match(essay(header)).outcome is MatchOutcome.NO_MATCH


def test_names_in_the_middle_of_a_text_do_not_count() -> None:
    text = f"My summer\n\n{BODY}\nAnna Svensson\n{BODY}\nName: Erik Svensson\n{BODY}"

    assert match(Essay("it", text)).outcome is MatchOutcome.NO_MATCH


@pytest.mark.parametrize(
    "file", ["essay.docx", "brev till Anna Svensson.docx", "my june essay.docx", "Dokument (3).odt"]
)
def test_a_file_that_is_called_something_else_names_nobody(file: str) -> None:
    assert match(essay(file=file), [*CLASS, student("June Moore"), student("My Ek")]).outcome is MatchOutcome.NO_MATCH


def test_who_signs_is_only_suggested() -> None:
    found = match(Essay("it", f"My summer\n\n{BODY}\n/Anna Svensson"))

    assert found.outcome is MatchOutcome.REVIEW
    assert found.suggestions[0].confidence < 0.7
    assert found.suggestions[0].reasons[0].sentence == "The text ends with '/Anna Svensson'."


def test_who_began_the_document_is_only_suggested() -> None:
    found = match(essay(author="Anna Svensson"))

    assert suggested(found) == ["Anna Svensson"]
    assert found.outcome is MatchOutcome.REVIEW


def test_the_legal_name_helps_to_tell_a_middle_name_from_a_stranger() -> None:
    roster = [student("Anna Svensson", legal="Anna Beata Cecilia Svensson"), student("Cecilia Berg")]

    assert accepted(essay("Anna Beata Cecilia Svensson"), roster) == "Anna Svensson"


def test_reasons_say_what_was_seen_where_and_in_which_way_it_differs() -> None:
    [suggestion] = match(essay("Namn: Mohamad Al-Hasan", file="al_hassan.docx")).suggestions

    assert [(reason.code, reason.sentence) for reason in suggestion.reasons] == [
        (MatchReasonCode.LABELLED_NAME, "The text names its author: 'Namn: Mohamad Al-Hasan'."),
        (MatchReasonCode.FILE_NAME, "The file is called 'al_hassan.docx'."),
        (MatchReasonCode.NICKNAME, "A short form or other form of Mohammed Al-Hassan is used there."),
        (MatchReasonCode.SPELT_DIFFERENTLY, "Mohammed Al-Hassan is spelt differently there."),
    ]


def test_somebody_with_one_name_is_found_by_it() -> None:
    roster = [Student("1", "Suharto", ""), *CLASS]

    assert accepted(essay("Name: Suharto"), roster) == "Suharto"
    assert accepted(essay("Name: Suharto Berg"), roster) is None


def test_what_cannot_be_read_is_only_suggested_by_its_file() -> None:
    found = match(Essay("it", None, "Anna Svensson.docx"))

    assert (found.outcome, suggested(found)[0]) == (MatchOutcome.REVIEW, "Anna Svensson")
    assert match(Essay("it", None, "essay.docx")).outcome is MatchOutcome.FAILED


LINES = st.lists(
    st.sampled_from(
        [
            "",
            "My summer",
            "Name: Anna Svensson",
            "Anna Svensson",
            "/Erik Lind",
            "Lärare: Erik Lind",
            *BODY.splitlines(),
            "x " * 600,
        ]
    ),
    max_size=20,
)


@settings(max_examples=50, deadline=None)
@given(LINES)
def test_beginning_and_end_claim_what_the_whole_text_claims(lines: list[str]) -> None:
    text = "\n".join(lines)

    assert list(text_claims(beginning_and_end(text))) == list(text_claims(text))
