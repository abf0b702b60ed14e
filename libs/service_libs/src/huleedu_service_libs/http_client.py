"""Asking another service over HTTP: time limits, careful retries, a circuit breaker, problems as exceptions."""

import asyncio
import json as json_format
import random
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPMethod, HTTPStatus
from types import TracebackType
from typing import Any, Self

import aiohttp
from opentelemetry.trace import SpanKind

from huleedu_service_libs.circuit_breaker import CircuitBreaker, CircuitState
from huleedu_service_libs.correlation import CORRELATION_HEADER, current_correlation_id
from huleedu_service_libs.errors import Unavailable
from huleedu_service_libs.metrics import ServiceMetrics
from huleedu_service_libs.settings import ServiceSettings
from huleedu_service_libs.tracing import TRACE_HEADER, Tracing, current_traceparent, span

_AWAY = frozenset({HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT})
_IDEMPOTENT = frozenset({HTTPMethod.GET, HTTPMethod.HEAD, HTTPMethod.PUT, HTTPMethod.DELETE, HTTPMethod.OPTIONS})
_LOST = (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError, aiohttp.ClientResponseError, TimeoutError)
_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 2.0
_KEPT_ALIVE = 15.0


class PeerRefused(Exception):
    """Another service answered with an error; `code` and `errors` are those of its problem document, if it sent one."""

    def __init__(self, peer: str, status: int, problem: Mapping[str, Any]) -> None:
        self.peer = peer
        self.status = status
        self.code = str(problem.get("code", ""))
        self.detail = str(problem.get("detail") or problem.get("error") or "")
        self.errors: list[dict[str, Any]] = problem.get("errors") or []
        super().__init__(f"{peer} answered {status} {self.code}: {self.detail}")


class PeerTooTalkative(Exception):
    """Another service's answer is longer than what is accepted."""


class _NeverReached(Unavailable):
    """No connection could be made, so nothing can have happened over there."""


@dataclass(frozen=True)
class PeerAnswer:
    """A peer's answer, read to its end."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON. Raises ValueError."""
        return json_format.loads(self.body)


