"""Whether a service lives, is ready, and what it has measured: GET /healthz, /readyz, /metrics."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Literal

from pydantic import BaseModel
from quart import Blueprint, Response
from quart_schema import document_response, hide

from huleedu_service_libs.metrics import CONTENT_TYPE, ServiceMetrics
from huleedu_service_libs.runtime.routing import Group

LivenessProbe = Callable[[], str | None]
"""Answers at once: None, or what has died, such as a loop that reads events."""

ReadinessCheck = Callable[[], Awaitable[str | None]]
"""Tries something the service needs: answers a detail worth showing or None, raises when it is away."""

Readiness = Literal["ready", "degraded", "not ready"]
"""Degraded: the work is done, slower than usual."""


class LivenessBody(BaseModel):
    """Whether the process lives, and if not, what has died."""

    status: str
    faults: dict[str, str] = {}


class CheckBody(BaseModel):
    """How one check ended."""

    ok: bool
    detail: str | None


class ReadinessBody(BaseModel):
    """Whether work can be done, check by check."""

    status: Readiness
    checks: dict[str, CheckBody]


class Health:
    """The probes of one service, and the groups of readers that they watch."""

    def __init__(self, *, check_timeout: float = 2.0) -> None:
        """`check_timeout`, in seconds, limits each readiness check."""
        self._check_timeout = check_timeout
        self._probes: dict[str, LivenessProbe] = {}
        self._checks: dict[str, ReadinessCheck] = {}
        self._wanted: set[str] = set()
        self.groups: tuple[Group, ...] = ()

    def lives_while(self, name: str, probe: LivenessProbe) -> None:
        """Restarting the process is the cure when this probe names a fault."""
        self._probes[name] = probe

    def needs(self, name: str, check: ReadinessCheck) -> None:
        """Without this the service lives, but cannot do its work."""
        self._checks[name] = check

    def wants(self, name: str, check: ReadinessCheck) -> None:
        """Without this the service does its work, but slower: it stays ready, and says so."""
        self._checks[name] = check
        self._wanted.add(name)

    def faults(self) -> dict[str, str]:
        """What has died, by name."""
        return {name: fault for name, probe in self._probes.items() if (fault := probe()) is not None}

    async def readiness(self) -> tuple[Readiness, dict[str, dict[str, Any]]]:
        """The verdict, and each check's {ok, detail}; they run at the same time."""
        results = await asyncio.gather(*map(self._tried, self._checks.values()))
        checks = dict(zip(self._checks, results, strict=True))
        return self._verdict({name for name, check in checks.items() if not check["ok"]}), checks

    def _verdict(self, missing: set[str]) -> Readiness:
        if missing - self._wanted:
            return "not ready"
        return "degraded" if missing else "ready"

    async def _tried(self, check: ReadinessCheck) -> dict[str, Any]:
        try:
            async with asyncio.timeout(self._check_timeout):
                return {"ok": True, "detail": await check()}
        except TimeoutError:
            return {"ok": False, "detail": f"no answer within {self._check_timeout:g} s"}
        except Exception as error:
            return {"ok": False, "detail": f"{type(error).__name__}: {error}"}


def health_blueprint(health: Health, metrics: ServiceMetrics) -> Blueprint:
    """The three addresses that every service has."""
    blueprint = Blueprint("health", __name__)

    @blueprint.get("/healthz")
    @document_response(LivenessBody)
    @document_response(LivenessBody, 503)
    async def healthz() -> tuple[dict[str, Any], int]:
        """Whether the process should be left alone (200) or restarted (503)."""
        faults = health.faults()
        return ({"status": "down", "faults": faults}, 503) if faults else ({"status": "ok"}, 200)

    @blueprint.get("/readyz")
    @document_response(ReadinessBody)
    @document_response(ReadinessBody, 503)
    async def readyz() -> tuple[dict[str, Any], int]:
        """Whether work can be done now ("degraded": slower than usual), and what is missing."""
        status, checks = await health.readiness()
        return {"status": status, "checks": checks}, 503 if status == "not ready" else 200

    @blueprint.get("/metrics")
    @hide
    async def metrics_text() -> Response:
        return Response(metrics.render(), content_type=CONTENT_TYPE)

    return blueprint
