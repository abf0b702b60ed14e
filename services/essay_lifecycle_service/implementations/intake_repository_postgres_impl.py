"""Batches and their files on PostgreSQL: a handful of statements, however many files and batches there are."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from common_core.enums import CourseCode
from common_core.shared import StorageReferenceMetadata
from essay_lifecycle_service.domain.intake import (
    EndedIntake,
    FileFailure,
    IntakeStep,
    PlacedUpload,
    Registration,
    Upload,
)
from huleedu_service_libs.runtime import current_unit
from huleedu_service_libs.runtime.columns import columns

# Makes the rows that are not there yet and locks those that are, in one order for everybody: so a registration and the
# first files of its batch see each other, whichever is first. A row that `where` excludes is locked all the same.
_LOCK = """insert into batch(batch_id)
  select distinct b::uuid from unnest($1::text[]) b order by 1
  on conflict (batch_id) do update set taken = batch.taken where false"""

_LOCK_AND_CLOSE = """insert into batch(batch_id, deadline_passed)
  select distinct b::uuid, true from unnest($1::text[]) b order by 1
  on conflict (batch_id) do update set deadline_passed = true"""

_REGISTER = """with registered as (
    update batch b set registered_at = $1, essay_ids = r.essay_ids::uuid[], course_code = r.course_code,
      user_id = r.user_id, class_id = r.class_id, student_prompt_ref = r.prompt::jsonb,
      correlation_id = r.correlation_id, metadata = r.metadata::jsonb
    from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[])
      r(batch_id, essay_ids, course_code, user_id, class_id, prompt, correlation_id, metadata)
    where b.batch_id = r.batch_id::uuid and b.registered_at is null
    returning b.batch_id, b.essay_ids)
  insert into essay(essay_id, batch_id) select unnest(essay_ids), batch_id from registered"""

_KEEP = """insert into upload(
    batch_id, file_upload_id, file_name, raw_storage_id, text_storage_id, failure, correlation_id, came_at,
    document_author)
  select u.batch_id::uuid, u.id, u.name, u.raw, u.text, u.failure::jsonb, u.correlation_id, u.came_at, u.author
  from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::timestamptz[],
    $9::text[]) with ordinality u(batch_id, id, name, raw, text, failure, correlation_id, came_at, author, ord)
  order by ord on conflict do nothing"""

# Files take their batch's slots in the order in which they came. The batches are locked: nobody else counts now.
_PLACE = """with waiting as materialized (
    select u.batch_id, u.file_upload_id, case when b.ended_at is null then
      b.essay_ids[b.taken + row_number() over (partition by u.batch_id order by u.arrival)] end as essay_id
    from upload u join batch b on b.batch_id = u.batch_id
    where u.batch_id = any($1::text[]::uuid[]) and u.placed_at is null and b.registered_at is not null),
  placed as (
    update upload u set placed_at = $2, essay_id = w.essay_id from waiting w
    where u.batch_id = w.batch_id and u.file_upload_id = w.file_upload_id returning u.*),
  counted as (
    update batch b set taken = b.taken + p.count
    from (select batch_id, count(essay_id)::int as count from placed group by batch_id) p
    where b.batch_id = p.batch_id and p.count > 0)
  select * from placed order by arrival"""

_END = """update batch set ended_at = $2
  where batch_id = any($1::text[]::uuid[]) and registered_at is not null and ended_at is null
    and (deadline_passed or taken >= cardinality(essay_ids))
  returning *"""

_FILES = """select * from upload
  where batch_id = any($1::uuid[]) and essay_id is not null order by arrival"""


class PostgreSQLIntakeRepositoryImpl:
    """See `IntakeRepositoryProtocol`; works in the running unit of work."""

    async def register(self, batches: Sequence[Registration], at: datetime) -> IntakeStep:
        """Lock, register, place what was early, end what is full."""
        con, ids = current_unit().connection, [batch.batch_id for batch in batches]
        await lock_batches(ids)
        await con.execute(_REGISTER, at, *_registration_columns(batches))
        return await _place_and_end(ids, at)

    async def receive(self, uploads: Sequence[Upload], at: datetime) -> IntakeStep:
        """Lock, keep, place, end what is full."""
        con, ids = current_unit().connection, list(dict.fromkeys(upload.batch_id for upload in uploads))
        await lock_batches(ids)
        await con.execute(_KEEP, *_upload_columns(uploads))
        return await _place_and_end(ids, at)

    async def close(self, batch_ids: Sequence[str], at: datetime) -> IntakeStep:
        """Lock, remember, end those that are registered."""
        await current_unit().connection.execute(_LOCK_AND_CLOSE, batch_ids)
        return IntakeStep(ended=await _end(batch_ids, at))


async def _place_and_end(batch_ids: Sequence[str], at: datetime) -> IntakeStep:
    rows = await current_unit().connection.fetch(_PLACE, batch_ids, at)
    return IntakeStep(placed=list(map(_placed, rows)), ended=await _end(batch_ids, at))


async def _end(batch_ids: Sequence[str], at: datetime) -> list[EndedIntake]:
    return await read_ended(await current_unit().connection.fetch(_END, batch_ids, at))


async def read_ended(rows: Sequence[Any]) -> list[EndedIntake]:
    """The intakes, which are over, of these rows of `batch`, with their files; no statement if there is none."""
    if not rows:
        return []
    files = defaultdict(list)
    for file in await current_unit().connection.fetch(_FILES, [row["batch_id"] for row in rows]):
        files[file["batch_id"]].append(_placed(file))
    return [
        EndedIntake(
            registration=_registration(row),
            files=files[row["batch_id"]],
            students_confirmed=row["students_confirmed_at"] is not None,
        )
        for row in rows
    ]


async def lock_batches(batch_ids: Sequence[str]) -> None:
    """So that whatever comes for the same batch meanwhile waits, even if nothing has been heard of it."""
    await current_unit().connection.execute(_LOCK, list(batch_ids))


def _registration_columns(batches: Sequence[Registration]) -> list[list[Any] | None]:
    rows = [
        (
            batch.batch_id,
            "{" + ",".join(batch.essay_ids) + "}",
            batch.course_code,
            batch.user_id,
            batch.class_id,
            _json(batch.student_prompt_ref),
            batch.correlation_id,
            _json(batch.metadata),
        )
        for batch in {batch.batch_id: batch for batch in reversed(batches)}.values()
    ]
    return columns(rows)


def _upload_columns(uploads: Sequence[Upload]) -> list[list[Any] | None]:
    rows = [
        (
            upload.batch_id,
            upload.file_upload_id,
            upload.file_name,
            upload.raw_storage_id,
            upload.text_storage_id,
            _json(upload.failure),
            upload.correlation_id,
            upload.came_at,
            upload.document_author,
        )
        for upload in uploads
    ]
    return columns(rows)


def _json(value: object) -> str | None:
    return None if value is None else msgspec.json.encode(value).decode()


def _placed(row: Any) -> PlacedUpload:
    failure = row["failure"]
    return PlacedUpload(
        upload=Upload(
            batch_id=str(row["batch_id"]),
            file_upload_id=row["file_upload_id"],
            file_name=row["file_name"],
            raw_storage_id=row["raw_storage_id"],
            text_storage_id=row["text_storage_id"],
            failure=None if failure is None else msgspec.json.decode(failure, type=FileFailure),
            correlation_id=row["correlation_id"],
            came_at=row["came_at"],
            document_author=row["document_author"],
        ),
        essay_id=None if row["essay_id"] is None else str(row["essay_id"]),
    )


def _registration(row: Any) -> Registration:
    prompt, metadata = row["student_prompt_ref"], row["metadata"]
    return Registration(
        batch_id=str(row["batch_id"]),
        essay_ids=tuple(map(str, row["essay_ids"])),
        course_code=CourseCode(row["course_code"]),
        user_id=row["user_id"],
        class_id=row["class_id"],
        student_prompt_ref=None if prompt is None else msgspec.json.decode(prompt, type=StorageReferenceMetadata),
        correlation_id=row["correlation_id"],
        metadata=None if metadata is None else msgspec.json.decode(metadata),
    )
