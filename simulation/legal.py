"""Which status may follow which: what docs/reference/batch-states.md promises."""

import re
from pathlib import Path

from batch_orchestrator_service.domain.batch import Batch

_PAGE = Path(__file__).parents[1] / "docs/reference/batch-states.md"
_EDGE = re.compile(r"^ {4}(\w+) --> (\w+): ", re.MULTILINE)

LEGAL = frozenset(_EDGE.findall(_PAGE.read_text(encoding="utf-8")))
"""From where to where, as the diagram names them."""


def label(batch: Batch) -> str:
    """The batch's place in the diagram."""
    return f"{batch.status}__paused" if batch.paused else str(batch.status)
