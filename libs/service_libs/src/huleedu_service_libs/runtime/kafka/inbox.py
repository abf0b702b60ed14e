"""A group's inbox: an event's row, written in the transaction of its effect, is what makes the effect unique."""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from hashlib import blake2b
from uuid import UUID

from huleedu_service_libs.runtime.connection import Connection
from huleedu_service_libs.runtime.delivery import Delivery

CHUNK = 50_000  # rows deleted at once

_CANONICAL = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")

# Nearly always all are new; then the answer is null, and nobody builds a list to say so.
_TAKE = """with new as (
    insert into runtime.inbox(grp, event) select $1, unnest($2::text[])::uuid on conflict do nothing returning event)
  select case when (select count(*) from new) < cardinality($2) then array(select event::text from new) end"""
# Only what this transaction wrote down itself: what another message of the same id had as its effect stays known.
_FORGET = """delete from runtime.inbox
  where grp = $1 and event = any($2::text[]::uuid[]) and xmin = pg_current_xact_id()::xid"""
_SWEEP = """delete from runtime.inbox where ctid = any(array(
    select ctid from runtime.inbox where taken_at < now() - $1::interval limit $2))"""


def event_key(event_id: str) -> str:
    """The id as the inbox keeps it: a UUID, made from whatever else a foreign producer calls its event."""
    if _CANONICAL.fullmatch(event_id):
        return event_id
    try:
        return str(UUID(event_id))
    except ValueError:
        return str(UUID(bytes=blake2b(event_id.encode(), digest_size=16).digest()))


async def admit(con: Connection, group: str, deliveries: Sequence[Delivery]) -> Sequence[Delivery]:
    """Write these events down, and leave out those that were there; the others are admitted without being asked."""
    unknown = [d for d in deliveries if not d.known]
    asked = [d for d in unknown if d.repeats_matter]
    keys = [event_key(d.envelope.event_id) for d in asked if d.envelope is not None]
    new = await con.fetchval(_TAKE, group, keys) if keys else None
    if new is None:
        return unknown
    admitted = set(map(id, _first_of_each(zip(asked, keys, strict=True), set(new))))
    return [d for d in unknown if not d.repeats_matter or id(d) in admitted]


def _first_of_each(keyed: Iterable[tuple[Delivery, str]], new: set[str]) -> Iterator[Delivery]:
    """An event that stands twice among them, once."""
    for delivery, key in keyed:
        if key in new:
            new.remove(key)
            yield delivery


async def forget(con: Connection, group: str, deliveries: Sequence[Delivery]) -> None:
    """Strike these out again, in the transaction that admitted them: they have no effect, and may be sent anew."""
    keys = [event_key(d.envelope.event_id) for d in deliveries if d.envelope is not None]
    if keys:
        await con.execute(_FORGET, group, keys)


async def sweep(con: Connection, keep: timedelta) -> int:
    """Delete a chunk of what is older than Kafka can deliver again; how many rows went."""
    return int((await con.execute(_SWEEP, keep, CHUNK)).removeprefix("DELETE "))
