"""Rosters as files that spreadsheets open: å, ä and ö as they are, and nothing that could run."""

import csv
import io
from collections.abc import Sequence
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font

from class_management_service.domain.school import Student
from class_management_service.spreadsheets.harmless import harmless

CSV = "text/csv; charset=utf-8"
EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_HEADINGS = ("Last name", "First name", "Email", "Legal name")
_WIDTHS = (24, 24, 36, 32)
_BYTE_ORDER_MARK = "\ufeff"  # without it Excel takes UTF-8 for something else


def csv_roster(students: Sequence[Student], delimiter: str) -> bytes:
    """A row for each student, below headings."""
    text = io.StringIO()
    rows = csv.writer(text, delimiter=delimiter)
    rows.writerow(_HEADINGS)
    rows.writerows([harmless(cell) for cell in _cells(student)] for student in students)
    return (_BYTE_ORDER_MARK + text.getvalue()).encode(errors="replace")


def excel_roster(students: Sequence[Student]) -> bytes:
    """The same as a workbook."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Students")
    sheet.freeze_panes = "A2"
    for letter, width in zip("ABCD", _WIDTHS, strict=True):
        sheet.column_dimensions[letter].width = width
    for row in [_HEADINGS, *map(_cells, students)]:
        sheet.append([_text(sheet, cell, bold=row is _HEADINGS) for cell in row])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _cells(student: Student) -> tuple[str, ...]:
    person = student.person
    return person.last_name, person.first_name, student.email or "", person.legal_full_name or ""


def _text(sheet: Any, text: str, *, bold: bool) -> Any:
    cell = WriteOnlyCell(sheet, text)
    cell.data_type = "s"  # never a formula
    cell.font = Font(bold=bold)
    return cell
