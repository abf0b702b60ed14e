"""Who wrote which essay, on PostgreSQL: a handful of statements, however many essays and batches there are."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from essay_lifecycle_service.domain.intake import EndedIntake
from essay_lifecycle_service.domain.matching import Confirmation, FileNote
from essay_lifecycle_service.implementations.intake_repository_postgres_impl import lock_batches, read_ended
from huleedu_service_libs.runtime import current_unit

_ASK = """update batch set matching_asked_at = $2
  where batch_id = any($1::text[]::uuid[]) and matching_asked_at is null returning batch_id"""

_NOTES = """select batch_id, essay_id, file_name, document_author from upload
  where batch_id = any($1::uuid[]) and essay_id is not null"""

# Of what is said of an essay the newest holds, in whatever order it comes.
_KEEP = """insert into essay_student as known (batch_id, essay_id, student_id, method, version, said_at)
  select distinct on (batch_id, essay_id) batch_id::uuid, essay_id::uuid, student_id, method, version, said_at
  from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::timestamptz[])
    s(batch_id, essay_id, student_id, method, version, said_at)
  order by batch_id, essay_id, version desc, said_at desc
  on conflict (batch_id, essay_id) do update
    set student_id = excluded.student_id, method = excluded.method, version = excluded.version,
      said_at = excluded.said_at
    where (excluded.version, excluded.said_at) > (known.version, known.said_at)"""

# A row that is returned has just become both: confirmed, and over before that.
_CONFIRM = """with confirmed as (
    update batch set students_confirmed_at = $2
    where batch_id = any($1::text[]::uuid[]) and students_confirmed_at is null returning *)
  select * from confirmed where ended_at is not null and class_id <> ''"""


class PostgreSQLMatchingRepositoryImpl:
    """See `MatchingRepositoryProtocol`; works in the running unit of work."""

    async def ask(self, batch_ids: Sequence[str], at: datetime) -> Mapping[str, Mapping[str, FileNote]]:
        """Lock, mark, read what is known of the files."""
        con = current_unit().connection
        await lock_batches(batch_ids)
        new = [row["batch_id"] for row in await con.fetch(_ASK, list(batch_ids), at)]
        notes: dict[str, dict[str, FileNote]] = {str(batch_id): {} for batch_id in new}
        for row in await con.fetch(_NOTES, new) if new else ():
            note = FileNote(row["file_name"], row["document_author"])
            notes[str(row["batch_id"])][str(row["essay_id"])] = note
        return notes

    async def confirm(self, confirmations: Sequence[Confirmation], at: datetime) -> Sequence[EndedIntake]:
        """Lock, keep, mark, read the files of what has become ready."""
        batch_ids = sorted({confirmation.batch_id for confirmation in confirmations})
        await lock_batches(batch_ids)
        await current_unit().connection.execute(_KEEP, *_columns(confirmations))
        return await read_ended(await current_unit().connection.fetch(_CONFIRM, batch_ids, at))


def _columns(confirmations: Sequence[Confirmation]) -> list[list[object]]:
    columns: dict[int, list[object]] = defaultdict(list)
    for said in confirmations:
        for each in said.students:
            row = (said.batch_id, each.essay_id, each.student_id, each.method, said.version, said.said_at)
            for place, value in enumerate(row):
                columns[place].append(value)
    return [columns[place] for place in range(6)]