class PeerClient:
    """One other service, as seen from this one.

    Use it as an async context manager, or `close` it: it keeps connections. Made once per service, in its container.
    """

    def __init__(
        self,
        peer: str,
        base_url: str,
        settings: ServiceSettings,
        metrics: ServiceMetrics,
        tracing: Tracing | None = None,
    ) -> None:
        """`peer` is the other service's name, for logs and metrics."""
        self.peer = peer
        self._base_url = base_url.rstrip("/")
        self._settings = settings
        self._requests = metrics.http_client_requests
        self._tracing = tracing or Tracing()
        self._session: aiohttp.ClientSession | None = None
        self.breaker = _breaker(peer, settings, metrics)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Give the connections back."""
        if self._session is not None:
            await self._session.close()

    async def request(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        data: bytes | None = None,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        repeatable: bool | None = None,
    ) -> PeerAnswer:
        """Ask `path` (with its slash) and read the answer.

        While the peer is away, what may be repeated without harm is tried several times (setting HTTP_CLIENT_ATTEMPTS):
        the idempotent methods, what is `repeatable`, and what never reached it. Raises Unavailable when the peer is
        away or its circuit open, PeerRefused when it answers with an error of another kind.
        """
        body = data if json is None else json_format.dumps(json, separators=(",", ":")).encode()
        kind = {"Content-Type": "application/json"} if json is not None else {}
        with span(self._tracing.tracer, f"{method} {self.peer}", kind=SpanKind.CLIENT):
            asked = _Asked(method, self._base_url + path, body, dict(params or {}), {**kind, **(headers or {})})
            answer = await self._persist(asked, method in _IDEMPOTENT if repeatable is None else repeatable)
        if answer.status >= HTTPStatus.BAD_REQUEST:
            raise PeerRefused(self.peer, answer.status, _problem(answer))
        return answer

    async def _persist(self, asked: "_Asked", repeatable: bool) -> PeerAnswer:
        for attempt in range(1, self._settings.http_client_attempts):
            try:
                return await self._guarded(asked)
            except Unavailable as away:
                harmless = repeatable or isinstance(away, _NeverReached)
                if not harmless or self.breaker.state is CircuitState.OPEN:
                    raise
            await asyncio.sleep(_pause(attempt))
        return await self._guarded(asked)

    async def _guarded(self, asked: "_Asked") -> PeerAnswer:
        with self.breaker.call():
            return await self._counted(asked)

    async def _counted(self, asked: "_Asked") -> PeerAnswer:
        try:
            answer = await self._attempt(asked)
        except Unavailable:
            self._requests.labels(self.peer, "away").inc()
            raise
        self._requests.labels(self.peer, "ok" if answer.status < HTTPStatus.BAD_REQUEST else "refused").inc()
        return answer

    async def _attempt(self, asked: "_Asked") -> PeerAnswer:
        try:
            async with self._connected().request(
                asked.method, asked.url, data=asked.body, params=asked.params, headers=asked.headers | _context()
            ) as response:
                answer = PeerAnswer(response.status, response.headers, await self._read(response))
        except aiohttp.ClientConnectorError as error:
            raise _NeverReached(f"{self.peer} is away: {type(error).__name__}") from error
        except (
            aiohttp.ClientConnectionError,
            aiohttp.ClientPayloadError,
            aiohttp.ClientResponseError,
            TimeoutError,
        ) as error:
            raise Unavailable(f"{self.peer} is away: {type(error).__name__}") from error
        if answer.status in _AWAY:
            raise Unavailable(f"{self.peer} is away: it answered {answer.status}", retry_after=_retry_after(answer))
        return answer

    async def _read(self, response: aiohttp.ClientResponse) -> bytes:
        limit = self._settings.http_client_max_response_bytes
        body = bytearray()
        async for chunk in response.content.iter_any():
            body += chunk
            if len(body) > limit:
                raise PeerTooTalkative(f"{self.peer} sent more than {limit} bytes")
        return bytes(body)

    def _connected(self) -> aiohttp.ClientSession:
        """Made at first use: only then is there an event loop to belong to."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(
                    total=self._settings.http_client_timeout,
                    sock_connect=self._settings.http_client_connect_timeout,
                ),
                # Shorter than what our servers keep: a connection must not be closed there while it is taken up here.
                connector=aiohttp.TCPConnector(keepalive_timeout=_KEPT_ALIVE),
            )
        return self._session


@dataclass(frozen=True)
class _Asked:
    method: str
    url: str
    body: bytes | None
    params: dict[str, str]
    headers: dict[str, str]


def _breaker(peer: str, settings: ServiceSettings, metrics: ServiceMetrics) -> CircuitBreaker:
    gauge = metrics.circuit_open.labels(peer)
    return CircuitBreaker(
        failure_threshold=settings.circuit_breaker_failure_threshold,
        recovery_timeout=settings.circuit_breaker_recovery_timeout,
        success_threshold=settings.circuit_breaker_success_threshold,
        on_change=lambda state: gauge.set(state is not CircuitState.CLOSED),
    )


def _pause(attempt: int) -> float:
    """Seconds: "full jitter" over a doubling ceiling, so that many who wait do not come back together."""
    return random.uniform(0, min(_LONGEST_PAUSE, _FIRST_PAUSE * 2.0**attempt))


def _context() -> dict[str, str]:
    context = {CORRELATION_HEADER: current_correlation_id(), TRACE_HEADER: current_traceparent()}
    return {name: value for name, value in context.items() if value is not None}


def _retry_after(answer: PeerAnswer) -> float:
    """Seconds, as the peer asked for; its date form is not worth the trouble."""
    asked = answer.headers.get("Retry-After", "")
    return float(asked) if asked.isdecimal() else 5.0


def _problem(answer: PeerAnswer) -> Mapping[str, Any]:
    try:
        problem = answer.json()
    except ValueError:
        return {}
    return problem if isinstance(problem, dict) else {}
