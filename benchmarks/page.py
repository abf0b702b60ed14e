"""docs/benchmarks.md: prose by hand, figures by the benchmarks, each between its own two marks."""

import platform
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path


def keep(page: Path, command: str, *tables: str) -> None:
    """Put these between the marks of that command, under a line that says when and how they were made."""
    text = page.read_text(encoding="utf-8")
    name = re.sub(r" --\w+ ", "-", command)  # a comment holds no double dash
    begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
    head = f"`python3 dev.py bench {command}`, {datetime.now(UTC).date()}, Python {platform.python_version()}, one run:"
    block = "\n\n".join([f"{begin}\n{head}", *tables]) + f"\n{end}"
    page.write_text(re.sub(f"{begin}.*?{end}", lambda _: block, text, flags=re.DOTALL), encoding="utf-8")


def table(rows: Sequence[Mapping[str, object]]) -> str:
    """A row for each, a column for each key of the first."""
    lines = [list(rows[0]), ["---"] * len(rows[0]), *([shown(value) for value in row.values()] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def listed(figures: Mapping[str, object]) -> str:
    """A row for each figure."""
    return table([{"figure": key, "value": shown(value)} for key, value in figures.items()])


def shown(value: object) -> str:
    """A figure with as many digits as it deserves."""
    if not isinstance(value, float):
        return str(value)
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"
