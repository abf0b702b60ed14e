"""Inside a service: each event that takes effect is put down in the effect's own transaction, and who reads what."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from chaos.replacing import replace
from huleedu_service_libs.runtime.connection import Connection
from huleedu_service_libs.runtime.database import Database
from huleedu_service_libs.runtime.database_event_bus import DatabaseEventBus
from huleedu_service_libs.runtime.delivery import Decoders, Delivery
from huleedu_service_libs.runtime.routing import Group
from huleedu_service_libs.runtime.settler import Settler
from huleedu_service_libs.runtime.sources import ReplaySource, TimerSource
from huleedu_service_libs.runtime.unit_of_work import UnitOfWork

# No key forbids a duplicate, so that the checks can see one.
TABLES = """
create schema chaos;
create table chaos.taken(
  id bigint generated always as identity primary key, grp text, topic text, key text, event_id text, idempotent bool,
  head bigint);
create table chaos.moved_back(grp text, at bigint);
create function chaos.watch() returns trigger language plpgsql as $$
  begin insert into chaos.moved_back values (new.grp, new.at); return new; end $$;
create trigger watch before update on runtime.cursor for each row when (new.at < old.at)
  execute function chaos.watch();
"""
_ADD = """insert into chaos.taken(grp, topic, key, event_id, idempotent, head)
  select t.*, h.next from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bool[]) t, runtime.head h"""
_LOCK = 0x6368616F73  # "chaos", for pg_advisory_xact_lock


class Reading(msgspec.Struct):
    """A group, and every topic that it reads."""

    group: str
    topics: list[str]


class _TakenSink:
    async def add(self, con: Connection, rows: Sequence[tuple[str, str, str, str, bool]]) -> None:
        await con.execute(_ADD, *map(list, zip(*rows, strict=True)))


_TAKEN = _TakenSink()


def install(folder: Path) -> None:
    """Watch this process; what its groups read is left in `folder`."""
    _make_tables_on_connect()
    _put_down_what_takes_effect()
    _tell_what_is_read(folder)


def readers(folder: Path) -> dict[str, list[str]]:
    """The groups that read each topic, as the processes have told."""
    found: dict[str, list[str]] = {}
    for path in sorted(folder.glob("*.json")):
        reading = msgspec.json.decode(path.read_bytes(), type=Reading)
        for topic in reading.topics:
            found.setdefault(topic, []).append(reading.group)
    return found


def _make_tables_on_connect() -> None:
    connect = Database.connect

    async def connected(dsn: str, producer: str, **options: Any) -> Database:
        database = await connect(dsn, producer, **options)
        async with database.transaction() as con:
            await con.execute("select pg_advisory_xact_lock($1)", _LOCK)
            if await con.fetchval("select to_regclass('chaos.taken')") is None:
                await con.execute(TABLES)
        return database

    replace(Database, "connect", connected)


def _put_down_what_takes_effect() -> None:
    handle_all = Settler._handle_all

    async def handled(self: Settler, unit: UnitOfWork, deliveries: Sequence[Delivery]) -> None:
        await handle_all(self, unit, deliveries)
        if not isinstance(self._source, TimerSource | ReplaySource):
            unit.add(_TAKEN, *(_row(self._group.name, d) for d in deliveries if d.error is None))

    replace(Settler, "_handle_all", handled)


def _row(group: str, delivery: Delivery) -> tuple[str, str, str, str, bool]:
    assert delivery.envelope is not None
    return group, delivery.topic, delivery.key, delivery.envelope.event_id, not delivery.repeats_matter


def _tell_what_is_read(folder: Path) -> None:
    subscribe = DatabaseEventBus.subscribe

    def subscribed(self: DatabaseEventBus, database: Database, groups: Iterable[Group], *more: Any) -> None:
        groups = tuple(groups)
        subscribe(self, database, groups, *more)
        for group in groups:
            reading = Reading(group.name, list(Decoders(group.routes)))
            draft = folder / f"{group.name}.{os.getpid()}.draft"  # replicas tell at once
            draft.write_bytes(msgspec.json.encode(reading))
            draft.replace(folder / f"{group.name}.json")

    replace(DatabaseEventBus, "subscribe", subscribed)
