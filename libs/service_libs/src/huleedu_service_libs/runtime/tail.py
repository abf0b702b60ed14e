"""The log's tail, read only and outside any group: what stands on a topic from any offset on, and what is kept."""

import asyncio
from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Generic

import msgspec
import structlog

from common_core.message import M, envelope_of
from huleedu_service_libs.runtime import log
from huleedu_service_libs.runtime.blame import reason
from huleedu_service_libs.runtime.connection import Connection, Pool
from huleedu_service_libs.runtime.database import Database
from huleedu_service_libs.runtime.event_bus import EventBus

ROWS = 16  # record batches in one reading, each of MAX_BYTES at most

_KEPT = """h.next as head, i.epoch, coalesce((select first from runtime.log order by first limit 1), h.next) as oldest
  from runtime.head h cross join runtime.installation i"""
_LOOK = f"select {_KEPT}"
# One statement is one snapshot: whatever lies below `head` is visible in `log`.
_READ = f"""select l.*, {_KEPT} left join lateral (
    select first, n, topic, key, payload from runtime.log
    where first > $1::bigint - {log.MAX_COUNT} and first + n > $1 and topic = $2 order by first limit {ROWS}
  ) l on true order by l.first"""

_logger = structlog.get_logger("huleedu_service_libs.runtime")


class Gap(StrEnum):
    """Why what follows a place cannot be told any more."""

    ANOTHER_EPOCH = "another_epoch"  # the database has been restored since
    NOT_KEPT = "not_kept"
    AHEAD = "ahead"


class Place(msgspec.Struct, frozen=True):
    """A place between two messages of a log: all before `offset` has been seen, in that life of the installation."""

    epoch: str
    offset: int


class Kept(msgspec.Struct, frozen=True):
    """Which messages a log has: those from `oldest` on, up to before `head`."""

    epoch: str
    oldest: int
    head: int

    @property
    def end(self) -> Place:
        """Behind the last message."""
        return Place(self.epoch, self.head)

    def gap_after(self, place: Place) -> Gap | None:
        """Why one cannot go on from there, if one cannot."""
        if place.epoch != self.epoch:
            return Gap.ANOTHER_EPOCH
        if place.offset > self.head:
            return Gap.AHEAD
        return Gap.NOT_KEPT if place.offset < self.oldest else None


class Told(msgspec.Struct, Generic[M], frozen=True):
    """A message, and the place behind it."""

    message: M
    place: Place


class Page(msgspec.Struct, Generic[M], frozen=True):
    """Messages from one place on, as far as `end`."""

    kept: Kept
    told: Sequence[Told[M]]
    end: Place

    @property
    def is_last(self) -> bool:
        """There was nothing after it."""
        return self.end.offset == self.kept.head


async def look(con: Connection | Pool) -> Kept:
    """What the log has, in the snapshot of the connection's transaction."""
    row = await con.fetchrow(_LOOK)
    assert row is not None
    return Kept(row["epoch"].hex, row["oldest"], row["head"])


class Tail(Generic[M]):
    """What a service has said to itself in messages of one kind; `wake` is set when there may be more."""

    def __init__(self, database: Database, bus: EventBus, message: type[M]) -> None:
        self.pool, self.wake = database.pool, asyncio.Event()
        self._decode = msgspec.json.Decoder(envelope_of(message)).decode
        self._topic = log.topic_of(message)
        bus.watch([self._topic], self.wake)

    async def read(self, offset: int) -> Page[M]:
        """What stands there from this offset on, a page of it; what cannot be read is left out."""
        rows = await self.pool.fetch(_READ, offset, self._topic)
        kept = Kept(rows[0]["epoch"].hex, rows[0]["oldest"], rows[0]["head"])
        found = [row for row in rows if row["first"] is not None]
        told = list(self._told(kept.epoch, log.unpack(found, offset, ROWS * log.MAX_COUNT)))
        end = found[-1]["first"] + found[-1]["n"] if len(found) == ROWS else kept.head
        return Page(kept, told, Place(kept.epoch, end))

    def _told(self, epoch: str, records: Sequence[log.Record]) -> Iterator[Told[M]]:
        for record in records:
            try:
                yield Told(self._decode(record.raw).data, Place(epoch, record.next))
            except msgspec.MsgspecError as error:  # broken, or of another release
                _logger.warning("left out of the tail", topic=record.topic, offset=record.next, reason=reason(error))
