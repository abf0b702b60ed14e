"""Results as CSV: UTF-8 with a byte order mark, so that spreadsheets read å, ä and ö; RFC 4180 otherwise."""

import csv
import io
from collections.abc import AsyncIterator, Iterable

from result_aggregator_service.batch_report import BatchReport
from result_aggregator_service.exports.table import Cell, columns, is_dangerous

CONTENT_TYPE = "text/csv; charset=utf-8"
BYTE_ORDER_MARK = "\ufeff"


async def csv_chunks(report: BatchReport) -> AsyncIterator[bytes]:
    """The file, a page of essays at a time."""
    shown = columns(report)
    yield BYTE_ORDER_MARK.encode() + _lines([[column.heading for column in shown]])
    async for essays in report.pages(in_full=True):
        yield _lines([column.of_essay(essay) for column in shown] for essay in essays)
    yield _lines([column.of_left_out(left) for column in shown] for left in report.left_out)


def _lines(rows: Iterable[list[Cell]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([_harmless(cell) for cell in row] for row in rows)
    return text.getvalue().encode(errors="replace")


def _harmless(cell: Cell) -> Cell:
    """An apostrophe makes text of what would be a formula; spreadsheets hide it."""
    return f"'{cell}" if is_dangerous(cell) else cell
