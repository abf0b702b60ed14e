"""From the bytes of a file to the students in it. Runs in a process of the pool, never on the event loop."""

import io
import zipfile
from collections.abc import Sequence

from class_management_service.domain.roster_columns import columns_of
from class_management_service.domain.roster_rows import RosterFile, read_rows
from class_management_service.domain.tables import Row
from class_management_service.errors import ColumnsUnknown, NotASpreadsheet, RosterEmpty, TooManyRows
from class_management_service.spreadsheets.delimited_text import read_text
from class_management_service.spreadsheets.workbook import read_workbook

_ROOM_FOR_TITLES = 20
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP = b"PK\x03\x04"


def read_roster(raw: bytes, most_rows: int) -> RosterFile:
    """The list in a CSV file or an Excel workbook.

    Raises NotASpreadsheet, SpreadsheetTooLarge, ColumnsUnknown, TooManyRows or RosterEmpty.
    """
    if raw.startswith(_OLE):
        raise NotASpreadsheet(reason="it is in an old format of Excel, or protected by a password")
    if raw.startswith(_ZIP):
        return _understood(read_workbook(_archive(raw), most_rows + _ROOM_FOR_TITLES), most_rows, kind="xlsx")
    text = read_text(raw)
    return _understood(text.rows, most_rows, kind="csv", encoding=text.encoding, delimiter=text.delimiter)


def _archive(raw: bytes) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(io.BytesIO(raw))
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        raise NotASpreadsheet(reason="it is damaged") from None


def _understood(
    rows: Sequence[Row], most_rows: int, *, kind: str, encoding: str | None = None, delimiter: str | None = None
) -> RosterFile:
    if all(row.is_blank for row in rows):
        raise RosterEmpty
    columns = columns_of(rows)
    if isinstance(columns, str):
        raise ColumnsUnknown(reason=columns)
    pupils, faults = read_rows(rows, columns)
    if not pupils and not faults:
        raise RosterEmpty
    if len(pupils) + len(faults) > most_rows:
        raise TooManyRows(most=most_rows)
    return RosterFile(pupils=pupils, faults=faults, columns=columns, kind=kind, encoding=encoding, delimiter=delimiter)
