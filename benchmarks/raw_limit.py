"""The raw limit: the same job by one hand-written loop over two tables, with nothing promised but durability.

A coordinator turns results into commands, a worker in a process of its own turns commands into results; each poll is
one statement and one transaction over at most 1,000 rows. Each command and result is put into an envelope of the usual
size and read again, as whatever crosses a process boundary has to be. Nothing that keeps its state in PostgreSQL will
be much faster.
"""

import asyncio
import multiprocessing
from datetime import UTC, datetime
from multiprocessing.process import BaseProcess

import asyncpg
import msgspec

from common_core.message import Envelope, Message

POLL = 1000
PADDING = "x" * 180  # with it an envelope has the 600 bytes that HuleEdu's have


class Step(Message, frozen=True, kw_only=True):
    """A command or its result, for every hand-written loop."""

    batch_id: str
    phase: int
    essay: int
    text_storage_id: str
    padding: str = PADDING


_encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder(Envelope[Step]).decode


def enveloped(batch: int, phase: int, essay: int, prefix: str) -> bytes:
    """An envelope of the usual size; commands and results differ by the prefix."""
    step = Step(batch_id=str(batch), phase=phase, essay=essay, text_storage_id=f"{prefix}-{batch}-{essay}")
    return _encode(
        Envelope(
            event_id=f"{prefix}-{batch}-{phase}-{essay}",
            event_type="raw.limit",
            event_timestamp=datetime.now(UTC),
            source_service="raw_limit",
            correlation_id=str(batch),
            data=step,
        )
    )


_TABLES = """
create schema raw_limit;
create table raw_limit.batch(id bigint primary key, n int not null, phases int not null, phase int not null default 0,
  done int not null default 0) with (fillfactor = 50);
create table raw_limit.result(batch_id bigint, phase int, essay int, ok bool not null, ref text,
  at timestamptz not null default now(), primary key (batch_id, phase, essay));
create table raw_limit.command(id bigint generated always as identity primary key,
  batch_id bigint, phase int, essay int);
create table raw_limit.inbox(id bigint generated always as identity primary key, batch_id bigint, phase int, essay int,
  ok bool, ref text);
"""
_START = """with i as (
    insert into raw_limit.batch(id, n, phases) select u, $2, $3 from unnest($1::bigint[]) u returning id)
  insert into raw_limit.command(batch_id, phase, essay) select id, 0, g from i, generate_series(0, $2 - 1) g"""
_ADVANCE = f"""with taken as (
    delete from raw_limit.inbox where id = any(array(
      select id from raw_limit.inbox order by id limit {POLL} for update skip locked))
    returning batch_id, phase, essay, ok, ref),
  new as (insert into raw_limit.result(batch_id, phase, essay, ok, ref) select * from taken
    on conflict do nothing returning batch_id, phase),
  counted as (select batch_id, phase, count(*)::int as c from new group by 1, 2),
  moved as (update raw_limit.batch b
    set phase = case when b.done + c.c >= b.n then b.phase + 1 else b.phase end,
        done = case when b.done + c.c >= b.n then 0 else b.done + c.c end
    from counted c where b.id = c.batch_id and b.phase = c.phase returning b.id, b.phase, b.phases, b.done, b.n),
  next as (insert into raw_limit.command(batch_id, phase, essay)
    select id, phase, g from moved, generate_series(0, n - 1) g where done = 0 and phase < phases returning 1)
  select (select count(*) from taken) as taken, (select count(*) from next) as said,
    (select count(*) from moved where done = 0 and phase >= phases) as ended"""
_TAKE = f"""delete from raw_limit.command where id = any(array(
    select id from raw_limit.command order by id limit {POLL} for update skip locked))
  returning batch_id, phase, essay"""
_ANSWER = """insert into raw_limit.inbox(batch_id, phase, essay, ok, ref)
  select * from unnest($1::bigint[], $2::int[], $3::int[], $4::bool[], $5::text[])"""


async def raw_limit(dsn: str, batches: int, essays: int, phases: int) -> float:
    """Essay-phases a second of the hand-written loop."""
    con = await asyncpg.connect(dsn)
    await con.execute(_TABLES)
    worker = _start_worker(dsn)
    try:
        await _orchestrate(con, range(20), essays, phases)
        loop = asyncio.get_running_loop()
        began = loop.time()
        await _orchestrate(con, range(1000, 1000 + batches), essays, phases)
        return batches * essays * phases / (loop.time() - began)
    finally:
        worker.terminate()
        worker.join()
        await con.execute("drop schema raw_limit cascade")
        await con.close()


async def _orchestrate(con: "asyncpg.Connection[asyncpg.Record]", ids: range, essays: int, phases: int) -> None:
    for start in range(0, len(ids), 100):
        await con.execute(_START, list(ids[start : start + 100]), essays, phases)
    ended = 0
    while ended < len(ids):
        row = await con.fetchrow(_ADVANCE)
        assert row is not None
        ended += row["ended"]
        if not row["taken"]:
            await asyncio.sleep(0.001)


def _start_worker(dsn: str) -> BaseProcess:
    worker = multiprocessing.get_context("spawn").Process(target=_work_until_ended, args=(dsn,), daemon=True)
    worker.start()
    return worker


def _work_until_ended(dsn: str) -> None:
    asyncio.run(_work(dsn))


async def _work(dsn: str) -> None:
    con = await asyncpg.connect(dsn)
    while True:
        async with con.transaction():
            rows = await con.fetch(_TAKE)
            if rows:
                batch_ids, phases, essays = zip(*rows, strict=True)
                texts = [_done(batch, phase, essay) for batch, phase, essay in rows]
                await con.execute(_ANSWER, batch_ids, phases, essays, [True] * len(rows), texts)
        if not rows:
            await asyncio.sleep(0.001)


def _done(batch: int, phase: int, essay: int) -> str:
    """What a worker does around the work: read a command, say the result; whoever gets it reads it again."""
    command = decode(enveloped(batch, phase, essay, "t")).data
    result = decode(enveloped(batch, command.phase, command.essay, "c")).data
    return result.text_storage_id
