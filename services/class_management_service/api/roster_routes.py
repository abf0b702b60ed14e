"""Who is in a class, to be seen, imported and exported."""

import asyncio
from functools import partial

from dishka import FromDishka
from pydantic import BaseModel
from quart import Blueprint, Response, request
from quart_dishka import inject
from quart_schema import DataSource, document_request, document_response, validate_querystring, validate_response
from quart_schema.pydantic import File

from class_management_service.api.identity import asker
from class_management_service.api_models import ExportQuery, ImportBody, ImportQuery, RosterBody
from class_management_service.errors import (
    ClassFull,
    ClassNotFound,
    ColumnsUnknown,
    NoRosterFile,
    NotASpreadsheet,
    RosterChanged,
    RosterEmpty,
    RosterHasFaults,
    SpreadsheetTooLarge,
    TooManyRows,
    UserUnknown,
    WishInForm,
)
from class_management_service.implementations.roster_desk import Roster, RosterDesk, roster_body
from class_management_service.implementations.roster_import import RosterImport
from class_management_service.spreadsheets import writing
from huleedu_service_libs.idempotency import KEPT, KeyReused, idempotent, uses_key
from huleedu_service_libs.problems import refuses

rosters = Blueprint("rosters", __name__, url_prefix="/v1/classes/<class_id>")

_DELIMITERS = {"comma": ",", "semicolon": ";"}


class RosterForm(BaseModel):
    """A list of students: CSV or Excel."""

    file: File


@rosters.get("/roster")
@refuses(UserUnknown, ClassNotFound)
@validate_response(RosterBody)
@inject
async def show_roster(class_id: str, desk: FromDishka[RosterDesk]) -> RosterBody:
    """The class's students, by last name."""
    return roster_body(await desk.of_teacher(class_id, asker().user_id))


@rosters.post("/roster/import")
@uses_key(KEPT)
@refuses(
    *(UserUnknown, ClassNotFound, NoRosterFile, NotASpreadsheet, SpreadsheetTooLarge, ColumnsUnknown, TooManyRows),
    *(RosterEmpty, RosterHasFaults, RosterChanged, ClassFull, WishInForm, KeyReused),
)
@validate_querystring(ImportQuery)
@document_request(RosterForm, source=DataSource.FORM_MULTIPART)
@document_response(ImportBody)
@inject
async def import_roster(class_id: str, query_args: ImportQuery, importing: FromDishka[RosterImport]) -> Response:
    """Put the students of a list in the class, or with `preview` show what that would do."""
    who, raw = asker(), await _sent_file()

    async def same() -> bytes:
        return raw

    return await idempotent(200, same)(partial(importing.carry_out, class_id, raw, query_args, who))()


@rosters.get("/roster.csv")
@refuses(UserUnknown, ClassNotFound)
@validate_querystring(ExportQuery)
@inject
async def export_csv(class_id: str, query_args: ExportQuery, desk: FromDishka[RosterDesk]) -> Response:
    """The roster as CSV."""
    roster = await desk.of_teacher(class_id, asker().user_id)
    content = writing.csv_roster(roster.students, _DELIMITERS[query_args.delimiter])
    return _download(roster, "csv", content, writing.CSV)


@rosters.get("/roster.xlsx")
@refuses(UserUnknown, ClassNotFound)
@inject
async def export_excel(class_id: str, desk: FromDishka[RosterDesk]) -> Response:
    """The roster as an Excel workbook."""
    roster = await desk.of_teacher(class_id, asker().user_id)
    content = await asyncio.to_thread(writing.excel_roster, roster.students)
    return _download(roster, "xlsx", content, writing.EXCEL)


async def _sent_file() -> bytes:
    """Raises NoRosterFile, and WishInForm: who asks for a preview there must not get an import."""
    try:
        file, wishes = (await request.files).get("file"), await request.form
    except ValueError:  # the form is broken
        raise NoRosterFile from None
    if file is None:
        raise NoRosterFile
    if wishes:
        raise WishInForm(fields=", ".join(sorted(wishes)))
    return bytes(file.read())


def _download(roster: Roster, ending: str, content: bytes, content_type: str) -> Response:
    name = f"roster-{roster.school_class.class_id}.{ending}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, headers=headers, content_type=content_type)
