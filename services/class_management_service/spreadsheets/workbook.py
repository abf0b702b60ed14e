"""Excel workbooks, read within limits; formulas are seen, and not evaluated."""

import zipfile
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time
from itertools import islice
from typing import Any

import openpyxl

from class_management_service.domain.tables import Cell, Row
from class_management_service.errors import NotASpreadsheet, SpreadsheetTooLarge, TooManyRows

_MOST_ENTRIES = 2_000
_MOST_BYTES = 50_000_000
_MOST_RATIO = 100
_ALWAYS_ALLOWED_BYTES = 1_000_000  # an honest small workbook can be little more than repetition
_MOST_COLUMNS = 50
_LONGEST_CELL = 1_000
_MOST_SHEETS = 20
_COMPUTED = ("f", "e")


def read_workbook(archive: zipfile.ZipFile, most_rows: int) -> list[Row]:
    """The rows of the first sheet on which anything stands.

    Raises NotASpreadsheet, SpreadsheetTooLarge or TooManyRows.
    """
    _refuse_bomb(archive)
    if "xl/workbook.xml" not in archive.namelist():
        raise NotASpreadsheet(reason="it is no Excel workbook")
    try:
        return _first_filled_sheet(archive, most_rows)
    except TooManyRows:
        raise
    except Exception as error:  # whatever a damaged workbook makes openpyxl raise
        raise NotASpreadsheet(reason=f"the workbook is damaged ({type(error).__name__})") from error


def _refuse_bomb(archive: zipfile.ZipFile) -> None:
    """By declared sizes, beyond which `zipfile` does not read."""
    entries = archive.infolist()
    packed, unpacked = (sum(getattr(each, size) for each in entries) for size in ("compress_size", "file_size"))
    if len(entries) > _MOST_ENTRIES:
        raise SpreadsheetTooLarge(reason=f"it has {len(entries)} parts")
    if unpacked > _MOST_BYTES or unpacked > max(_ALWAYS_ALLOWED_BYTES, _MOST_RATIO * packed):
        raise SpreadsheetTooLarge(reason=f"{packed} bytes of it unpack to {unpacked}")


def _first_filled_sheet(archive: zipfile.ZipFile, most_rows: int) -> list[Row]:
    assert archive.fp is not None
    book = openpyxl.load_workbook(archive.fp, read_only=True, keep_links=False)
    try:
        for sheet in book.worksheets[:_MOST_SHEETS]:
            sheet.reset_dimensions()  # what a file says of its size may be wrong
            if rows := _filled(sheet.iter_rows(max_col=_MOST_COLUMNS), most_rows):
                return rows
    finally:
        book.close()
    return []


def _filled(sheet: Iterable[Any], most_rows: int) -> list[Row]:
    """The rows on which anything stands."""
    rows = list(islice(_rows(sheet), most_rows + 1))
    if len(rows) > most_rows:
        raise TooManyRows(most=most_rows)
    return rows


def _rows(sheet: Iterable[Any]) -> Iterator[Row]:
    for number, cells in enumerate(sheet, 1):
        row = Row(number, tuple(_cell(cell) for cell in cells))
        if not row.is_blank:
            yield row


def _cell(cell: Any) -> Cell:
    if cell.value is None:
        return Cell()
    return Cell(_text(cell.value)[:_LONGEST_CELL], computed=cell.data_type in _COMPUTED)


def _text(value: object) -> str:
    match value:
        case datetime() | date() | time():
            return value.isoformat()
        case float() if value.is_integer():
            return str(int(value))
        case _:
            return str(value).strip()
