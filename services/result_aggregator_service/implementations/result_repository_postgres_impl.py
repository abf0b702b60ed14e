"""What messages tell, written to PostgreSQL in the running unit of work: a statement for all rows of a call."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from msgspec.structs import astuple

from common_core.enums import PhaseName
from huleedu_service_libs.runtime.columns import columns
from huleedu_service_libs.runtime.unit_of_work import States, current_unit
from result_aggregator_service.domain.batch import RESULT_PHASES, Batch
from result_aggregator_service.domain.results import Result, Slot, UnusedFile, latest_slots, newest
from result_aggregator_service.domain.students import StudentOfEssay, latest_students
from result_aggregator_service.implementations.batch_table import BatchTable, VersionedBatch
from result_aggregator_service.implementations.stored_bytes import detail_bytes, summary_bytes

PHASE_NUMBERS: dict[PhaseName, int] = {PhaseName.SPELLCHECK: 1, PhaseName.NLP: 2}
"""Phases as they stand in rows. A number is never given to another phase."""

PHASES = {number: phase for phase, number in PHASE_NUMBERS.items()}

_FILL = """insert into essay(batch_id, essay_id, assigned_at, file_upload_id, file_name, text_storage_id)
  select * from unnest($1::text[]::uuid[], $2::text[]::uuid[], $3::timestamptz[], $4::text[], $5::text[], $6::text[])
  on conflict (batch_id, essay_id) do update set assigned_at = excluded.assigned_at,
    file_upload_id = excluded.file_upload_id, file_name = excluded.file_name,
    text_storage_id = excluded.text_storage_id
  where (excluded.assigned_at, excluded.file_upload_id) > (essay.assigned_at, essay.file_upload_id)"""

_NAME = """insert into essay_student(
    batch_id, essay_id, student_id, first_name, last_name, email, method, version, at)
  select * from unnest($1::text[]::uuid[], $2::text[]::uuid[], $3::text[], $4::text[], $5::text[], $6::text[],
    $7::text[], $8::bigint[], $9::timestamptz[])
  on conflict (batch_id, essay_id) do update set student_id = excluded.student_id, first_name = excluded.first_name,
    last_name = excluded.last_name, email = excluded.email, method = excluded.method, version = excluded.version,
    at = excluded.at
  where (excluded.version, excluded.at) > (essay_student.version, essay_student.at)"""

_SET_ASIDE = """insert into unused_file(batch_id, file_key, file_name, code, reason, at)
  select * from unnest($1::text[]::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[])
  on conflict do nothing"""

_RECORD = """insert into essay_result(
    batch_id, essay_id, phase, run_id, attempt, at, error_code, summary, detail)
  select * from unnest($1::text[]::uuid[], $2::text[]::uuid[], $3::smallint[], $4::text[]::uuid[], $5::smallint[],
    $6::timestamptz[], $7::text[], $8::bytea[], $9::bytea[])
  on conflict (batch_id, essay_id, phase) do update set run_id = excluded.run_id, attempt = excluded.attempt,
    at = excluded.at, error_code = excluded.error_code, summary = excluded.summary, detail = excluded.detail
  where (excluded.run_id, excluded.attempt, excluded.at)
    > (essay_result.run_id, essay_result.attempt, essay_result.at)"""

_ARRIVED = """select batch_id::text, phase, count(*) as n from essay_result
  where batch_id = any($1::text[]::uuid[]) and error_code is null group by batch_id, phase"""


class PostgresResultRepositoryImpl:
    """See `ResultRepositoryProtocol`. Rows are written in the order of their keys, so that writers never deadlock."""

    def __init__(self, table: BatchTable) -> None:
        self._table = table

    @property
    def _states(self) -> States[VersionedBatch]:
        return current_unit().states(self._table)

    async def batches(self, batch_ids: Sequence[str]) -> Mapping[str, Batch]:
        """See the protocol."""
        await self._states.prefetch(batch_ids)
        found = {batch_id: await self._states.get(batch_id) for batch_id in batch_ids}
        return {batch_id: state.batch if state else Batch() for batch_id, state in found.items()}

    async def put(self, batch_id: str, batch: Batch) -> None:
        """See the protocol."""
        known = await self._states.get(batch_id)
        self._states.put(batch_id, VersionedBatch(batch, known.version if known else 0))

    async def fill(self, slots: Sequence[Slot]) -> None:
        """See the protocol."""
        rows = sorted(
            (s.batch_id, s.essay_id, s.assigned_at, s.file_upload_id, s.file_name, s.text_storage_id)
            for s in latest_slots(slots)
        )
        await current_unit().connection.execute(_FILL, *columns(rows))

    async def set_aside(self, files: Sequence[UnusedFile]) -> None:
        """See the protocol."""
        rows = sorted((f.batch_id, f.file_key, f.file_name, f.code, f.reason, f.at) for f in files)
        await current_unit().connection.execute(_SET_ASIDE, *columns(rows))

    async def record(self, results: Sequence[Result]) -> None:
        """See the protocol."""
        rows = sorted(map(_row, newest(results)), key=_key)
        await current_unit().connection.execute(_RECORD, *columns(rows))

    async def name(self, students: Sequence[StudentOfEssay]) -> None:
        """See the protocol."""
        rows = sorted(map(astuple, latest_students(students)), key=lambda row: row[:2])
        await current_unit().connection.execute(_NAME, *columns(rows))

    async def arrived(self, batch_ids: Sequence[str]) -> Mapping[str, Mapping[PhaseName, int]]:
        """See the protocol."""
        counted: dict[str, dict[PhaseName, int]] = defaultdict(lambda: dict.fromkeys(RESULT_PHASES, 0))
        for row in await current_unit().connection.fetch(_ARRIVED, batch_ids):
            counted[row["batch_id"]][PHASES[row["phase"]]] = row["n"]
        return counted


def _row(result: Result) -> tuple[object, ...]:
    return (
        result.batch_id,
        result.essay_id,
        PHASE_NUMBERS[result.phase],
        result.edition.run_id,
        result.edition.attempt,
        result.at,
        result.error_code,
        summary_bytes(result),
        detail_bytes(result),
    )


def _key(row: tuple[object, ...]) -> tuple[object, ...]:
    return row[:3]
