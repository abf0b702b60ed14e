"""A seed is a run only as long as the simulation asks nobody else for clocks, ids, threads or chance."""

from __future__ import annotations

import ast

import pytest

from .source import calls, imports, modules

OUTSIDE = {"multiprocessing", "secrets", "socket", "subprocess", "threading", "time", "uuid"}
CLOCKS = {"now", "today", "utcnow", "uuid4", "uuid7"}
FROM_OUTSIDE = {"simulation/__main__.py"}  # draws a seed, and says how long a run took


def outside(tree: ast.Module) -> set[str]:
    """What would be otherwise the next time."""
    wanted = imports(tree)
    chance = {"random"} if "random" in wanted and "random.Random" not in wanted else set()
    return ({name.partition(".")[0] for name in wanted} & OUTSIDE) | (calls(tree) & CLOCKS) | chance


def test_the_simulation_asks_nobody_outside() -> None:
    found = list(modules("simulation/**/*.py"))

    assert found
    for path, tree in found:
        assert path in FROM_OUTSIDE or outside(tree) == set(), path


@pytest.mark.parametrize(
    "snippet",
    ["import time", "from threading import Thread", "import random", "at = datetime.now(UTC)", "id = uuid7()"],
)
def test_who_asks_outside_is_caught(snippet: str) -> None:
    assert outside(ast.parse(snippet))


def test_a_seeded_chance_and_a_virtual_clock_are_let_through() -> None:
    assert outside(ast.parse("from random import Random\nat = clock.now\nchance = Random(7)")) == set()
