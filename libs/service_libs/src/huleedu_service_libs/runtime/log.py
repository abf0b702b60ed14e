"""The log: one sequence of dense offsets in commit order, kept as record batches. Outbox always, bus on one machine."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
import zstandard

from common_core.message import Message
from huleedu_service_libs.runtime.blame import Fenced
from huleedu_service_libs.runtime.connection import Connection, Pool

MAX_COUNT = 500  # messages in a row; READ relies on it
MAX_BYTES = 1 << 20  # uncompressed bytes in a row, unless one message alone is larger
STAYS = "stays."  # before the topic of what a service says to itself: no relay sends it

# The head's row lock is held from here to the commit: offsets are dense, and their order is the commit order.
# So this is the last statement of its transaction.
_SAID = """said as (
    select *, (sum(n) over (order by ord))::bigint - n as before
    from unnest(${}::text[], ${}::text[], ${}::int[], ${}::bytea[]) with ordinality u(topic, key, n, payload, ord))"""
_INSERT = """insert into runtime.log(first, n, topic, key, payload)
  select head.next - (select sum(n) from said) + said.before, said.n, said.topic, said.key, said.payload
  from said, head"""
_APPEND = f"""with {_SAID.format(1, 2, 3, 4)},
  head as (update runtime.head set next = next + (select sum(n) from said) returning next)
  {_INSERT}"""

# One statement is one snapshot: whatever lies below `head` is visible in `log`.
_READ = f"""with mine as materialized (
    select c.at, c.epoch, h.next as head from runtime.cursor c cross join runtime.head h
    where c.grp = $1 and c.owner = $2),
  found as (
    select l.*, sum(l.rest) over (order by l.first) as total from mine cross join lateral (
      select first, n, topic, key, payload, said_at, first + n - greatest(first, mine.at) as rest from runtime.log
      where first > mine.at - {MAX_COUNT} and first + n > mine.at and ($3::text[] is null or topic = any($3::text[]))
      order by first limit $4::bigint) l)
  select at, epoch, head, first, n, topic, key, payload, said_at, rest
  from mine left join (select * from found where total - rest < $4::bigint) f on true order by first"""

_MOVE = "update runtime.cursor set at = $3, seen_at = now() where grp = $1 and at = $2 and epoch = $4"
# The receipt and the append as one statement: a round trip less in every poll that says something.
_MOVE_AND_APPEND = f"""with moved as ({_MOVE} returning 1),
  {_SAID.format(5, 6, 7, 8)},
  head as (
    update runtime.head set next = next + (select sum(n) from said) where exists (select from moved) returning next)
  {_INSERT}"""

_compress = zstandard.ZstdCompressor(level=1).compress
_decompress = zstandard.ZstdDecompressor().decompress


def topic_of(message: Message | type[Message]) -> str:
    """The topic under which the log has this message."""
    return STAYS + message.topic if message.stays else message.topic


class Position(msgspec.Struct, frozen=True):
    """Where a group stood when it read: its offset, its owner's epoch, the log's end, and whether it read to there."""

    at: int
    epoch: int
    head: int
    drained: bool


class Record(msgspec.Struct, gc=False):
    """One message as it stands in the log; `next` is the offset after it."""

    topic: str
    key: str
    raw: bytes
    next: int
    broken: bool = False


def batches(raws: Sequence[bytes]) -> Iterable[Sequence[bytes]]:
    """Cut what is said to one (topic, key) into record batches."""
    if len(raws) <= MAX_COUNT and sum(map(len, raws)) <= MAX_BYTES:
        yield raws
        return
    start = size = 0
    for end, raw in enumerate(raws):
        if end > start and (end - start == MAX_COUNT or size + len(raw) > MAX_BYTES):
            yield raws[start:end]
            start, size = end, 0
        size += len(raw)
    yield raws[start:]


class Move(msgspec.Struct, frozen=True):
    """A cursor's way from where it is expected to be, under the ownership that it was read under."""

    group: str
    expected: int
    to: int
    epoch: int


async def append(con: Connection, said: dict[tuple[str, str], list[bytes]], receipt: Move | None = None) -> None:
    """Write {(topic, key): envelopes} as record batches, and the receipt with them. Nothing may follow them.

    Raises Fenced if the cursor was not where the receipt expects it.
    """
    topics, keys, counts, payloads = [], [], [], []
    for (topic, key), raws in said.items():
        for batch in batches(raws):
            topics.append(topic)
            keys.append(key)
            counts.append(len(batch))
            payloads.append(_compress(b"\n".join(batch)))
    if receipt is None:
        await con.execute(_APPEND, topics, keys, counts, payloads)
        return
    way = (receipt.group, receipt.expected, receipt.to, receipt.epoch)
    if await con.execute(_MOVE_AND_APPEND, *way, topics, keys, counts, payloads) == "INSERT 0 0":
        raise Fenced


async def read(
    con: Connection | Pool, group: str, owner: str, topics: Sequence[str] | None, limit: int
) -> tuple[Position | None, list[Record]]:
    """The group's next messages, of these topics or of all, at most `limit`.

    There is no position if this owner does not read for the group.
    """
    rows = await con.fetch(_READ, group, owner, topics, limit)
    if not rows:
        return None, []
    at, epoch, head = rows[0]["at"], rows[0]["epoch"], rows[0]["head"]
    found = [row for row in rows if row["first"] is not None]
    position = Position(at, epoch, head, drained=sum(row["rest"] for row in found) < limit)
    records = unpack(found, at, limit)
    if records and position.drained:
        records[-1].next = head  # what follows there is others'
    return position, records


def unpack(rows: Sequence[Any], at: int, limit: int) -> list[Record]:
    """The messages in these rows of the log from offset `at` on, at most `limit`."""
    records: list[Record] = []
    for row in rows:
        skip = max(0, at - row["first"])
        raws = _messages(row["payload"], row["n"])
        if raws is None:
            records.append(Record(row["topic"], row["key"], row["payload"], row["first"] + row["n"], broken=True))
            continue
        for index, raw in enumerate(raws[skip : skip + limit - len(records)], row["first"] + skip + 1):
            records.append(Record(row["topic"], row["key"], raw, index))
    return records


def _messages(payload: bytes, count: int) -> list[bytes] | None:
    try:
        raws = _decompress(payload).split(b"\n")
    except zstandard.ZstdError:
        return None
    return raws if len(raws) == count else None


async def move(con: Connection | Pool, way: Move) -> None:
    """Move a cursor by compare-and-swap. Raises Fenced if somebody else moved it or took it over."""
    if await con.execute(_MOVE, way.group, way.expected, way.to, way.epoch) != "UPDATE 1":
        raise Fenced
