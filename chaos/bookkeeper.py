"""Reads the books from all databases and from Kafka, past every proxy, once everything has come to rest."""

import base64
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import zstandard
from batch_orchestrator_service.implementations.codec import unpack_batch, unpack_fact
from result_aggregator_service.implementations.result_repository_postgres_impl import PHASES

from chaos import diary, effects, showing
from chaos.authorship import read_authorship
from chaos.books import Books, Gathered, KeptBatch, Letter, PhaseCounts, Said, Taken, Upload
from chaos.diary import Entry, Planted, Struck, Watched
from huleedu_service_libs.runtime.connection import Connection

BOS, ELS = "batch_orchestrator_service", "essay_lifecycle_service"
FILES, RESULTS = "file_service", "result_aggregator_service"
DLQ = ".dlq"

_PHASES = """select p.batch_id::text, p.run_id::text, p.phase, p.attempt, p.total, p.waiting, p.succeeded, p.failed,
    p.ended_at is not null as ended, p.superseded,
    (select count(*) from essay_lifecycle_service.essay_result r where r.phase_id = p.id and r.error_code is null)
      as rows_succeeded,
    (select count(*) from essay_lifecycle_service.essay_result r where r.phase_id = p.id and r.error_code is not null)
      as rows_failed,
    (select count(*) from essay_lifecycle_service.essay_result r
      where r.phase_id = p.id and r.error_code = 'PHASE_TIMED_OUT') as timed_out,
    (select count(*) from essay_lifecycle_service.discarded_answer d where d.phase_id = p.id) as discarded
  from essay_lifecycle_service.phase p"""
_GATHERED = """select b.batch_id::text, b.status, r.phase, count(r.*) as n
  from result_aggregator_service.batch b
  left join result_aggregator_service.essay_result r on r.batch_id = b.batch_id and r.error_code is null
  group by 1, 2, 3"""
_UPLOADS = "select batch_id, file_name, status from file_service.file_uploads"
_TAKEN = """select id, grp, topic, key, event_id, head, xmin::text::bigint as transaction, idempotent
  from chaos.taken order by id"""
_SAID = "select first, topic, key, payload, xmin::text::bigint as transaction from runtime.log order by first"
_DUE = "select count(*) from runtime.timer where fire_at <= now()"
_BEHIND = """select c.grp, h.next - c.at as behind from runtime.cursor c, runtime.head h where c.at is not null"""

_unzip = zstandard.ZstdDecompressor().decompress


class KafkaContents(msgspec.Struct, frozen=True):
    """What stands in Kafka: how often each event, what is in `.dlq` topics, and how far groups are behind."""

    carried: Mapping[str, int]
    in_dlq: Sequence[tuple[str, bytes]]
    behind: Mapping[str, int]


@asynccontextmanager
async def _connected(dsn: str) -> AsyncIterator[Connection]:
    con = await asyncpg.connect(dsn)
    try:
        yield con
    finally:
        await con.close()


async def read_books(
    dsns: Mapping[str, str],
    folder: Path,
    readers: Mapping[str, Sequence[str]],
    kafka: KafkaContents | None,
) -> Books:
    """All there is to check; `dsns` by service, `folder` holds the diaries, `readers` are groups by topic."""
    said, taken, letters = await _runtime(sorted(set(dsns.values())))
    batches, phases, in_flight = await _batches(dsns[BOS]), *(await _phases(dsns[ELS]))
    return Books(
        entries=[entry for path in sorted(folder.glob("client*.jsonl")) for entry in diary.read(path, Entry)],
        struck=list(diary.read(folder / "faults.jsonl", Struck)),
        planted=list(diary.read(folder / "poison.jsonl", Planted)),
        batches=batches,
        phases=phases,
        in_flight=in_flight,
        gathered=await _gathered(dsns[RESULTS]),
        authorship=await read_authorship(dsns),
        uploads=await _uploads(dsns[FILES]),
        said=said,
        taken=taken,
        shown=await showing.shown(dsns[BOS]),
        watched=list(diary.read(folder / "streams.jsonl", Watched)),
        readers=readers,
        letters=letters,
        carried=None if kafka is None else kafka.carried,
        in_dlq=None if kafka is None else kafka.in_dlq,
        work_left=await _total(dsns, "select count(*) from runtime.work"),
        timers_due=await _total(dsns, _DUE),
        cursors_moved_back=await _total(dsns, "select count(*) from chaos.moved_back"),
        behind=await behind(dsns) | (dict(kafka.behind) if kafka else {}),
    )


