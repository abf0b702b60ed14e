"""Batches' timelines: every fact that changed one, in order."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from batch_orchestrator_service.domain.facts import Fact
from batch_orchestrator_service.implementations.codec import pack, unpack_fact
from batch_orchestrator_service.protocols import TimelineEntry
from huleedu_service_libs.runtime.columns import columns
from huleedu_service_libs.runtime.connection import Connection, Pool

_ADD = """insert into timeline(batch_id, seq, at, kind, data)
  select * from unnest($1::text[], $2::bigint[], $3::timestamptz[], $4::text[], $5::bytea[])"""
_READ = "select seq, at, kind, data from timeline where batch_id = $1 and seq > $2 order by seq limit $3"


class TimelineRow(msgspec.Struct, frozen=True):
    """A fact's place in its batch's life."""

    batch_id: str
    seq: int
    at: datetime
    fact: Fact


class TimelineSink:
    """Adds to timelines."""

    async def add(self, con: Connection, rows: Sequence[TimelineRow]) -> None:
        """Insert all of these."""
        facts = [(row.batch_id, row.seq, row.at, row.fact.topic, pack(row.fact)) for row in rows]
        await con.execute(_ADD, *columns(facts))


async def read_timeline(pool: Pool, batch_id: str, after: int, limit: int) -> list[TimelineEntry]:
    """The facts with a greater `seq` than `after`, in order."""
    rows = await pool.fetch(_READ, batch_id, after, limit)
    return [TimelineEntry(row["seq"], row["at"], unpack_fact(row["kind"], row["data"])) for row in rows]
