"""`domain/` is pure: time and ids arrive in messages, and nothing is awaited, logged, read or written."""

from __future__ import annotations

import ast

import pytest

from .source import CHANCE_AND_CLOCK, INPUT_OUTPUT, calls, imports, modules

IMPURE_PACKAGES = INPUT_OUTPUT | CHANCE_AND_CLOCK
IMPURE_CALLS = frozenset({"now", "utcnow", "today", "open", "print", "input"})


def impurities(tree: ast.Module) -> set[str]:
    """What makes a module's results depend on more than its arguments."""
    waits = {"async" for node in ast.walk(tree) if isinstance(node, ast.AsyncFunctionDef | ast.Await)}
    return _impure_imports(tree) | (calls(tree) & IMPURE_CALLS) | waits


def _impure_imports(tree: ast.Module) -> set[str]:
    """`uuid.UUID` is a value and makes nothing up; all else in `uuid` does."""
    wanted = imports(tree)
    if "uuid.UUID" in wanted and not any(name.startswith("uuid.") for name in wanted - {"uuid.UUID"}):
        wanted -= {"uuid", "uuid.UUID"}
    return {name.partition(".")[0] for name in wanted} & IMPURE_PACKAGES


def test_domain_code_is_pure() -> None:
    domains = list(modules("services/*/domain/**/*.py"))

    assert domains
    for path, tree in domains:
        assert impurities(tree) == set(), path


@pytest.mark.parametrize(
    "snippet",
    [
        "import uuid",
        "from uuid import UUID, uuid4",
        "from time import monotonic",
        "from os import environ",
        "import structlog.stdlib",
        "async def decide(): ...",
        "deadline = datetime.now(UTC)",
        "day = date.today()",
        "text = open('essay.txt').read()",
    ],
)
def test_impure_code_is_caught(snippet: str) -> None:
    assert impurities(ast.parse(snippet))


def test_pure_code_is_let_through() -> None:
    pure = """
from datetime import datetime, timedelta
from uuid import UUID

def late(at: datetime) -> datetime:
    return at + timedelta(hours=1)
"""

    assert impurities(ast.parse(pure)) == set()
