"""The raw limit over Kafka: the loop of `raw_limit`, with commands and results in topics and state in PostgreSQL.

The coordinator takes what results there are, at most 1,000, and makes one statement of them; what has to be sent is
written down in it and struck out by the next. The worker is a process of its own. Batches are built by hand, as is the
quickest way to use aiokafka, and commands are not sent one by one for anybody's sake.
"""

import asyncio
import multiprocessing
import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from multiprocessing.process import BaseProcess
from typing import Any

import asyncpg
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from benchmarks.raw_limit import POLL, decode, enveloped

PARTITIONS = 2
BATCH_BYTES = 1 << 20

_TABLES = """
create schema raw_limit;
create table raw_limit.batch(id bigint primary key, n int not null, phases int not null, phase int not null default 0,
  done int not null default 0) with (fillfactor = 50);
create table raw_limit.result(batch_id bigint, phase int, essay int, ok bool not null, ref text,
  at timestamptz not null default now(), primary key (batch_id, phase, essay));
create table raw_limit.outbox(id bigint generated always as identity primary key, batch_id bigint, phase int);
"""
_START = """with i as (
    insert into raw_limit.batch(id, n, phases) select u, $2, $3 from unnest($1::bigint[]) u returning id)
  insert into raw_limit.outbox(batch_id, phase) select id, 0 from i returning id, batch_id, phase"""
_ADVANCE = """with sent as (delete from raw_limit.outbox where id = any($6::bigint[])),
  new as (insert into raw_limit.result(batch_id, phase, essay, ok, ref)
    select * from unnest($1::bigint[], $2::int[], $3::int[], $4::bool[], $5::text[])
    on conflict do nothing returning batch_id, phase),
  counted as (select batch_id, phase, count(*)::int as c from new group by 1, 2),
  moved as (update raw_limit.batch b
    set phase = case when b.done + c.c >= b.n then b.phase + 1 else b.phase end,
        done = case when b.done + c.c >= b.n then 0 else b.done + c.c end
    from counted c where b.id = c.batch_id and b.phase = c.phase returning b.id, b.phase, b.phases, b.done),
  next as (insert into raw_limit.outbox(batch_id, phase)
    select id, phase from moved where done = 0 and phase < phases returning id, batch_id, phase)
  select n.id, m.id as batch_id, m.phase from moved m left join next n on n.batch_id = m.id where m.done = 0"""


class Topic:
    """One topic's batches, built by hand for each partition."""

    def __init__(self, producer: Any, name: str) -> None:
        self._producer, self._name = producer, name

    async def send(self, messages: Iterable[tuple[int, bytes]]) -> None:
        """All of these, by batch; sent when it returns, not yet acknowledged."""
        by_partition = defaultdict(list)
        for batch_id, raw in messages:
            by_partition[batch_id % PARTITIONS].append((str(batch_id).encode(), raw))
        for partition, raws in by_partition.items():
            await self._send(partition, raws)

    async def _send(self, partition: int, raws: Sequence[tuple[bytes, bytes]]) -> None:
        batch = self._producer.create_batch()
        for key, raw in raws:
            if batch.append(key=key, value=raw, timestamp=None) is None:
                await self._producer.send_batch(batch, self._name, partition=partition)
                batch = self._producer.create_batch()
                batch.append(key=key, value=raw, timestamp=None)
        await self._producer.send_batch(batch, self._name, partition=partition)


class Coordinator:
    """Turns results into the next phase's commands."""

    def __init__(self, con: "asyncpg.Connection[asyncpg.Record]", results: Any, commands: Topic, essays: int) -> None:
        self._con, self._results, self._commands, self._essays = con, results, commands, essays
        self._sent: list[int] = []

    async def orchestrate(self, ids: range, phases: int) -> None:
        """Take these batches through all phases."""
        for start in range(0, len(ids), 100):
            await self._command(await self._con.fetch(_START, list(ids[start : start + 100]), self._essays, phases))
        ended = 0
        while ended < len(ids):
            over = await self._advance()
            ended += sum(row["id"] is None for row in over)
            await self._command([row for row in over if row["id"] is not None])

    async def _advance(self) -> Sequence[asyncpg.Record]:
        steps = [decode(record.value).data for record in await _taken(self._results)]
        columns = zip(*((int(s.batch_id), s.phase, s.essay, True, s.text_storage_id) for s in steps), strict=True)
        sent, self._sent = self._sent, []
        return await self._con.fetch(_ADVANCE, *columns, sent)

    async def _command(self, rows: Sequence[asyncpg.Record]) -> None:
        await self._commands.send(
            (row["batch_id"], enveloped(row["batch_id"], row["phase"], essay, "t"))
            for row in rows
            for essay in range(self._essays)
        )
        self._sent += [row["id"] for row in rows]


async def raw_limit_kafka(dsn: str, bootstrap: str, batches: int, essays: int, phases: int) -> float:
    """Essay-phases a second of the hand-written loop."""
    con = await asyncpg.connect(dsn)
    await con.execute(_TABLES)
    name = f"raw-limit-{uuid.uuid4().hex}"
    await _make_topics(bootstrap, name)
    worker = _start_worker(bootstrap, name)
    results, producer = _consumer(bootstrap, name, "results"), _producer(bootstrap)
    try:
        await asyncio.gather(results.start(), producer.start())
        coordinator = Coordinator(con, results, Topic(producer, f"{name}-commands"), essays)
        await coordinator.orchestrate(range(20), phases)
        loop = asyncio.get_running_loop()
        began = loop.time()
        await coordinator.orchestrate(range(1000, 1000 + batches), phases)
        return batches * essays * phases / (loop.time() - began)
    finally:
        worker.terminate()
        worker.join()
        await asyncio.gather(results.stop(), producer.stop())
        await con.execute("drop schema raw_limit cascade")
        await con.close()


async def _make_topics(bootstrap: str, name: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(f"{name}-{each}", PARTITIONS, 1) for each in ("commands", "results")])
    await admin.close()


def _consumer(bootstrap: str, name: str, topic: str) -> Any:
    return AIOKafkaConsumer(
        f"{name}-{topic}",
        bootstrap_servers=bootstrap,
        group_id=f"{name}-{topic}",
        auto_offset_reset="earliest",
        fetch_max_wait_ms=5,
    )


def _producer(bootstrap: str) -> Any:
    return AIOKafkaProducer(
        bootstrap_servers=bootstrap,
        acks="all",
        enable_idempotence=True,
        compression_type="zstd",
        max_batch_size=BATCH_BYTES,
        max_request_size=2 * BATCH_BYTES,
    )


async def _taken(consumer: Any) -> list[Any]:
    """What is there, at most a poll of it; waits for the first."""
    while True:
        found = await consumer.getmany(timeout_ms=200, max_records=POLL)
        if found:
            return [record for records in found.values() for record in records]


def _start_worker(bootstrap: str, name: str) -> BaseProcess:
    worker = multiprocessing.get_context("spawn").Process(target=_work_until_ended, args=(bootstrap, name), daemon=True)
    worker.start()
    return worker


def _work_until_ended(bootstrap: str, name: str) -> None:
    import uvloop

    uvloop.run(_work(bootstrap, name))


async def _work(bootstrap: str, name: str) -> None:
    commands, producer = _consumer(bootstrap, name, "commands"), _producer(bootstrap)
    await asyncio.gather(commands.start(), producer.start())
    results = Topic(producer, f"{name}-results")
    while True:
        steps = [decode(record.value).data for record in await _taken(commands)]
        await results.send((int(s.batch_id), enveloped(int(s.batch_id), s.phase, s.essay, "c")) for s in steps)
