"""CSV as spreadsheets, school systems and people write it: any of three encodings, any of three delimiters."""

import codecs
import csv
import io
import re
from collections.abc import Iterator

import msgspec

from class_management_service.domain.roster_columns import columns_of
from class_management_service.domain.tables import Cell, Row
from class_management_service.errors import NotASpreadsheet
from class_management_service.spreadsheets.harmless import as_typed

_DELIMITERS = (";", "\t", ",")
_NAMED_DELIMITER = re.compile(r"sep=(.)\r?\n", re.IGNORECASE)  # Excel's own way of saying it, in the first line
_NO_TEXT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_MOST_COLUMNS = 50
_LONGEST_CELL = 1_000


class DelimitedText(msgspec.Struct, frozen=True):
    """The rows, and how they were read."""

    rows: list[Row]
    encoding: str
    delimiter: str


def read_text(raw: bytes) -> DelimitedText:
    """The rows under the delimiter that makes most sense of them. Raises NotASpreadsheet."""
    text, encoding = _decoded(raw)
    named = _NAMED_DELIMITER.match(text)
    if named:
        rows = [Row(row.number + 1, row.cells) for row in _rows(text[named.end() :], named[1])]
        return DelimitedText(rows, encoding, named[1])
    tried = [(delimiter, list(_rows(text, delimiter))) for delimiter in _DELIMITERS]
    delimiter, rows = max(tried, key=lambda each: _sense(each[1]))
    return DelimitedText(rows, encoding, delimiter)


def _decoded(raw: bytes) -> tuple[str, str]:
    for encoding in _encodings(raw):
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if raw.startswith(b"%PDF") or _NO_TEXT.search(text):
            break
        return text, encoding
    raise NotASpreadsheet(reason="it is neither text nor a workbook")


def _encodings(raw: bytes) -> tuple[str, ...]:
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return ("utf-16",)
    return "utf-8-sig", "cp1252"


def _sense(rows: list[Row]) -> int:
    """How much of it is understood: headings count for more than a column that may hold names."""
    columns = columns_of(rows)
    if isinstance(columns, str):
        return 0
    return 1 + len(columns.headings)


def _rows(text: str, delimiter: str) -> Iterator[Row]:
    """Numbered as a spreadsheet numbers them."""
    try:
        for number, cells in enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), 1):
            yield Row(number, tuple(_cell(cell) for cell in cells[:_MOST_COLUMNS]))
    except csv.Error as error:
        raise NotASpreadsheet(reason=str(error)) from None


def _cell(written: str) -> Cell:
    text = written.strip()[:_LONGEST_CELL]
    return Cell(as_typed(text), computed=text.startswith("="))
