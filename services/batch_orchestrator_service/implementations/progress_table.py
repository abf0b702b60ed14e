"""How far phases are: one statement for all reports of a poll, no fact of any timeline."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from batch_orchestrator_service.protocols import PhaseProgress
from common_core.enums import PhaseName
from common_core.messages.pipeline import ELSBatchPhaseProgressV1
from huleedu_service_libs.runtime.columns import columns
from huleedu_service_libs.runtime.connection import Connection, Pool

# A report that names no run means the active one; what belongs to no active run comes too late to matter.
_RECORD = """insert into phase_progress as known
    (batch_id, run_id, phase_name, attempt, succeeded, failed, total, reported_at)
  select n.batch_id, b.active_run, n.phase_name, n.attempt, n.succeeded, n.failed, n.total, $8
  from unnest($1::text[], $2::text[], $3::text[], $4::int[], $5::int[], $6::int[], $7::int[])
    n(batch_id, run_id, phase_name, attempt, succeeded, failed, total)
  join batches b on b.batch_id = n.batch_id and b.active_run = coalesce(n.run_id, b.active_run)
  on conflict (batch_id, run_id, phase_name) do update
  set attempt = excluded.attempt, succeeded = excluded.succeeded, failed = excluded.failed, total = excluded.total,
    reported_at = excluded.reported_at
  where (excluded.attempt, excluded.succeeded + excluded.failed) > (known.attempt, known.succeeded + known.failed)"""
_READ = """select p.batch_id, p.phase_name, p.attempt, p.succeeded, p.failed, p.total, p.reported_at
  from unnest($1::text[], $2::text[]) wanted(batch_id, run_id) join phase_progress p using (batch_id, run_id)"""


async def record_progress(con: Connection, reports: Sequence[ELSBatchPhaseProgressV1], at: datetime) -> None:
    """Keep the last report on each phase, and when it came."""
    latest = {(report.batch_id, report.run_id, report.phase_name): report for report in reports}
    rows = [
        (r.batch_id, r.run_id, r.phase_name, r.attempt or 1, r.succeeded, r.failed, r.total)
        for _, r in sorted(latest.items(), key=lambda item: (item[0][0], item[0][1] or "", item[0][2]))
    ]
    if rows:
        await con.execute(_RECORD, *columns(rows), at)


async def read_progress(pool: Pool | Connection, runs: Mapping[str, str]) -> dict[str, dict[PhaseName, PhaseProgress]]:
    """How far the phases of these runs are; runs and answers are by batch."""
    found: defaultdict[str, dict[PhaseName, PhaseProgress]] = defaultdict(dict)
    for batch_id, name, *progress in await pool.fetch(_READ, list(runs), list(runs.values())):
        found[batch_id][PhaseName(name)] = PhaseProgress(*progress)
    return found
