"""`register`: durable registrations a second over HTTP, beside a handler that does nothing on the same server."""

import asyncio
import time
from collections.abc import Iterator
from multiprocessing import get_context
from multiprocessing.queues import SimpleQueue

import aiohttp
import msgspec
from quart import Blueprint, Quart

from benchmarks.measure import percentile
from benchmarks.stage import server, stage

BODY = b'{"expected_essay_count": 30, "course_code": "ENG5", "user_id": "t"}'
HEADERS = {"Content-Type": "application/json"}


class Size(msgspec.Struct, frozen=True):
    """How many requests, over how many connections."""

    requests: int
    connections: int


FULL, SHORT = Size(requests=6000, connections=32), Size(requests=300, connections=8)


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """What one run showed: rates per second; the p99 is at half the highest rate."""

    requests: int
    connections: int
    registrations_per_s: float
    empty_handler_per_s: float
    share_of_empty_handler: float
    registration_p50_ms_at_half_load: float
    registration_p99_ms_at_half_load: float


def run(size: Size) -> Figures:
    """The server on the fast event loop, the clients in a process of their own."""
    import uvloop

    return uvloop.run(_measure(size))


async def _measure(size: Size) -> Figures:
    async with server() as on, stage(on, "register", ["batch_orchestrator_service"], {}) as made:
        _add_empty_handler(made.apps["batch_orchestrator_service"])
        base = made.addresses["batch_orchestrator_service"]
        async with made.while_reading():
            await _loaded(f"{base}/v1/batches/register", Size(200, size.connections), None)
            await _loaded(f"{base}/empty", Size(200, size.connections), None)
            empty, _ = await _loaded(f"{base}/empty", size, None)
            rate, _ = await _loaded(f"{base}/v1/batches/register", size, None)
            _, calm = await _loaded(f"{base}/v1/batches/register", size, rate / 2)
    return Figures(
        requests=size.requests,
        connections=size.connections,
        registrations_per_s=rate,
        empty_handler_per_s=empty,
        share_of_empty_handler=rate / empty,
        registration_p50_ms_at_half_load=percentile(calm, 0.5),
        registration_p99_ms_at_half_load=percentile(calm, 0.99),
    )


def _add_empty_handler(app: Quart) -> None:
    """Reads the body and answers, as little as a handler can do; made before the first request."""
    empty = Blueprint("empty", __name__)

    @empty.post("/empty")
    async def nothing() -> tuple[dict[str, str], int]:
        return {"status": "ok"}, 202

    app.register_blueprint(empty)


async def _loaded(url: str, size: Size, rate: float | None) -> tuple[float, list[float]]:
    """Requests a second and each one's milliseconds, from clients in another process."""
    context = get_context("spawn")
    answers: SimpleQueue[tuple[float, list[float]]] = context.SimpleQueue()
    clients = context.Process(target=_clients, args=(url, size, rate, answers), daemon=True)
    clients.start()
    await asyncio.to_thread(clients.join)
    return answers.get()


def _clients(url: str, size: Size, rate: float | None, answers: "SimpleQueue[tuple[float, list[float]]]") -> None:
    answers.put(asyncio.run(_drive(url, size, rate)))


async def _drive(url: str, size: Size, rate: float | None) -> tuple[float, list[float]]:
    times: list[float] = []
    numbers = iter(range(size.requests))
    began = time.perf_counter()
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=size.connections)) as session:
        clients = (_client(session, url, numbers, began, rate, times) for _ in range(size.connections))
        await asyncio.gather(*clients)
    return size.requests / (time.perf_counter() - began), times


async def _client(
    session: aiohttp.ClientSession,
    url: str,
    numbers: Iterator[int],
    began: float,
    rate: float | None,
    times: list[float],
) -> None:
    for number in numbers:  # one iterator, shared by all clients
        if rate is not None:
            await asyncio.sleep(max(0.0, began + number / rate - time.perf_counter()))
        start = time.perf_counter()
        async with session.post(url, data=BODY, headers=HEADERS) as response:
            await response.read()
            assert response.status == 202, response.status
        times.append((time.perf_counter() - start) * 1000)
