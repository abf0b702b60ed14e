"""The tests that need a real server are a ring around the others: run where the machine has it, else named as left out.

Where `HULEEDU_REQUIRE_RINGS=1` is set, as in CI, nothing may be left out: a missing server is a failure.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn, TypeVar

import pytest

from infra.errors import Missing
from infra.server import Server

S = TypeVar("S", bound=Server)

left_out: dict[str, str] = {}
"""What this session could not run, and why: the server's name and one line."""


@contextmanager
def ring(server: S) -> Iterator[S]:
    """The server, running within; skips the test that asked for it, and all others that do, if it cannot be had."""
    if lacking := _lacking(server):
        leave_out(server.name, lacking)
    try:
        yield server
    finally:
        server.stop()


def _lacking(server: Server) -> str | None:
    """Start it; what the machine lacks for it."""
    try:
        server.start()
    except Missing as reason:
        return str(reason)
    return None


def leave_out(name: str, reason: str) -> NoReturn:
    """Skip, or fail where all rings are required."""
    _note(name, reason)
    pytest.skip(f"{name}: {left_out[name]}")


def stand_in(name: str, substitute: str) -> None:
    """Say that something else plays the server's part, or fail where all rings are required."""
    _note(name, f"{substitute} stands in for it")


def _note(name: str, reason: str) -> None:
    if os.environ.get("HULEEDU_REQUIRE_RINGS") == "1":
        pytest.fail(f"{name}: {reason}", pytrace=False)
    left_out[name] = reason.splitlines()[0]
