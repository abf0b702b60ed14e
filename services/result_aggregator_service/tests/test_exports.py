"""Results as files, opened again."""

import csv
import io
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from msgspec.structs import replace
from openpyxl import load_workbook

from common_core.enums import CourseCode, PhaseName
from common_core.messages.spellcheck import SpellcheckCorrection
from result_aggregator_service.batch_report import BatchReport
from result_aggregator_service.exports.csv_export import csv_chunks
from result_aggregator_service.exports.excel_export import excel_chunks
from result_aggregator_service.tests.messages import (
    AKE,
    BATCH,
    BEA,
    CIA,
    assigned,
    file_failed,
    named,
    outcome,
    registered,
    spellchecked,
    whole_story,
)
from result_aggregator_service.tests.telling import InMemoryWorld


async def report_on(*messages: Any) -> BatchReport:
    """The report after these."""
    world = InMemoryWorld()
    await world.tell(messages)
    return await world.reports.open(BATCH, None)


async def whole(chunks: AsyncIterator[bytes]) -> bytes:
    """All of a file."""
    return b"".join([chunk async for chunk in chunks])


async def csv_rows(report: BatchReport) -> list[dict[str, str]]:
    """The table as a spreadsheet reads it."""
    text = (await whole(csv_chunks(report))).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


async def workbook(report: BatchReport) -> Any:
    """The workbook, opened again."""
    return load_workbook(io.BytesIO(await whole(excel_chunks(report))))


def rows_of(sheet: Any) -> list[dict[str, Any]]:
    """A sheet's rows by heading."""
    headings, *rows = sheet.iter_rows(values_only=True)
    return [dict(zip(headings, row, strict=True)) for row in rows]


async def test_csv_has_a_row_for_each_essay_and_each_file_left_out() -> None:
    rows = await csv_rows(await report_on(*whole_story()))

    assert [(row["File"], row["Status"], row["Problem code"]) for row in rows] == [
        ("'=Cia().pdf", "done", ""),
        ("Bea.txt", "done", ""),
        ("Åke uppsats.docx", "done", ""),
        ("en för mycket.txt", "not used", "NO_AVAILABLE_SLOT"),
        ("tom.txt", "not used", "EMPTY_CONTENT"),
    ]
    ake = rows[2]
    assert ake["Words"] == "210"
    assert ake["Corrections (per 100 words)"] == "1.0"
    assert ake["What was corrected"] == "skirva → skriva; =sum → summa"
    assert (ake["Sentences"], ake["Mean sentence length (words)"]) == ("12", "17.5")
    assert ake["Vocabulary diversity OVIX (index)"] == "61"
    assert ake["Corrected text (storage id)"] == "c" * 31 + "1"


async def test_a_class_has_its_students_first_and_unknown_where_nobody_knows() -> None:
    essays = assigned(AKE), assigned(BEA), assigned(CIA)
    report = await report_on(registered(class_id="9a"), *essays, named(AKE, "Åke"), named(BEA, None))

    rows = await csv_rows(report)
    assert next(iter(rows[0])) == "Student"
    assert [(row["Student"], row["File"], row["Student's e-mail"]) for row in rows] == [
        ("UNKNOWN", "'=Cia().pdf", ""),
        ("UNKNOWN", "Bea.txt", ""),
        ("Åke Öberg", "Åke uppsats.docx", "åke@skolan.se"),
    ]
    assert [row["Student"] for row in rows_of((await workbook(report))["Essays"])] == [row["Student"] for row in rows]


async def test_a_correction_reaches_the_table() -> None:
    world = InMemoryWorld()
    await world.tell([registered(class_id="9a"), assigned(AKE), named(AKE, "Bo")])
    await world.tell([named(AKE, "Åke", 30, version=2)])

    (row,) = await csv_rows(await world.reports.open(BATCH, None))
    assert row["Student"] == "Åke Öberg"


async def test_no_students_name_becomes_a_formula() -> None:
    report = await report_on(registered(class_id="9a"), assigned(AKE), named(AKE, "=1+1"))

    assert (await csv_rows(report))[0]["Student"] == "'=1+1 Öberg"


