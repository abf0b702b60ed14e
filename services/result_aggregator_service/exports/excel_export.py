"""Results as an Excel workbook: a sheet with a row for each essay, and one with every correction."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Sequence
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter

from result_aggregator_service.batch_report import BatchReport
from result_aggregator_service.domain.essays import Essay
from result_aggregator_service.exports.table import Cell, Column, columns, is_dangerous

CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

_CHUNK = 1 << 16  # bytes
_LONGEST_CELL = 32_767  # characters, Excel's limit
_KEPT_IN_MEMORY = 4 << 20  # bytes
_CORRECTIONS = (
    ("File", 34),
    ("Position (characters from the start)", 20),
    ("Written", 24),
    ("Corrected", 24),
    ("Kind", 12),
)


class ResultWorkbook:
    """A workbook that grows on disk, not in memory."""

    def __init__(self, shown: Sequence[Column]) -> None:
        self._columns = shown
        self._book = Workbook(write_only=True)
        self._essays = self._sheet("Essays", [(column.heading, column.width) for column in shown])
        self._corrections = self._sheet("Corrections", _CORRECTIONS)

    def _sheet(self, title: str, headings: Sequence[tuple[str, int]]) -> Any:
        sheet = self._book.create_sheet(title)
        sheet.freeze_panes = "B2"
        for index, (_, width) in enumerate(headings, 1):
            sheet.column_dimensions[get_column_letter(index)].width = width
        sheet.append([_heading(sheet, heading) for heading, _ in headings])
        return sheet

    def add(self, essays: Sequence[Essay]) -> None:
        """A row for each essay, and one for each of its corrections."""
        for essay in essays:
            self._append(self._essays, [column.of_essay(essay) for column in self._columns])
            for made in essay.corrections:
                row = (essay.slot.file_name, made.offset, made.original, made.replacement, made.kind)
                self._append(self._corrections, row)

    def add_left_out(self, report: BatchReport) -> None:
        """A row for each file that became no essay."""
        for left in report.left_out:
            self._append(self._essays, [column.of_left_out(left) for column in self._columns])

    def _append(self, sheet: Any, row: Sequence[Cell]) -> None:
        sheet.append([_cell(sheet, cell) if isinstance(cell, str) else cell for cell in row])

    def save(self, file: Any) -> None:
        """Write it; nothing can be added afterwards."""
        self._book.save(file)
        file.seek(0)


def _heading(sheet: Any, text: str) -> Any:
    cell = WriteOnlyCell(sheet, text)
    cell.font = Font(bold=True)
    cell.alignment = Alignment(wrap_text=True, vertical="top")
    return cell


def _cell(sheet: Any, text: str) -> Any:
    """Text that stays text: by itself, openpyxl takes =1+1 for a formula and #N/A for an error."""
    sound = ILLEGAL_CHARACTERS_RE.sub("\ufffd", text)[:_LONGEST_CELL].encode(errors="replace").decode()
    dangerous = is_dangerous(sound)
    if not dangerous and not sound.startswith("#"):
        return sound
    cell = WriteOnlyCell(sheet, sound)
    cell.data_type = "s"
    cell.quotePrefix = dangerous
    return cell


async def excel_chunks(report: BatchReport) -> AsyncIterator[bytes]:
    """The file, written outside the event loop, a page of essays at a time."""
    book = ResultWorkbook(columns(report))
    async for essays in report.pages(in_full=True):
        await asyncio.to_thread(book.add, essays)
    book.add_left_out(report)
    with tempfile.SpooledTemporaryFile(max_size=_KEPT_IN_MEMORY) as file:
        await asyncio.to_thread(book.save, file)
        while chunk := file.read(_CHUNK):
            yield chunk
