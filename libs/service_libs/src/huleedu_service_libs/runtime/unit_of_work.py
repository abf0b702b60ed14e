"""One transaction's work: states read and written in bulk, and everything said, written last."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

import msgspec
import uuid_utils

from common_core.message import Envelope, Message
from huleedu_service_libs.runtime import log
from huleedu_service_libs.runtime.connection import Connection
from huleedu_service_libs.runtime.effects import Effect, Later, Work

S = TypeVar("S")
Row = TypeVar("Row", contravariant=True)

encode = msgspec.json.Encoder().encode

# Turns, fixed when items come (Goyal, Vin and Cheng, Start-time fair queueing, 1997): each has the place after the one
# before it on the same behalf, but none before what is done next. Workers go by places.
_ADD_WORK = """with said as (
    select *, row_number() over (partition by on_behalf_of order by ord) as n
    from unnest($2::text[], $3::text[], $4::bytea[]) with ordinality u(on_behalf_of, topic, payload, ord)),
  next as (
    select coalesce(
      (select place from runtime.work where grp = $1 and owner is null and not_before <= now() order by place limit 1),
      (select min(place) from runtime.work where grp = $1), 1) as place),
  before as (
    select b.on_behalf_of, greatest(next.place - 1, (
      select max(w.place) from runtime.work w where w.grp = $1 and w.on_behalf_of = b.on_behalf_of)) as place
    from (select distinct on_behalf_of from said) b cross join next)
  insert into runtime.work(grp, on_behalf_of, topic, payload, place)
  select $1, said.on_behalf_of, topic, payload, before.place + n from said join before using (on_behalf_of)
  order by ord"""
_SET_TIMERS = """with dropped as (delete from runtime.timer where grp = $1 and name = any($2::text[]))
  insert into runtime.timer(grp, name, fire_at, topic, payload)
  select $1, * from unnest($3::text[], $4::timestamptz[], $5::text[], $6::bytea[])
  on conflict (grp, name) do update
  set fire_at = excluded.fire_at, topic = excluded.topic, payload = excluded.payload"""


class Table(Protocol[S]):
    """States by key, in bulk: one statement reads them (locked until the transaction ends), one writes them."""

    async def read(self, con: Connection, keys: Sequence[str]) -> Mapping[str, S]:
        """The states there are for these keys, locked in the order of the keys."""

    async def write(self, con: Connection, states: Mapping[str, S]) -> None:
        """Insert or update all of these."""


class Sink(Protocol[Row]):
    """Rows that are only ever added, in bulk."""

    async def add(self, con: Connection, rows: Sequence[Row]) -> None:
        """Insert all of these."""


class Cause(msgspec.Struct, frozen=True):
    """Why something is said: the request or message it follows from."""

    correlation_id: str
    metadata: dict[str, Any] | None = None

    @property
    def user_id(self) -> str:
        """Whose matter it is; nothing if that is not known."""
        known = (self.metadata or {}).get("user_id")
        return known if isinstance(known, str) else ""


def cause_of(envelope: Envelope[Any]) -> Cause:
    """What follows from this message carries its correlation id and metadata."""
    return Cause(envelope.correlation_id, envelope.metadata)


class States(Generic[S]):
    """One table within one unit of work: each key is read once and written once."""

    def __init__(self, unit: "UnitOfWork", table: Table[S]) -> None:
        self._unit, self._table = unit, table
        self._known: dict[str, S | None] = {}
        self._changed: dict[str, S] = {}

    async def prefetch(self, keys: Sequence[str]) -> None:
        """Read what is not known yet, in one statement."""
        missing = sorted({key for key in keys if key not in self._known})
        if missing:
            found = await self._table.read(self._unit.connection, missing)
            self._known.update({key: found.get(key) for key in missing})

    async def get(self, key: str) -> S | None:
        """The state as this unit of work sees it, its own changes included."""
        if key not in self._known:
            await self.prefetch([key])
        return self._known[key]

    def put(self, key: str, state: S) -> None:
        """Have this written at the end."""
        known, changed = self._known.get(key), self._changed.get(key)
        self._unit.on_undo(lambda: self._restore(key, known, changed))
        self._known[key] = self._changed[key] = state

    def _restore(self, key: str, known: S | None, changed: S | None) -> None:
        self._known[key] = known
        if changed is None:
            self._changed.pop(key, None)
        else:
            self._changed[key] = changed

    async def write(self) -> None:
        """Write what has changed, in one statement."""
        if self._changed:
            await self._table.write(self._unit.connection, self._changed)


class UnitOfWork:
    """Everything one transaction reads, changes and says. `now` is one reading of the clock for all of it."""

    def __init__(self, connection: Connection, group: str, producer: str, now: datetime) -> None:
        self.connection, self.group, self.now = connection, group, now
        self.cause = Cause("")
        self._producer = producer
        self._states: dict[int, States[Any]] = {}
        self._rows: dict[int, tuple[Sink[Any], list[Any]]] = {}
        self._said: dict[tuple[str, str], list[bytes]] = defaultdict(list)
        self._work: list[tuple[str, str, bytes]] = []
        self._timers: dict[str, tuple[datetime, str, bytes] | None] = {}
        self._undo: list[Callable[[], Any]] | None = None

    @contextmanager
    def ambient(self) -> Iterator[None]:
        """Make this the unit of work that `current_unit()` answers."""
        token = _current.set(self)
        try:
            yield
        finally:
            _current.reset(token)

    def states(self, table: Table[S]) -> States[S]:
        """This unit's view of a table."""
        view = self._states.get(id(table))
        if view is None:
            view = self._states[id(table)] = States(self, table)
        return view

    def add(self, sink: Sink[Row], *rows: Row) -> None:
        """Have these rows added at the end."""
        _, kept = self._rows.setdefault(id(sink), (sink, []))
        before = len(kept)
        self.on_undo(lambda: kept.__delitem__(slice(before, None)))
        kept.extend(rows)

    def say(self, *effects: Effect, cause: Cause | None = None) -> None:
        """Say these when the transaction commits, because of `cause` (by default what is being handled)."""
        because = cause or self.cause
        for effect in effects:
            if isinstance(effect, Message):
                self._say(effect, because)
            elif isinstance(effect, Work):
                self._have_done(effect, because)
            elif isinstance(effect, Later):
                timer = (effect.at, effect.message.topic, self._envelope(effect.message, because))
                self._set_timer(effect.name, timer)
            else:
                self._set_timer(effect.name, None)

    def _say(self, message: Message, cause: Cause) -> None:
        raws = self._said[log.topic_of(message), message.key]
        raws.append(self._envelope(message, cause))
        if self._undo is not None:
            self._undo.append(raws.pop)

    def _have_done(self, work: Work, cause: Cause) -> None:
        behalf = cause.user_id if work.on_behalf_of is None else work.on_behalf_of
        self._work.append((behalf, work.message.topic, self._envelope(work.message, cause)))
        self.on_undo(self._work.pop)

    def say_raw(self, topic: str, key: str, raw: bytes) -> None:
        """Say bytes as they are: what could not be read cannot be put in an envelope."""
        self._said[topic, key].append(raw)

    def _set_timer(self, name: str, timer: tuple[datetime, str, bytes] | None) -> None:
        known, before = name in self._timers, self._timers.get(name)
        self.on_undo(lambda: self._timers.update({name: before}) if known else self._timers.pop(name, None) and None)
        self._timers[name] = timer

    def _envelope(self, message: Message, cause: Cause) -> bytes:
        return encode(
            Envelope(
                event_id=str(uuid_utils.uuid7()),
                event_type=message.topic,
                event_timestamp=self.now,
                source_service=self._producer,
                correlation_id=cause.correlation_id,
                data=message,
                metadata=cause.metadata,
            )
        )

    def on_undo(self, action: Callable[[], Any]) -> None:
        """Do this if what is being handled turns out to fail."""
        if self._undo is not None:
            self._undo.append(action)

    def begin(self, cause: Cause, *, undoable: bool = True) -> None:
        """The next message is handled because of this; it can be undone by itself, or only with all the rest."""
        self.cause = cause
        self._undo = [] if undoable else None

    def undo(self) -> None:
        """Leave no trace of what has been changed and said since `begin`."""
        for action in reversed(self._undo or []):
            action()
        self._undo = []

    async def flush(self, receipt: log.Move | None = None) -> None:
        """Write it all; the log last, because its lock is held to the commit, and a cursor's move with it."""
        for states in self._states.values():
            await states.write()
        for sink, rows in self._rows.values():
            if rows:
                await sink.add(self.connection, rows)
        await self._write_work()
        await self._write_timers()
        said = {to: raws for to, raws in self._said.items() if raws}
        if said:
            await log.append(self.connection, said, receipt)
        elif receipt is not None:
            await log.move(self.connection, receipt)
        self._let_go()

    def _let_go(self) -> None:
        """States and this unit hold each other: let go, or all they hold stays until the collector comes by."""
        self._states.clear()
        self._undo = None

    async def _write_work(self) -> None:
        if self._work:
            await self.connection.execute(_ADD_WORK, self.group, *zip(*self._work, strict=True))

    async def _write_timers(self) -> None:
        dropped = sorted(name for name, timer in self._timers.items() if timer is None)
        wanted = sorted((name, *timer) for name, timer in self._timers.items() if timer is not None)
        if dropped or wanted:
            columns = zip(*wanted, strict=True) if wanted else ((), (), (), ())
            await self.connection.execute(_SET_TIMERS, self.group, dropped, *columns)

    def wakes(self) -> set[str]:
        """Whom the commit concerns: the topics said, and this group's workers."""
        woken = {topic for (topic, _), raws in self._said.items() if raws}
        return woken | {f"work:{self.group}"} if self._work else woken


_current: ContextVar[UnitOfWork] = ContextVar("unit_of_work")


def current_unit() -> UnitOfWork:
    """The unit of work that the running handler belongs to."""
    return _current.get()
