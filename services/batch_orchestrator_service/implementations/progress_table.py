"""How far phases are: one statement for all reports of a poll, no fact of any timeline."""

from collections.abc import Sequence

from batch_orchestrator_service.protocols import PhaseProgress
from common_core.enums import PhaseName
from common_core.messages.pipeline import ELSBatchPhaseProgressV1
from huleedu_service_libs.runtime.connection import Connection, Pool

# A report that names no run means the active one; what belongs to no active run comes too late to matter.
_RECORD = """insert into phase_progress as known (batch_id, run_id, phase_name, attempt, succeeded, failed, total)
  select n.batch_id, b.active_run, n.phase_name, n.attempt, n.succeeded, n.failed, n.total
  from unnest($1::text[], $2::text[], $3::text[], $4::int[], $5::int[], $6::int[], $7::int[])
    n(batch_id, run_id, phase_name, attempt, succeeded, failed, total)
  join batches b on b.batch_id = n.batch_id and b.active_run = coalesce(n.run_id, b.active_run)
  on conflict (batch_id, run_id, phase_name) do update
  set attempt = excluded.attempt, succeeded = excluded.succeeded, failed = excluded.failed, total = excluded.total
  where (excluded.attempt, excluded.succeeded + excluded.failed) >= (known.attempt, known.succeeded + known.failed)"""
_READ = "select phase_name, attempt, succeeded, failed, total from phase_progress where batch_id = $1 and run_id = $2"


async def record_progress(con: Connection, reports: Sequence[ELSBatchPhaseProgressV1]) -> None:
    """Keep the last report on each phase."""
    latest = {(report.batch_id, report.run_id, report.phase_name): report for report in reports}
    columns = [
        (r.batch_id, r.run_id, r.phase_name, r.attempt or 1, r.succeeded, r.failed, r.total)
        for _, r in sorted(latest.items(), key=lambda item: (item[0][0], item[0][1] or "", item[0][2]))
    ]
    if columns:
        await con.execute(_RECORD, *map(list, zip(*columns, strict=True)))


async def read_progress(pool: Pool, batch_id: str, run_id: str) -> dict[PhaseName, PhaseProgress]:
    """How far the phases of a run are."""
    rows = await pool.fetch(_READ, batch_id, run_id)
    return {PhaseName(name): PhaseProgress(*counts) for name, *counts in rows}
