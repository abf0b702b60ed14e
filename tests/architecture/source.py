"""The repository's source, as the rules look at it: its files, and what a module imports, calls and names."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SERVICE_FOLDERS = sorted(path.parent for path in ROOT.glob("services/*/pyproject.toml"))
SERVICES = frozenset(folder.name for folder in SERVICE_FOLDERS)

WAITING = {"asyncio", "multiprocessing", "subprocess", "threading"}
NETWORK = {"aiohttp", "aiokafka", "http", "quart", "redis", "requests", "socket", "urllib"}
STORAGE = {"asyncpg", "io", "os", "pathlib", "shutil", "sqlalchemy", "tempfile"}
SURROUNDINGS = {"logging", "pydantic_settings", "structlog"}
CHANCE_AND_CLOCK = {"random", "secrets", "time", "uuid", "uuid_utils"}
INPUT_OUTPUT = WAITING | NETWORK | STORAGE | SURROUNDINGS


def committed_files() -> list[Path]:
    """Every file under version control that exists; files that git ignores are nobody else's business."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [path for name in listing.stdout.split("\0") if name and (path := ROOT / name).is_file()]


def modules(*patterns: str) -> Iterator[tuple[str, ast.Module]]:
    """Each Python file below the repository that matches a pattern: its path within it, and its syntax tree."""
    for pattern in patterns:
        for path in sorted(ROOT.glob(pattern)):
            yield str(path.relative_to(ROOT)), ast.parse(path.read_text(encoding="utf-8"))


def imports(tree: ast.Module) -> set[str]:
    """The dotted names that a module imports, wherever in it; of `from a import b` both `a` and `a.b`."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module)
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return found


def imported_packages(tree: ast.Module) -> set[str]:
    """The top-level packages that a module imports from."""
    return {name.partition(".")[0] for name in imports(tree)}


def calls(tree: ast.Module) -> set[str]:
    """The names that a module calls: of `a.b.c()` it is `c`."""
    called = (node.func for node in ast.walk(tree) if isinstance(node, ast.Call))
    return {name for function in called if (name := last_name(function))}


def names(tree: ast.Module) -> set[str]:
    """The bare names that a module uses, those of parameters among them."""
    nodes = list(ast.walk(tree))
    return {node.id for node in nodes if isinstance(node, ast.Name)} | {n.arg for n in nodes if isinstance(n, ast.arg)}


def attributes(tree: ast.Module) -> set[str]:
    """What a module asks of objects: of `a.b.c` it is `b` and `c`."""
    return {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}


def last_name(node: ast.AST) -> str | None:
    """What a name or an attribute is called."""
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else None
