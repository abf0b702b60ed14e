"""Uploads in PostgreSQL."""

from collections.abc import Sequence
from typing import Any

from file_service.domain.notifications import Tally
from file_service.domain.uploads import Failed, FileUpload, Outcome, Provisioned, Received, UploadStatus
from huleedu_service_libs.runtime import Database, current_unit
from huleedu_service_libs.runtime.columns import columns
from huleedu_service_libs.runtime.connection import Connection

_ADD = """insert into file_uploads(file_upload_id, batch_id, user_id, file_name, size_bytes, md5, raw_storage_id,
    accepted_at, status, error_code, error)
  select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::text[],
    $8::timestamptz[], $9::text[], $10::text[], $11::text[])"""
_CONCLUDE = """update file_uploads set status = $2, text_storage_id = $3, document_author = $4, first_lines = $5,
    error_code = $6, error = $7
  where file_upload_id = $1"""
_TALLY = """select status, error_code, count(*) as files from file_uploads where batch_id = $1
  group by status, error_code"""
_OF_BATCH = "select * from file_uploads where batch_id = $1 order by file_upload_id"


class PostgreSQLFileUploadRepository:
    """One row an upload."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._rows = _NewRows()

    def add(self, *uploads: FileUpload) -> None:
        """See `FileUploadRepositoryProtocol.add`."""
        current_unit().add(self._rows, *uploads)

    async def conclude(self, upload: FileUpload) -> None:
        """See `FileUploadRepositoryProtocol.conclude`."""
        text, failure = _parts(upload.outcome)
        await current_unit().connection.execute(_CONCLUDE, upload.file_upload_id, upload.status, *text, *failure)

    async def of_batch(self, batch_id: str) -> Sequence[FileUpload]:
        """See `FileUploadRepositoryProtocol.of_batch`."""
        return [_upload(row) for row in await self._database.pool.fetch(_OF_BATCH, batch_id)]

    async def tally(self, batch_id: str) -> Tally:
        """See `FileUploadRepositoryProtocol.tally`."""
        rows = await current_unit().connection.fetch(_TALLY, batch_id)
        return Tally(
            files=sum(row["files"] for row in rows),
            unread=sum(row["files"] for row in rows if row["status"] == UploadStatus.ACCEPTED),
            failures={row["error_code"]: row["files"] for row in rows if row["status"] == UploadStatus.FAILED},
        )


class _NewRows:
    async def add(self, con: Connection, rows: Sequence[FileUpload]) -> None:
        await con.execute(_ADD, *columns(map(_new_row, rows)))


def _new_row(upload: FileUpload) -> tuple[Any, ...]:
    _, failure = _parts(upload.outcome)
    file = upload.file
    return (
        *(upload.file_upload_id, upload.batch_id, upload.user_id),
        *(file.file_name, file.size_bytes, file.md5),
        *(upload.raw_storage_id, upload.accepted_at, upload.status),
        *failure,
    )


def _parts(outcome: Outcome | None) -> tuple[tuple[Any, Any, Any], tuple[Any, Any]]:
    """The columns of a text, and those of a failure."""
    match outcome:
        case Provisioned():
            return (outcome.text_storage_id, outcome.document_author, list(outcome.first_lines)), (None, None)
        case Failed():
            return (None, None, None), (outcome.code, outcome.message)
        case None:
            return (None, None, None), (None, None)


def _upload(row: Any) -> FileUpload:
    return FileUpload(
        file_upload_id=row["file_upload_id"],
        batch_id=row["batch_id"],
        user_id=row["user_id"],
        file=Received(file_name=row["file_name"], size_bytes=row["size_bytes"], md5=row["md5"]),
        raw_storage_id=row["raw_storage_id"],
        accepted_at=row["accepted_at"],
        outcome=_outcome(row),
    )


def _outcome(row: Any) -> Outcome | None:
    match row["status"]:
        case UploadStatus.PROVISIONED:
            return Provisioned(
                text_storage_id=row["text_storage_id"],
                document_author=row["document_author"],
                first_lines=tuple(row["first_lines"]),
            )
        case UploadStatus.FAILED:
            return Failed(code=row["error_code"], message=row["error"])
        case _:
            return None
