"""Where the references are, and how they are laid out in files."""

import json
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs" / "reference"
SCHEMAS = REFERENCE / "schemas"
OPENAPI = REFERENCE / "openapi"
ASYNCAPI = REFERENCE / "asyncapi.json"
BATCH_STATES = REFERENCE / "batch-states.md"

REGENERATE = "run `.venv/bin/python -m tests.reference`"


def text(document: Any) -> str:
    """As it is committed: one line a value, for readable differences."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def committed(path: Path) -> Any:
    """The document in that file."""
    return json.loads(path.read_text(encoding="utf-8"))


def commit(path: Path, document: Any) -> None:
    """Write the document there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text(document), encoding="utf-8")
