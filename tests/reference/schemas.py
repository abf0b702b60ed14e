"""The JSON schema of each topic's records."""

from pathlib import Path
from typing import Any

import msgspec

from common_core.message import Message, envelope_of
from common_core.topics import MESSAGES
from tests.reference.compatibility import breaks
from tests.reference.files import commit, committed
from tests.reference.releases import last_release

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


class BreakingChange(Exception):
    """A message within its version is no longer what others take it for: it needs a topic of the next version."""


def schema(message: type[Message]) -> dict[str, Any]:
    """What a record on the message's topic looks like: the envelope, with the message as its `data`."""
    return {"$schema": _DIALECT, "$id": f"urn:huleedu:{message.topic}", **msgspec.json.schema(envelope_of(message))}


def current() -> dict[str, dict[str, Any]]:
    """All schemas, by topic."""
    return {message.topic: schema(message) for message in MESSAGES}


def promised() -> Path:
    """Where the schemas are that others rely on: those of the last release. What came since is nobody's yet."""
    return last_release() / "schemas"


def broken_promises(promises: Path) -> list[str]:
    """What would break whoever relies on the schemas in that folder, by topic and field."""
    now, before = current(), {path.stem: committed(path) for path in promises.glob("*.json")}
    gone = [f"{topic}: the message is gone" for topic in before.keys() - now.keys()]
    changed = [
        f"{topic}{change}" for topic in before.keys() & now.keys() for change in breaks(before[topic], now[topic])
    ]
    return sorted(gone + changed)


def write(folder: Path, promises: Path) -> None:
    """Commit the schemas as they are now. Raises BreakingChange, having written nothing, if a promise is broken."""
    if broken := broken_promises(promises):
        raise BreakingChange("\n".join(broken))
    for path in folder.glob("*.json"):
        path.unlink()
    for topic, document in current().items():
        commit(folder / f"{topic}.json", document)
