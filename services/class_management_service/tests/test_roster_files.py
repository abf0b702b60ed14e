"""What lists of students look like in schools, and what is made of them."""

import io
import zipfile
from collections.abc import Sequence
from contextlib import suppress

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from class_management_service.domain.names import comparable, person_of, tidy
from class_management_service.domain.roster_rows import FaultCode, RosterFile
from class_management_service.domain.school import Person, Student
from class_management_service.errors import (
    ColumnsUnknown,
    NotASpreadsheet,
    RosterEmpty,
    SpreadsheetTooLarge,
    TooManyRows,
)
from class_management_service.spreadsheets.reading import read_roster
from class_management_service.spreadsheets.writing import csv_roster, excel_roster
from class_management_service.tests.world import AT

ASA = ("Åsa", "Björk", "asa@school.example")
BO = ("Bo", "Ek", None)


def read(text: str | bytes, most_rows: int = 100) -> RosterFile:
    """The list in a CSV file."""
    return read_roster(text if isinstance(text, bytes) else text.encode(), most_rows)


def people(file: RosterFile) -> list[tuple[str, str, str | None]]:
    """Who is in it."""
    return [(pupil.person.first_name, pupil.person.last_name, pupil.email) for pupil in file.pupils]


def faults(file: RosterFile) -> list[tuple[int, FaultCode]]:
    """Which rows are faulty."""
    return [(fault.row, fault.code) for fault in file.faults]


def workbook(*rows: Sequence[object]) -> bytes:
    """An Excel workbook with these rows on its second sheet; the first is empty."""
    book = openpyxl.Workbook()
    sheet = book.create_sheet("Klasslista")
    for row in rows:
        sheet.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