async def behind(dsns: Mapping[str, str]) -> dict[str, int]:
    """How many events lie before each reader of a log, and how many work items and due timers there are."""
    found: dict[str, int] = {}
    for number, dsn in enumerate(sorted(set(dsns.values()))):
        async with _connected(dsn) as con:
            found |= {f"{row['grp']} of database {number}": row["behind"] for row in await con.fetch(_BEHIND)}
            found[f"work of database {number}"] = await con.fetchval("select count(*) from runtime.work")
            found[f"timers of database {number}"] = await con.fetchval(_DUE)
    return found


async def _total(dsns: Mapping[str, str], query: str) -> int:
    total = 0
    for dsn in set(dsns.values()):
        async with _connected(dsn) as con:
            total += await con.fetchval(query)
    return total


async def _runtime(dsns: Sequence[str]) -> tuple[list[Said], list[Taken], list[Letter]]:
    said: list[Said] = []
    taken: list[Taken] = []
    letters: list[Letter] = []
    for number, dsn in enumerate(dsns):
        async with _connected(dsn) as con:
            said += [event async for event in _said(con, number)]
            taken += [Taken(*row) for row in await con.fetch(_TAKEN)]
            rows = await con.fetch("select grp, topic, reason, raw from runtime.dead_letter order by id")
            letters += [Letter(*row) for row in rows]
    return said, taken, letters


async def _said(con: Connection, database: int) -> AsyncIterator[Said]:
    async with con.transaction():
        async for row in con.cursor(_SAID, prefetch=500):
            if row["topic"].endswith(DLQ):
                continue
            for offset, raw in enumerate(_unzip(row["payload"]).split(b"\n"), row["first"]):
                if (event := _event(offset, row, raw, database)) is not None:
                    yield event


def _event(offset: int, row: Mapping[str, Any], raw: bytes, database: int) -> Said | None:
    """The event; None for planted bytes, which are none."""
    try:
        told = effects.read(row["topic"], raw)
    except msgspec.MsgspecError:
        return None
    place = row["topic"], row["key"], told.event_id, told.once
    return Said(offset, *place, told.run_id, told.version, row["transaction"], database)


async def _batches(dsn: str) -> dict[str, KeptBatch]:
    timelines: dict[str, list[tuple[int, Any, Any]]] = defaultdict(list)
    async with _connected(dsn) as con:
        rows = await con.fetch(f"select batch_id, seq, at, kind, data from {BOS}.timeline order by batch_id, seq")
        for row in rows:
            fact = unpack_fact(row["kind"], row["data"])
            timelines[row["batch_id"]].append((row["seq"], row["at"], fact))
        rows = await con.fetch(f"select batch_id, status, version, state from {BOS}.batches")
        return {
            row["batch_id"]: KeptBatch(
                batch=unpack_batch(row["state"]),
                status=row["status"],
                version=row["version"],
                timeline=timelines[row["batch_id"]],
            )
            for row in rows
        }


async def _phases(dsn: str) -> tuple[list[PhaseCounts], int]:
    async with _connected(dsn) as con:
        rows = await con.fetch(_PHASES)
        in_flight = await con.fetchval(f"select sum(in_flight + waiting)::bigint from {ELS}.fan_out")
        return [PhaseCounts(**dict(row)) for row in rows], in_flight


async def _gathered(dsn: str) -> dict[str, Gathered]:
    results: dict[str, dict[str, int]] = defaultdict(dict)
    statuses: dict[str, str] = {}
    async with _connected(dsn) as con:
        for row in await con.fetch(_GATHERED):
            statuses[row["batch_id"]] = row["status"]
            if row["phase"] is not None:
                results[row["batch_id"]][PHASES[row["phase"]].value] = row["n"]
    return {batch_id: Gathered(status=status, results=results[batch_id]) for batch_id, status in statuses.items()}


async def _uploads(dsn: str) -> list[Upload]:
    async with _connected(dsn) as con:
        return [Upload(*row) for row in await con.fetch(_UPLOADS)]


class _Published(msgspec.Struct):
    raw: str


class _Named(msgspec.Struct):
    event_id: str


_published = msgspec.json.Decoder(_Published).decode
_named = msgspec.json.Decoder(_Named).decode


def tally(records: Iterator[tuple[str, bytes]]) -> tuple[Counter[str], list[tuple[str, bytes]]]:
    """What (topic, value) records of Kafka come down to: how often each event, and the bytes of dead letters."""
    carried: Counter[str] = Counter()
    in_dlq: list[tuple[str, bytes]] = []
    for topic, value in records:
        if topic.endswith(DLQ):
            in_dlq.append((topic, base64.b64decode(_published(value).raw)))
            continue
        try:
            carried[_named(value).event_id] += 1
        except msgspec.MsgspecError:
            continue
    return carried, in_dlq
