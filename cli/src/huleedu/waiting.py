"""Waiting, at the start, for servers that are not there yet: /readyz says for what, other requests are put off."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from socket import socket

from quart import request

from huleedu.servers import Attempt, ServerAway
from huleedu_service_libs.app_factory import ServiceApp, create_app
from huleedu_service_libs.errors import Unavailable
from huleedu_service_libs.health import Health, ReadinessCheck
from huleedu_service_libs.logging_utils import create_service_logger
from huleedu_service_libs.metrics import ServiceMetrics
from huleedu_service_libs.runtime.blame import pause
from huleedu_service_libs.server import serve_on
from huleedu_service_libs.settings import ServiceSettings

ANSWERED = frozenset({"/healthz", "/readyz", "/metrics"})

_logger = create_service_logger("huleedu", "start")


class StillAway(Exception):
    """A server that is needed has not come."""


@dataclass(frozen=True)
class Door:
    """Where a service listens, whether or not it is there itself already."""

    settings: ServiceSettings
    listening: socket


async def wait_until_there(attempts: Mapping[str, Attempt], doors: Sequence[Door], patience: float) -> None:
    """Until each has succeeded; by their names is told what is missing. Raises StillAway after `patience` seconds."""
    missing = await _missing(attempts)
    if not missing:
        return
    async with _doors_kept(doors, missing):
        try:
            async with asyncio.timeout(patience):
                await _try_on(attempts, missing)
        except TimeoutError:
            away = "; ".join(f"{name}: {why}" for name, why in missing.items())
            raise StillAway(f"Waited {patience:g} s in vain for {away}.") from None


async def _try_on(attempts: Mapping[str, Attempt], missing: dict[str, str]) -> None:
    tries = 0
    while missing:
        tries += 1
        _logger.warning("waiting for servers", missing=dict(missing), tries=tries)
        await asyncio.sleep(pause(tries))
        still = await _missing({name: attempts[name] for name in missing})
        missing.clear()
        missing.update(still)


async def _missing(attempts: Mapping[str, Attempt]) -> dict[str, str]:
    """What is away, and why."""
    reasons = await asyncio.gather(*map(_reason, attempts.values()))
    return {name: reason for name, reason in zip(attempts, reasons, strict=True) if reason is not None}


async def _reason(attempt: Attempt) -> str | None:
    try:
        await attempt()
    except ServerAway as error:
        return str(error)
    return None


@asynccontextmanager
async def _doors_kept(doors: Sequence[Door], missing: Mapping[str, str]) -> AsyncIterator[None]:
    """Answer at each service's address in its place. Connections that come at the change are the service's."""
    gone = asyncio.Event()
    keepers = [await serve_on(_doorkeeper(door.settings, missing), door.listening.dup(), gone) for door in doors]
    try:
        yield
    finally:
        gone.set()
        await asyncio.gather(*(keeper.stopped() for keeper in keepers))


def _doorkeeper(settings: ServiceSettings, missing: Mapping[str, str]) -> ServiceApp:
    health = Health(check_timeout=settings.http_ready_check_timeout)
    for name in missing:
        health.needs(name, _check(name, missing))
    app = create_app(settings.service_name, settings, ServiceMetrics(settings.service_name), [], health=health)

    @app.before_request
    async def put_off() -> None:
        if request.path not in ANSWERED:
            raise Unavailable(f"The service is starting: it waits for {', '.join(missing)}.")

    return app


def _check(name: str, missing: Mapping[str, str]) -> ReadinessCheck:
    async def there() -> None:
        if name in missing:
            raise ServerAway(missing[name])

    return there
