"""The JSON schema of each topic's records."""

from pathlib import Path
from typing import Any

import msgspec

from common_core.message import Envelope, Message
from common_core.topics import MESSAGES
from tests.reference.compatibility import breaks
from tests.reference.files import SCHEMAS, commit, committed

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


class BreakingChange(Exception):
    """A message within its version is no longer what others take it for: it needs a topic of the next version."""


def schema(message: type[Message]) -> dict[str, Any]:
    """What a record on the message's topic looks like: the envelope, with the message as its `data`."""
    kind: Any = Envelope[message]  # type: ignore[valid-type]
    return {"$schema": _DIALECT, "$id": f"urn:huleedu:{message.topic}", **msgspec.json.schema(kind)}


def current() -> dict[Path, dict[str, Any]]:
    """All schemas by the file that each is committed in."""
    return {SCHEMAS / f"{message.topic}.json": schema(message) for message in MESSAGES}


def broken_promises() -> list[str]:
    """What would break whoever relies on the committed schemas, by topic and field."""
    now = current()
    gone = [f"{path.stem}: the message is gone" for path in SCHEMAS.glob("*.json") if path not in now]
    changed = [
        f"{path.stem}{change}" for path, new in now.items() if (old := committed(path)) for change in breaks(old, new)
    ]
    return sorted(gone + changed)


def write() -> None:
    """Commit the schemas as they are now. Raises BreakingChange, having written nothing, if a promise is broken."""
    if broken := broken_promises():
        raise BreakingChange("\n".join(broken))
    for path, document in current().items():
        commit(path, document)
