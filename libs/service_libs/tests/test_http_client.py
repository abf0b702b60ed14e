"""Asking a peer: over real HTTP on loopback, from a peer that answers as the test tells it to."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from aiohttp import web

from huleedu_service_libs.circuit_breaker import CircuitOpen
from huleedu_service_libs.correlation import correlated
from huleedu_service_libs.errors import Unavailable
from huleedu_service_libs.http_client import PeerClient, PeerRefused, PeerTooTalkative
from huleedu_service_libs.metrics import ServiceMetrics
from huleedu_service_libs.server import bind
from huleedu_service_libs.settings import ServiceSettings
from huleedu_service_libs.tracing import Tracing, span

TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class DemoSettings(ServiceSettings):
    """Of a service that declares nothing more."""

    service_name = "demo_service"


@dataclass
class Peer:
    """Answers with the given statuses in turn, then with 200; `hang` never answers."""

    statuses: list[int] = field(default_factory=list)
    asked: list[web.Request] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    hang: bool = False
    url: str = ""

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(request)
        self.bodies.append(await request.read())
        if self.hang:
            await asyncio.get_running_loop().create_future()
        status = self.statuses.pop(0) if self.statuses else 200
        if status == 0:
            assert request.transport is not None
            request.transport.abort()
        return web.json_response({"code": f"CODE_{status}", "detail": "so it is"}, status=status)


@pytest.fixture
async def peer() -> AsyncIterator[Peer]:
    """A peer on loopback."""
    peer = Peer()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", peer.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.01)
    await runner.setup()
    listening = bind("127.0.0.1", 0)
    await web.SockSite(runner, listening).start()
    peer.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    yield peer
    await runner.cleanup()


@pytest.fixture
def metrics() -> ServiceMetrics:
    """The asking service's own."""
    return ServiceMetrics("demo_service")


def client_of(url: str, metrics: ServiceMetrics, **settings: float) -> PeerClient:
    """A client whose peer is there."""
    return PeerClient("peer_service", url, DemoSettings.load(**settings), metrics)


async def test_an_answer_is_read(peer: Peer, metrics: ServiceMetrics) -> None:
    async with client_of(peer.url, metrics) as client:
        answer = await client.request("POST", "/v1/define", json={"name": "åäö"}, params={"q": "a b"})

    assert (answer.status, answer.json()["detail"]) == (200, "so it is")
    assert peer.bodies == [b'{"name":"\\u00e5\\u00e4\\u00f6"}']
    assert peer.asked[0].query["q"] == "a b"
    assert peer.asked[0].content_type == "application/json"


async def test_correlation_and_trace_go_along(peer: Peer, metrics: ServiceMetrics) -> None:
    async with client_of(peer.url, metrics) as client:
        with correlated("c1"), span(Tracing().tracer, "work", traceparent=TRACEPARENT):
            await client.request("GET", "/")

    assert peer.asked[0].headers["X-Correlation-ID"] == "c1"
    assert peer.asked[0].headers["traceparent"] == TRACEPARENT


@pytest.mark.parametrize("away", [502, 503, 504, 0])
async def test_a_get_is_repeated_until_the_peer_is_back(peer: Peer, metrics: ServiceMetrics, away: int) -> None:
    peer.statuses = [away, away]
    async with client_of(peer.url, metrics) as client:
        answer = await client.request("GET", "/")

    assert answer.status == 200


async def test_a_post_is_repeated_only_when_told_that_it_may(peer: Peer, metrics: ServiceMetrics) -> None:
    async with client_of(peer.url, metrics) as client:
        peer.statuses = [503]
        with pytest.raises(Unavailable):
            await client.request("POST", "/")
        assert len(peer.asked) == 1

        peer.statuses = [503]
        assert (await client.request("POST", "/", repeatable=True)).status == 200


async def test_what_never_arrived_is_repeated_whatever_it_is(metrics: ServiceMetrics) -> None:
    with bind("127.0.0.1", 0) as nobody:
        port = nobody.getsockname()[1]
    async with client_of(f"http://127.0.0.1:{port}", metrics) as client:
        with pytest.raises(Unavailable, match="peer_service is away"):
            await client.request("POST", "/")

    assert b'http_client_requests_total{outcome="away",peer="peer_service"} 3.0' in metrics.render()


async def test_patience_ends(peer: Peer, metrics: ServiceMetrics) -> None:
    peer.statuses = [503] * 3
    async with client_of(peer.url, metrics) as client:
        with pytest.raises(Unavailable, match="503"):
            await client.request("GET", "/")

    assert len(peer.asked) == 3


async def test_a_peer_that_hangs_is_away(peer: Peer, metrics: ServiceMetrics) -> None:
    peer.hang = True
    async with client_of(peer.url, metrics, http_client_timeout=0.05, http_client_attempts=1) as client:
        with pytest.raises(Unavailable):
            await client.request("GET", "/")


@pytest.mark.parametrize("status", [400, 404, 409, 422, 500])
async def test_a_refusal_is_not_an_absence(peer: Peer, metrics: ServiceMetrics, status: int) -> None:
    peer.statuses = [status] * 10
    async with client_of(peer.url, metrics, circuit_breaker_failure_threshold=1) as client:
        for _ in range(2):
            with pytest.raises(PeerRefused) as refused:
                await client.request("GET", "/")

    assert (refused.value.status, refused.value.code, refused.value.detail) == (status, f"CODE_{status}", "so it is")
    assert len(peer.asked) == 2


async def test_a_peer_that_stays_away_is_left_alone(peer: Peer, metrics: ServiceMetrics) -> None:
    peer.statuses = [503] * 10
    async with client_of(peer.url, metrics, circuit_breaker_failure_threshold=2) as client:
        with pytest.raises(Unavailable):
            await client.request("GET", "/")
        with pytest.raises(CircuitOpen) as refused:
            await client.request("GET", "/")

    assert len(peer.asked) == 2
    assert refused.value.retry_after > 1
    assert b'circuit_open{peer="peer_service"} 1.0' in metrics.render()


async def test_an_answer_that_is_too_long_is_not_read_to_its_end(peer: Peer, metrics: ServiceMetrics) -> None:
    async with client_of(peer.url, metrics, http_client_max_response_bytes=10) as client:
        with pytest.raises(PeerTooTalkative):
            await client.request("GET", "/")


async def test_a_client_that_asked_nothing_can_be_closed(metrics: ServiceMetrics) -> None:
    await client_of("http://127.0.0.1:1", metrics).close()
