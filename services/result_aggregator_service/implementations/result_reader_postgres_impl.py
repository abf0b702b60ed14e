"""What has been put together, read from PostgreSQL outside of any unit of work."""

import re
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from common_core.enums import AssociationValidationMethod, BatchStatus
from huleedu_service_libs.runtime.database import Database
from result_aggregator_service.domain.batch import Batch
from result_aggregator_service.domain.results import Edition, Result, Slot, UnusedFile
from result_aggregator_service.domain.students import StudentOfEssay
from result_aggregator_service.implementations.result_repository_postgres_impl import PHASES
from result_aggregator_service.implementations.stored_bytes import (
    batch_from,
    corrections_from,
    features_from,
    summary_from,
)
from result_aggregator_service.protocols import BatchPage, ListedBatch

_BATCH = "select facts from batch where batch_id = $1::text::uuid"

_LISTED = "user_id = $1 and registered_at is not null and ($2::text[] is null or status = any($2))"
_PAGE = f"""select batch_id::text, facts from batch where {_LISTED}
  order by registered_at desc, batch_id desc limit $3 offset $4"""
_TOTAL = f"select count(*) from batch where {_LISTED}"

_SLOTS = """select i.essay_id::text, e.file_upload_id, e.file_name, e.text_storage_id, e.assigned_at
  from (select essay_id from essay where batch_id = $1::text::uuid
        union select essay_id from essay_result where batch_id = $1::text::uuid) i
  left join essay e on e.batch_id = $1::text::uuid and e.essay_id = i.essay_id"""

_STUDENTS = """select essay_id::text, student_id, first_name, last_name, email, method, version, at
  from essay_student where batch_id = $1::text::uuid"""

_UNUSED = "select file_key, file_name, code, reason, at from unused_file where batch_id = $1::text::uuid"

_RESULTS = """select essay_id::text, phase, run_id::text, attempt, at, error_code, summary,
    case when $3 then detail end as detail
  from essay_result where batch_id = $1::text::uuid and essay_id = any($2::text[]::uuid[])"""

_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


class PostgresResultReaderImpl:
    """See `ResultReaderProtocol`."""

    def __init__(self, database: Database) -> None:
        self._pool = database.pool

    async def batch(self, batch_id: str) -> Batch | None:
        """See the protocol."""
        if not _UUID.fullmatch(batch_id):
            return None
        facts = await self._pool.fetchval(_BATCH, batch_id)
        return None if facts is None else batch_from(facts)

    async def batches_of(
        self, user_id: str, statuses: Collection[BatchStatus] | None, limit: int, offset: int
    ) -> BatchPage:
        """See the protocol."""
        among = None if statuses is None else list(statuses)
        rows = await self._pool.fetch(_PAGE, user_id, among, limit, offset)
        total = await self._pool.fetchval(_TOTAL, user_id, among)
        return BatchPage([ListedBatch(row["batch_id"], batch_from(row["facts"])) for row in rows], total)

    async def slots(self, batch_id: str) -> list[Slot]:
        """See the protocol."""
        return [Slot(batch_id=batch_id, **row) for row in await self._pool.fetch(_SLOTS, batch_id)]

    async def students(self, batch_id: str) -> Mapping[str, StudentOfEssay]:
        """See the protocol."""
        rows = await self._pool.fetch(_STUDENTS, batch_id)
        return {row["essay_id"]: _student(batch_id, row) for row in rows}

    async def unused_files(self, batch_id: str) -> list[UnusedFile]:
        """See the protocol."""
        return [UnusedFile(batch_id=batch_id, **row) for row in await self._pool.fetch(_UNUSED, batch_id)]

    async def results(
        self, batch_id: str, essay_ids: Sequence[str], *, in_full: bool
    ) -> Mapping[str, Sequence[Result]]:
        """See the protocol."""
        found: dict[str, list[Result]] = defaultdict(list)
        for row in await self._pool.fetch(_RESULTS, batch_id, essay_ids, in_full):
            found[row["essay_id"]].append(_result(batch_id, row))
        return found


def _student(batch_id: str, row: Any) -> StudentOfEssay:
    method = AssociationValidationMethod(row["method"])
    return StudentOfEssay(batch_id=batch_id, **dict(row) | {"method": method})


def _result(batch_id: str, row: Any) -> Result:
    phase = PHASES[row["phase"]]
    return Result(
        batch_id=batch_id,
        essay_id=row["essay_id"],
        phase=phase,
        edition=Edition(row["run_id"], row["attempt"]),
        at=row["at"],
        error_code=row["error_code"],
        summary=summary_from(phase, row["summary"]),
        corrections=corrections_from(phase, row["detail"]),
        features=features_from(phase, row["detail"]),
    )
