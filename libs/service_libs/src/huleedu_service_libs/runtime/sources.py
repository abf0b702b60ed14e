"""A group's sources on PostgreSQL: the log, its due timers, and dead letters asked for again."""

import asyncio
import math
from collections.abc import Iterator, Sequence

import msgspec

from huleedu_service_libs.runtime import dead_letters, log
from huleedu_service_libs.runtime.blame import Fenced
from huleedu_service_libs.runtime.connection import Connection
from huleedu_service_libs.runtime.database import Database
from huleedu_service_libs.runtime.delivery import Delivery
from huleedu_service_libs.runtime.unit_of_work import UnitOfWork

_OWNED = "exists (select from runtime.cursor c where c.grp = $1 and c.owner = $2)"
_DUE = f"""select name, fire_at, topic, payload from runtime.timer
  where grp = $1 and fire_at <= $3 and {_OWNED} order by fire_at limit $4"""
_FIRED = """delete from runtime.timer t using unnest($2::text[], $3::timestamptz[]) f(name, fire_at)
  where t.grp = $1 and t.name = f.name and t.fire_at = f.fire_at"""
_WANTED = f"""select id, topic, key, raw from runtime.dead_letter
  where grp = $1 and wanted and {_OWNED} order by id limit $3"""
_REPLAYED = "delete from runtime.dead_letter where id = any($1::bigint[])"

SKIP_COUNT = 5000  # other groups' messages after which it is worth moving a cursor that has nothing of its own to read
SKIP_SECONDS = 1.0  # after which it moves over fewer


class Span(msgspec.Struct, frozen=True):
    """A delivery's receipt: the cursor before and after it, and under which ownership it was read."""

    since: int
    next: int
    epoch: int


class DatabaseSource:
    """What all sources in the database have in common: their receipts tell what is known, and letters are rows."""

    drained = False

    async def sift(self, deliveries: Sequence[Delivery]) -> None:
        """See `Source.sift`."""

    async def admit(self, con: Connection, deliveries: Sequence[Delivery]) -> Sequence[Delivery]:
        """See `Source.admit`."""
        return deliveries

    async def bury(self, unit: UnitOfWork, deliveries: Sequence[Delivery]) -> None:
        """See `Source.bury`."""
        await dead_letters.bury(unit.connection, unit.group, deliveries)

    def settled(self, deliveries: Sequence[Delivery]) -> None:
        """See `Source.settled`."""

    async def close(self) -> None:
        """See `Source.close`."""


class LogSource(DatabaseSource):
    """The log itself. Position and ownership are asked of the database at each poll, never remembered."""

    def __init__(self, database: Database, group: str, owner: str, topics: Sequence[str]) -> None:
        self._database, self._group, self._owner, self._topics = database, group, owner, list(topics)
        self._position = log.Position(0, 0, 0, drained=False)
        self._skipped_at = -math.inf

    async def take(self, limit: int) -> list[Delivery]:
        """The next messages; none if another process reads for the group."""
        position, records = await log.read(self._database.pool, self._group, self._owner, self._topics, limit)
        if position is None:
            self.drained = True
            return []
        self._position, self.drained = position, position.drained
        if not records:
            await self._skip()
        return list(self._deliveries(position, records))

    def _deliveries(self, position: log.Position, records: Sequence[log.Record]) -> Iterator[Delivery]:
        since = position.at
        for record in records:
            error = ValueError("broken record batch") if record.broken else None
            yield Delivery(record.topic, record.key, record.raw, Span(since, record.next, position.epoch), error=error)
            since = record.next

    async def acknowledge(self, con: Connection, deliveries: Sequence[Delivery]) -> log.Move:
        """The cursor's move from where these began to where they end, both as they were read."""
        first, last = deliveries[0].receipt, deliveries[-1].receipt
        return log.Move(self._group, first.since, last.next, last.epoch)

    @property
    def lag(self) -> int:
        """Messages between the cursor and the end of the log, at the last poll."""
        return self._position.head - self._position.at

    async def _skip(self) -> None:
        """Nothing here is ours: go to the end, but not for every few messages of others."""
        clock, position = asyncio.get_running_loop().time(), self._position
        if self.lag >= SKIP_COUNT or (self.lag and clock - self._skipped_at >= SKIP_SECONDS):
            self._skipped_at = clock
            await log.move(self._database.pool, log.Move(self._group, position.at, position.head, position.epoch))
            self._position = msgspec.structs.replace(position, at=position.head)


class TimerSource(DatabaseSource):
    """Timers that are due. The row goes in the transaction of its effect: it fires once, whoever is first."""

    def __init__(self, database: Database, group: str, owner: str) -> None:
        self._database, self._group, self._owner = database, group, owner

    async def take(self, limit: int) -> list[Delivery]:
        """Due timers, the earliest first; none if another process looks after the group's."""
        rows = await self._database.pool.fetch(_DUE, self._group, self._owner, self._database.clock(), limit)
        self.drained = len(rows) < limit
        return [Delivery(row["topic"], "", row["payload"], (row["name"], row["fire_at"])) for row in rows]

    async def acknowledge(self, con: Connection, deliveries: Sequence[Delivery]) -> None:
        """Delete them; Fenced if one has been fired or set anew meanwhile."""
        names, times = zip(*(d.receipt for d in deliveries), strict=True)
        if await con.execute(_FIRED, self._group, names, times) != f"DELETE {len(deliveries)}":
            raise Fenced


class ReplaySource(DatabaseSource):
    """Dead letters that an operator wants handled again."""

    def __init__(self, database: Database, group: str, owner: str) -> None:
        self._database, self._group, self._owner = database, group, owner

    async def take(self, limit: int) -> list[Delivery]:
        """Those asked for, the oldest first; none if another process looks after the group's."""
        rows = await self._database.pool.fetch(_WANTED, self._group, self._owner, limit)
        self.drained = len(rows) < limit
        return [Delivery(row["topic"], row["key"], row["raw"], row["id"]) for row in rows]

    async def acknowledge(self, con: Connection, deliveries: Sequence[Delivery]) -> None:
        """They leave the dead letters; what fails again is buried anew."""
        if await con.execute(_REPLAYED, [d.receipt for d in deliveries]) != f"DELETE {len(deliveries)}":
            raise Fenced