async def test_csv_begins_with_the_mark_by_which_spreadsheets_know_utf8() -> None:
    assert (await whole(csv_chunks(await report_on(registered())))).startswith(b"\xef\xbb\xbfFile,Status,Problem,")


async def test_columns_are_those_of_the_course_language() -> None:
    english = await report_on(registered(course_code=CourseCode.ENG5))
    headings = (await whole(csv_chunks(english))).decode()

    assert "Flesch-Kincaid" in headings
    assert "OVIX" not in headings


async def test_an_essay_that_failed_has_its_reason_in_its_row() -> None:
    failed = outcome(PhaseName.SPELLCHECK, {AKE: "CONTENT_NOT_FOUND"})
    rows = await csv_rows(await report_on(registered(), assigned(AKE), assigned(BEA), spellchecked(BEA), failed))

    assert {row["File"]: (row["Status"], row["Problem"]) for row in rows} == {
        "Åke uppsats.docx": ("failed", "Spell-checking failed: the text could not be found."),
        "Bea.txt": ("done", ""),
    }


async def test_an_essay_in_another_language_says_so() -> None:
    (row,) = await csv_rows(await report_on(registered(), assigned(BEA), spellchecked(BEA, language_detected="en")))

    assert (row["Status"], row["Problem"]) == ("done", "It seems to be in English.")


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1"])
async def test_no_name_becomes_a_formula_in_csv(name: str) -> None:
    (row,) = await csv_rows(await report_on(registered(), file_failed(name)))

    assert row["File"] == f"'{name}"


async def test_the_workbook_holds_numbers_and_text() -> None:
    book = await workbook(await report_on(*whole_story()))

    essays = rows_of(book["Essays"])
    assert [row["File"] for row in essays] == [
        "=Cia().pdf", "Bea.txt", "Åke uppsats.docx", "en för mycket.txt", "tom.txt",
    ]  # fmt: skip
    assert (essays[2]["Words"], essays[2]["Corrections"], essays[2]["Readability LIX (index)"]) == (210, 2, 38.2)
    assert essays[4]["Problem"] == "The file holds no text."
    assert rows_of(book["Corrections"])[0] == {
        "File": "Åke uppsats.docx",
        "Position (characters from the start)": 4,
        "Written": "skirva",
        "Corrected": "skriva",
        "Kind": "spelling",
    }


async def test_nothing_becomes_a_formula_or_an_error_in_the_workbook() -> None:
    book = await workbook(await report_on(*whole_story(), file_failed("#N/A")))

    kinds = {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row}
    assert kinds == {"s", "n"}
    assert book["Essays"]["A2"].value == "=Cia().pdf"
    assert book["Essays"]["A2"].quotePrefix


async def test_what_excel_cannot_hold_does_not_break_the_workbook() -> None:
    hostile = SpellcheckCorrection(offset=0, length=1, original="a\x0bb", replacement="x" * 40_000)
    book = await workbook(await report_on(registered(), assigned(AKE), spellchecked(AKE, corrections=[hostile])))

    (row,) = rows_of(book["Corrections"])
    assert row["Written"] == "a\ufffdb"
    assert len(row["Corrected"]) == 32_767


async def test_every_column_has_a_heading_of_its_own() -> None:
    text = (await whole(csv_chunks(await report_on(registered())))).decode("utf-8-sig")
    headings = next(csv.reader([text]))

    assert len(headings) == len(set(headings))
    assert all(re.match(r"[A-Z]", heading) for heading in headings)


async def test_a_large_batch_is_read_in_pages() -> None:
    slots = [
        replace(assigned(AKE), essay_id=f"0190a000-0000-7000-8000-{n:012d}", original_file_name=f"{n}.txt")
        for n in range(120)
    ]
    report = await report_on(registered(expected_essay_count=120), *slots)

    assert [len(page) async for page in report.pages(in_full=True)] == [50, 50, 20]
    assert [row["File"] for row in await csv_rows(report)] == [f"{n}.txt" for n in range(120)]
