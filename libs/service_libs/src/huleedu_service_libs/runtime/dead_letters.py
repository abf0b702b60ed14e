"""Messages that could not be handled: set aside with their reason, listed, and replayed straight to their handler."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

import msgspec

from huleedu_service_libs.runtime.blame import reason
from huleedu_service_libs.runtime.columns import columns
from huleedu_service_libs.runtime.connection import Connection, Pool
from huleedu_service_libs.runtime.delivery import Delivery

_BURY = """insert into runtime.dead_letter(grp, topic, key, reason, raw, origin)
  select $1, * from unnest($2::text[], $3::text[], $4::text[], $5::bytea[], $6::text[])
  on conflict (grp, origin) do nothing returning origin"""
_LIST = """select id, grp, topic, key, reason, raw, buried_at from runtime.dead_letter
  where ($1::text is null or grp = $1) order by id desc limit $2"""
_ABOUT = """select key, grp, count(*), (array_agg(reason order by id desc))[1] from runtime.dead_letter
  where key = any($1::text[]) group by key, grp order by key, grp"""
_WANTED = "update runtime.dead_letter set wanted = true where id = any($1::bigint[]) or $2 returning id"


class DeadLetter(msgspec.Struct, frozen=True):
    """A message that could not be handled."""

    id: int
    group: str
    topic: str
    key: str
    reason: str
    raw: bytes
    buried_at: datetime


async def bury(con: Connection, group: str, deliveries: Sequence[Delivery]) -> set[str | None]:
    """Set these aside, in the transaction that acknowledges them; once each, however often Kafka delivers them.

    Returns the origins of those that had not been set aside before.
    """
    rows = [(d.topic, d.key, reason(d.error), d.raw, d.origin) for d in deliveries]
    return {row["origin"] for row in await con.fetch(_BURY, group, *columns(rows))}


async def letters(con: Connection, group: str | None = None, limit: int = 100) -> list[DeadLetter]:
    """The newest dead letters, of one group or of all."""
    return [DeadLetter(*row) for row in await con.fetch(_LIST, group, limit)]


async def letters_about(pool: Pool, keys: Sequence[str]) -> dict[str, list[tuple[str, int, str]]]:
    """For each of these keys and each group that set messages of it aside: (group, how many, the last one's reason)."""
    found: defaultdict[str, list[tuple[str, int, str]]] = defaultdict(list)
    for key, group, count, why in await pool.fetch(_ABOUT, list(keys)):
        found[key].append((group, count, why))
    return found


async def ask_replay(con: Connection, ids: Sequence[int], *, everything: bool = False) -> int:
    """Have the owning groups take these again; how many there are."""
    return len(await con.fetch(_WANTED, list(ids), everything))
