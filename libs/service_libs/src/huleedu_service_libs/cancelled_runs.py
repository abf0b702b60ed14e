"""Which runs nobody waits for any longer: known before work is begun, so that none is done in vain."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import Column, DateTime, MetaData, Table, Text

from common_core.message import Envelope
from common_core.messages.control import BatchRunCancelledV1
from huleedu_service_libs.runtime.columns import columns
from huleedu_service_libs.runtime.database import Database
from huleedu_service_libs.runtime.routing import Group, on_run
from huleedu_service_libs.runtime.unit_of_work import current_unit

KEPT = timedelta(days=7)
"""How long a cancelled run is remembered: longer than any queue of requests is."""

_KEEP = """with old as (delete from cancelled_run where cancelled_at < $1::timestamptz - $2::interval)
  insert into cancelled_run(batch_id, run_id, cancelled_at)
  select distinct s.batch_id, s.run_id, $1::timestamptz from unnest($3::text[], $4::text[]) s(batch_id, run_id)
  on conflict do nothing"""
_FIND = """select c.batch_id, c.run_id from unnest($1::text[], $2::text[]) s(batch_id, run_id)
  join cancelled_run c using (batch_id, run_id)"""

Run = tuple[str, str]


def cancelled_run_table(metadata: MetaData) -> Table:
    """The table, which each service that asks has in its own schema."""
    return Table(
        "cancelled_run",
        metadata,
        Column("batch_id", Text, primary_key=True),
        Column("run_id", Text, primary_key=True),
        Column("cancelled_at", DateTime(timezone=True), nullable=False),
    )


class CancelledRuns:
    """Hears which runs are cancelled, in a group of its own: a cancellation overtakes the requests that are queued."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._asked: set[Run] = set()
        self._asking: asyncio.Task[set[Run]] | None = None

    def group(self, service_name: str) -> Group:
        """To be subscribed beside the service's own."""
        return Group(name=f"{service_name}.cancelled_runs", routes=(on_run(BatchRunCancelledV1, self.keep),))

    async def keep(self, cancelled: Sequence[Envelope[BatchRunCancelledV1]]) -> None:
        """Remember these, within the poll's unit of work, and forget what is long past."""
        runs = [(each.data.batch_id, each.data.run_id) for each in cancelled if each.data.run_id]
        if runs:
            unit = current_unit()
            await unit.connection.execute(_KEEP, unit.now, KEPT, *columns(runs))

    async def contains(self, batch_id: str, run_id: str | None) -> bool:
        """Whether this run is cancelled. Those who ask in the same turn of the loop share one query."""
        if run_id is None:
            return False
        self._asked.add((batch_id, run_id))
        if self._asking is None:
            self._asking = asyncio.create_task(self._ask())
        return (batch_id, run_id) in await asyncio.shield(self._asking)

    async def _ask(self) -> set[Run]:
        await asyncio.sleep(0)
        runs, self._asked, self._asking = self._asked, set(), None
        rows = await self._database.pool.fetch(_FIND, *columns(runs))
        return {(row["batch_id"], row["run_id"]) for row in rows}
