"""`streams`: what an open stream costs in memory, and how long an event takes from the log to those who watch."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from multiprocessing import get_context
from multiprocessing.context import SpawnProcess
from multiprocessing.queues import SimpleQueue
from pathlib import Path

import aiohttp
import msgspec

from benchmarks.flow import Flow, flow
from benchmarks.measure import percentile
from benchmarks.stage import Stage, server
from huleedu_service_libs.event_streams.reading import EventReader

ESSAYS = 30
OPENED_AT_ONCE = 50

_SAID_WHEN = """select first, n, said_at from runtime.log
  where topic = 'stays.batch_orchestrator.stream.event' order by first"""

Received = list[tuple[int, float]]  # offsets, and when each was there


class Size(msgspec.Struct, frozen=True):
    """How many streams, spread over how many batches."""

    streams: int
    batches: int


FULL, SHORT = Size(streams=1000, batches=40), Size(streams=100, batches=10)


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """What one run showed. Memory is the serving process's, for an open stream; times are from the log to the client.

    At once: all batches run at the same time, as fast as they can; else one after the other.
    """

    streams: int
    batches: int
    essays_per_batch: int
    memory_per_stream_kb: float
    events_received: int
    received_p50_ms: float
    received_p99_ms: float
    received_p50_ms_at_once: float
    received_p99_ms_at_once: float


def run(size: Size) -> Figures:
    """The services on the fast event loop, who watches in a process of its own."""
    import uvloop

    return uvloop.run(_measure(size))


async def _measure(size: Size) -> Figures:
    async with server() as on, flow(on, "streams") as running:
        await _watched(running, Size(size.batches, size.batches), at_once=True)  # warm
        memory, calm = await _watched(running, size, at_once=False)
        _, loaded = await _watched(running, size, at_once=True)
    return Figures(
        streams=size.streams,
        batches=size.batches,
        essays_per_batch=ESSAYS,
        memory_per_stream_kb=memory / size.streams,
        events_received=len(calm) + len(loaded),
        received_p50_ms=percentile(calm, 0.5),
        received_p99_ms=percentile(calm, 0.99),
        received_p50_ms_at_once=percentile(loaded, 0.5),
        received_p99_ms_at_once=percentile(loaded, 0.99),
    )


async def _watched(running: Flow, size: Size, *, at_once: bool) -> tuple[float, list[float]]:
    """KB that the open streams took, and each event's milliseconds from the log to a client."""
    batches = await running.registered(size.batches, ESSAYS)
    assert isinstance(running.stage, Stage)  # whose memory is this process's
    base = running.stage.addresses["batch_orchestrator_service"]
    urls = [f"{base}/v1/batches/{batches[number % len(batches)]}/stream" for number in range(size.streams)]
    before = _memory_kb()
    async with _audience(urls) as (opened, received):
        await asyncio.to_thread(opened.get)
        taken = _memory_kb() - before
        async with running.stage.while_reading():
            for some in [batches] if at_once else [[batch] for batch in batches]:
                await running.requested(some)
                await running.ended(some, ESSAYS)
            seen = await asyncio.to_thread(received.get)
    return taken, await _latencies(running, seen)


def _memory_kb() -> float:
    """What this process holds now."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0])


async def _latencies(running: Flow, seen: Received) -> list[float]:
    said = {
        offset: row["said_at"].timestamp()
        for row in await running.stage.fetch(_SAID_WHEN)
        for offset in range(row["first"] + 1, row["first"] + row["n"] + 1)
    }
    return [(at - said[offset]) * 1000 for offset, at in seen]


@asynccontextmanager
async def _audience(urls: Sequence[str]) -> AsyncIterator[tuple["SimpleQueue[int]", "SimpleQueue[Received]"]]:
    """Clients in another process: it tells when all streams are open, and what they got once all batches have ended."""
    context = get_context("spawn")
    opened: SimpleQueue[int] = context.SimpleQueue()
    received: SimpleQueue[Received] = context.SimpleQueue()
    clients: SpawnProcess = context.Process(target=_clients, args=(urls, opened, received), daemon=True)
    clients.start()
    try:
        yield opened, received
    finally:
        await asyncio.to_thread(clients.join)


def _clients(urls: Sequence[str], opened: "SimpleQueue[int]", received: "SimpleQueue[Received]") -> None:
    received.put(asyncio.run(_watch_all(urls, opened)))


async def _watch_all(urls: Sequence[str], opened: "SimpleQueue[int]") -> Received:
    seen: Received = []
    begun, room = 0, asyncio.Semaphore(OPENED_AT_ONCE)

    def begin() -> None:
        nonlocal begun
        begun += 1
        if begun == len(urls):
            opened.put(begun)

    async def watch(session: aiohttp.ClientSession, url: str) -> None:
        await room.acquire()
        async with session.get(url) as response:
            reader = EventReader()
            async for chunk in response.content.iter_any():
                now = time.time()
                for event in reader.feed(chunk):
                    if event.event == "snapshot":
                        room.release()
                        begin()
                        continue
                    seen.append((int(event.id.rsplit("-", 1)[1]), now))
                    if json.loads(event.data).get("client_status", "").startswith("completed"):
                        return

    connections = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connections, timeout=aiohttp.ClientTimeout(total=None)) as session:
        await asyncio.gather(*(watch(session, url) for url in urls))
    return seen
