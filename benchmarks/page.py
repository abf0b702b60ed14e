"""docs/benchmarks.md: prose by hand, figures by the benchmarks, each between its own two marks."""

import platform
import re
from datetime import UTC, datetime
from pathlib import Path


def keep(page: Path, name: str, figures: dict[str, object]) -> None:
    """Put these figures between the marks of that name."""
    text = page.read_text(encoding="utf-8")
    begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
    block = f"{begin}\n{_table(name, figures)}\n{end}"
    page.write_text(re.sub(f"{begin}.*?{end}", lambda _: block, text, flags=re.DOTALL), encoding="utf-8")


def _table(name: str, figures: dict[str, object]) -> str:
    day = datetime.now(UTC).date()
    head = f"`python3 dev.py bench {name}`, {day}, Python {platform.python_version()}, one run:"
    return "\n".join(
        [
            head,
            "",
            "| figure | value |",
            "|---|---|",
            *(f"| {key} | {shown(value)} |" for key, value in figures.items()),
        ]
    )


def shown(value: object) -> str:
    """A figure with as many digits as it deserves."""
    if not isinstance(value, float):
        return str(value)
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"