@pytest.mark.parametrize(
    "text",
    [
        "Förnamn;Efternamn;E-post\nÅsa;Björk;Asa@School.example\nBo;Ek;\n",
        "first_name,last_name,email\nÅsa,Björk,asa@school.example\nBo,Ek,\n",
        "EPOST\tEFTERNAMN\tFÖRNAMN\nasa@school.example\tBjörk\tÅsa\n\tEk\tBo\n",
        "sep=,\r\nFirst name,Surname,E-mail address\r\nÅsa,Björk,asa@school.example\r\nBo,Ek,\r\n",
        'Namn,E-post\n"Björk, Åsa",asa@school.example\n"Ek, Bo",\n',
        "Elev;Klass;Epost\nÅsa Björk;9A;asa@school.example\n;;\nBo Ek;9A;\n",
        "Klass 9A\n\nNamn;Efternamn;E-post elev;E-post vårdnadshavare\n"
        "Åsa;Björk;asa@school.example;mor@hem.example\nBo;Ek;;far@hem.example\n",
        "Åsa Björk,asa@school.example\nBo Ek,\n",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_a_list_is_read_however_it_was_saved(text: str, encoding: str) -> None:
    assert people(read(text.encode(encoding))) == [ASA, BO]


def test_a_single_column_of_names_needs_no_heading() -> None:
    assert people(read("Björk, Åsa\nEk, Bo\n")) == [("Åsa", "Björk", None), BO]


def test_a_workbook_is_read_from_its_first_sheet_that_has_anything() -> None:
    file = read_roster(workbook(["Klass 9A"], ["Förnamn", "Efternamn", "E-post"], [*ASA], ["Bo", "Ek"]), 100)

    assert (file.kind, people(file)) == ("xlsx", [ASA, BO])


def test_what_was_read_as_what_is_told() -> None:
    file = read("Förnamn;Efternamn;Personnummer;E-post\nÅsa;Björk;20100101-0000;asa@school.example\n")

    assert (file.encoding, file.delimiter) == ("utf-8-sig", ";")
    assert file.columns.headings == {"first_name": "Förnamn", "last_name": "Efternamn", "email": "E-post"}
    assert file.columns.ignored == ("Personnummer",)


def test_each_faulty_row_is_named_with_its_reason_and_the_others_are_read() -> None:
    file = read(
        "Förnamn,Efternamn,E-post\n"
        "Åsa,Björk,asa@school.example\n"
        ",,bo@school.example\n"
        ",Ek,\n"
        "Cia,Alm,cia.school.example\n"
        "Dan,Dal,asa@school.example\n"
        "=HYPERLINK(1),Dal,\n"
        "Eva,Ro,\n"
        "EVA,Ro,eva@school.example\n"
        f"{'x' * 300},Ro,\n"
    )

    assert people(file) == [ASA, ("Eva", "Ro", None)]
    assert faults(file) == [
        (3, FaultCode.NAME_MISSING),
        (4, FaultCode.FIRST_NAME_MISSING),
        (5, FaultCode.EMAIL_INVALID),
        (6, FaultCode.EMAIL_TWICE),
        (7, FaultCode.FORMULA),
        (9, FaultCode.NAME_TWICE),
        (10, FaultCode.NAME_UNREADABLE),
    ]
    assert "row 2" in file.faults[3].reason


def test_two_of_one_name_are_two_if_each_has_an_address() -> None:
    file = read("Namn,Epost\nEva Ro,eva1@school.example\nEva Ro,eva2@school.example\n")

    assert (len(file.pupils), file.faults) == (2, ())


def test_a_formula_in_a_workbook_is_not_evaluated_and_named() -> None:
    file = read_roster(workbook(["Namn", "Epost"], ['=CONCATENATE("Å","sa")', None], ["#REF!", None], ["Bo Ek"]), 100)

    assert people(file) == [BO]
    assert faults(file) == [(2, FaultCode.FORMULA), (3, FaultCode.FORMULA)]


def docx() -> bytes:
    """A zip archive that is no workbook."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("word/document.xml", "<w/>")
    return file.getvalue()


def bomb() -> bytes:
    """A workbook that unpacks to far more than it is."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b" " * 60_000_000)
    return file.getvalue()


def entities() -> bytes:
    """A workbook whose XML wants to be expanded to billions of letters."""
    file = io.BytesIO(workbook(["Namn"], ["Bo Ek"]))
    laughs = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]><x>&b;</x>'
    with zipfile.ZipFile(file) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(made := io.BytesIO(), "w") as archive:
        for name, part in parts.items():
            archive.writestr(name, laughs if name == "xl/workbook.xml" else part)
    return made.getvalue()


@pytest.mark.parametrize(
    ("raw", "refusal"),
    [
        (b"", RosterEmpty),
        (b"\n\n", RosterEmpty),
        (b"Namn,Epost\n", RosterEmpty),
        (workbook(), RosterEmpty),
        (b"%PDF-1.4 and so on", NotASpreadsheet),
        (b"\x89PNG\r\n\x1a\n\x00\x00", NotASpreadsheet),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 and so on", NotASpreadsheet),
        (b"PK\x03\x04 and nothing else", NotASpreadsheet),
        (docx(), NotASpreadsheet),
        (entities(), NotASpreadsheet),
        (workbook(["Namn"], ["Bo Ek"])[:-200], NotASpreadsheet),
        (bomb(), SpreadsheetTooLarge),
        (b"Anna,Berg\nBo,Ek\n", ColumnsUnknown),
        (b"It was a dark and stormy night; the rain fell in torrents.\n", ColumnsUnknown),
        (b"Efternamn,Klass\nEk,9A\n", ColumnsUnknown),
        (b"Namn\n" + b"".join(b"Bo Ek %d\n" % n for n in range(10_000)), TooManyRows),
        (workbook(["Namn"], *(["Bo Ek " + "x" * n] for n in range(101))), TooManyRows),
        (workbook(["Namn"], *(["Bo Ek " + "x" * n] for n in range(300))), TooManyRows),
        (b'Namn\n"' + b"a" * 200_000, NotASpreadsheet),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else f"{value[:12]!r}",
)
def test_what_is_no_list_is_refused_with_a_reason(raw: bytes, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        read_roster(raw, 100)


any_bytes = st.binary(max_size=400) | st.text(max_size=200).map(str.encode)


@settings(deadline=None)
@given(any_bytes | any_bytes.map(b"PK\x03\x04".__add__))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    refusals = (RosterEmpty, NotASpreadsheet, SpreadsheetTooLarge, ColumnsUnknown, TooManyRows)
    with suppress(*refusals):
        file = read_roster(raw, 100)
        assert file.pupils or file.faults


@pytest.mark.parametrize(
    ("written", "first", "last"),
    [
        ("Åsa Björk", "Åsa", "Björk"),
        ("Björk, Åsa", "Åsa", "Björk"),
        ("Anna Maria  von Essen", "Anna Maria", "von Essen"),
        ("Carl-Johan af Ugglas", "Carl-Johan", "af Ugglas"),
        ("Madonna", "Madonna", ""),
        ("Madonna,", "Madonna", ""),
        ("von Essen, Anna Maria", "Anna Maria", "von Essen"),
        ("Al Gore", "Al", "Gore"),
        ("A\u030asa Bjo\u0308rk", "Åsa", "Björk"),
    ],
)
def test_a_name_in_one_piece_is_taken_apart(written: str, first: str, last: str) -> None:
    assert person_of(written) == Person(first, last)


# What may stand in a name here; some of it would be a formula, if it were let.
parts = st.text(st.sampled_from("aåÖé-=+@'\"; ,"), min_size=1, max_size=6).map(tidy).filter(bool)
names_of_a_class = st.lists(
    st.tuples(parts, parts), unique_by=lambda name: comparable(" ".join(name)), min_size=1, max_size=5
)


@settings(max_examples=25, deadline=None)  # it makes workbooks
@given(names_of_a_class)
def test_what_is_exported_is_read_again_as_it_was(names: list[tuple[str, str]]) -> None:
    students = [
        Student(
            student_id=str(n),
            user_id="anna",
            person=Person(*name),
            email=f"{n}@school.example",
            created_at=AT,
            updated_at=AT,
        )
        for n, name in enumerate(names)
    ]

    written = [csv_roster(students, ","), csv_roster(students, ";"), excel_roster(students)]

    for raw in written:
        file = read_roster(raw, 100)
        assert [pupil.person for pupil in file.pupils] == [student.person for student in students], raw
        assert file.faults == ()


def test_no_cell_of_an_export_is_a_formula() -> None:
    student = Student(student_id="1", user_id="anna", person=Person("=cmd()", "@sum"), created_at=AT, updated_at=AT)

    (_, row) = openpyxl.load_workbook(io.BytesIO(excel_roster([student]))).worksheets[0].iter_rows(max_col=2)
    assert [cell.data_type for cell in row] == ["s", "s"]
    assert csv_roster([student], ",").decode("utf-8-sig").splitlines()[1].startswith("'@sum,'=cmd()")
