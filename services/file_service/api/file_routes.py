"""Handing in files, and seeing what has become of them."""

from functools import partial

from dishka import FromDishka
from pydantic import BaseModel, Field
from quart import Blueprint, Response
from quart_dishka import inject
from quart_schema import DataSource, document_request, document_response, validate_response
from quart_schema.pydantic import File

from file_service.api.asker import asker, checked
from file_service.api.received_form import received_form
from file_service.api_models import BatchFilesState, UploadAnswer
from file_service.config import FileSettings
from file_service.errors import (
    BatchLocked,
    BatchNotFound,
    IdentityMismatch,
    InvalidField,
    InvalidFileName,
    MalformedForm,
    NoFiles,
    NotAForm,
    TooManyFiles,
)
from file_service.implementations.batch_files import BatchFiles
from file_service.implementations.file_intake import FileIntake
from huleedu_service_libs.causes import cause_of_request
from huleedu_service_libs.errors import TooLarge
from huleedu_service_libs.idempotency import KEPT, KeyReused, idempotent, uses_key
from huleedu_service_libs.problems import refuses

files = Blueprint("files", __name__, url_prefix="/v1/files/batch")

_REFUSALS = (
    *(MalformedForm, InvalidField, InvalidFileName, NoFiles),
    *(IdentityMismatch, BatchNotFound, BatchLocked, TooLarge, TooManyFiles, NotAForm, KeyReused),
)


class MoreFilesForm(BaseModel):
    """Files for a batch that the address names."""

    user_id: str | None = Field(None, description="must be who asks")
    files: list[File]


class FilesForm(MoreFilesForm):
    """Files for a batch."""

    batch_id: str


@files.post("")
@uses_key(KEPT)
@refuses(*_REFUSALS)
@document_request(FilesForm, source=DataSource.FORM_MULTIPART)
@document_response(UploadAnswer, 202)
@inject
async def upload_files(intake: FromDishka[FileIntake], settings: FromDishka[FileSettings]) -> Response:
    """Hand in files; each of them will end as a text or as a failure with a reason."""
    return await _taken(intake, settings)


@files.post("/<batch_id>/files")
@uses_key(KEPT)
@refuses(*_REFUSALS)
@document_request(MoreFilesForm, source=DataSource.FORM_MULTIPART)
@document_response(UploadAnswer, 202)
@inject
async def add_files(batch_id: str, intake: FromDishka[FileIntake], settings: FromDishka[FileSettings]) -> Response:
    """Hand in files for this batch."""
    return await _taken(intake, settings, batch_id)


@files.get("/<batch_id>/state")
@refuses(InvalidField, BatchNotFound)
@validate_response(BatchFilesState)
@inject
async def batch_files_state(batch_id: str, batch_files: FromDishka[BatchFiles]) -> BatchFilesState:
    """Where a batch's files stand, and whether it takes more."""
    return await batch_files.state(checked("batch_id", batch_id), asker())


async def _taken(intake: FileIntake, settings: FileSettings, batch_id: str | None = None) -> Response:
    async with received_form(settings) as form:
        batch = checked("batch_id", batch_id or form.fields.get("batch_id", ""))
        user_id = asker(form.fields.get("user_id"))
        if not form.files:
            raise NoFiles
        cause = cause_of_request()
        take = partial(intake.take, batch, user_id, form.files, form.ignored, cause)
        return await idempotent(202, form.content)(take)()
