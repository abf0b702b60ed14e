"""What keeps the runtime's tables small and tells how far behind each group is."""

from collections.abc import Sequence
from datetime import timedelta

import msgspec

from huleedu_service_libs.runtime.connection import Connection
from huleedu_service_libs.runtime.database import alive

CHUNK = 20_000  # log rows deleted at once
ANSWERS_KEPT = timedelta(days=7)  # how long an Idempotency-Key is honoured
FORGOTTEN = timedelta(days=7)  # after which a group that nobody runs no longer holds the log

_BEHIND = """select c.grp, coalesce(h.next - c.at, 0) as lag,
    coalesce((select extract(epoch from clock_timestamp() - l.said_at)::float8 from runtime.log l
      where l.first > c.at - 500 and l.first + l.n > c.at order by l.first limit 1), 0) as oldest_seconds,
    (select count(*) from runtime.work w where w.grp = c.grp) as work_waiting
  from runtime.cursor c cross join runtime.head h where c.grp = any($1::text[])"""
# Up to the first row that is young enough: looking at the age of every row would cost more, the more is kept.
_SWEEP_LOG = f"""with passed as (
    select min(at) as at from runtime.cursor c where seen_at > now() - $2::interval or {alive("c")}),
  young as (select first from runtime.log where said_at >= now() - $1::interval order by first limit 1),
  old as (select first from runtime.log, passed
    where first < least(passed.at, (select first from young)) and first + n <= passed.at order by first limit $3)
  delete from runtime.log where first <= (select max(first) from old)"""
_SWEEP_ANSWERS = "delete from runtime.answer where said_at < now() - $1::interval"


class GroupBacklog(msgspec.Struct, frozen=True):
    """What a group has before it."""

    group: str
    lag: int
    oldest_seconds: float
    work_waiting: int


async def backlogs(con: Connection, groups: Sequence[str]) -> list[GroupBacklog]:
    """How far behind each of these groups is."""
    return [GroupBacklog(*row) for row in await con.fetch(_BEHIND, list(groups))]


async def sweep(con: Connection, keep: timedelta) -> int:
    """Delete what every group has passed and what is older than `keep`, a chunk at a time; how many log rows went."""
    await con.execute(_SWEEP_ANSWERS, ANSWERS_KEPT)
    swept = await con.execute(_SWEEP_LOG, keep, FORGOTTEN, CHUNK)
    return int(swept.removeprefix("DELETE "))
