"""Ports that a server can be killed on and started again: nothing else is given them in between."""

from __future__ import annotations

import random

from huleedu_service_libs.embedded_postgres.ownership import is_free
from infra.errors import PortTaken

QUIET = range(20_000, 32_000)
"""Below what systems hand to outgoing connections, which could sit on the port of a server that was just killed."""


def quiet_port() -> int:
    """A free port of 127.0.0.1 that stays free unless somebody asks for exactly this one."""
    return next(port for port in iter(lambda: random.choice(QUIET), None) if is_free(port))


def free_from(usual: int) -> int:
    """The usual port, or the next one that is free."""
    return next(port for port in range(usual, usual + 1000) if is_free(port))


def demand_free(port: int) -> None:
    """Raise `PortTaken` if another program listens on this port of 127.0.0.1."""
    if not is_free(port):
        raise PortTaken(f"127.0.0.1:{port}")
