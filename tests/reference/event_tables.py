"""The event tables in the services' READMEs."""

import re
from pathlib import Path

from common_core.message import Message
from common_core.topics import MESSAGES, spellings
from huleedu_service_libs.asyncapi import EventPart
from tests.reference.files import ROOT

BEGIN, END = "<!-- events:begin -->", "<!-- events:end -->"


def table(events: EventPart) -> str:
    """What a service reads and says, as its README shows it."""
    read = {message for _, message in events.reads}
    rows = [_row("reads", message) for message in MESSAGES if message in read]
    rows += [_row("says", message) for message in events.says]
    if not rows:
        return "None: it is asked over HTTP."
    return "\n".join(["| | topic | message | key |", "|---|---|---|---|", *rows])


def _row(verb: str, message: type[Message]) -> str:
    topics = spellings(message) if verb == "reads" else (message.topic,)
    return f"| {verb} | {', '.join(f'`{topic}`' for topic in topics)} | {message.__name__} | `{message.key_field}` |"


def readme(service: str) -> Path:
    """The page that holds the table."""
    return ROOT / "services" / service / "README.md"


def shown(page: str) -> str:
    """The table that a page holds."""
    found = re.search(f"{BEGIN}\n(.*?)\n?{END}", page, flags=re.DOTALL)
    return found.group(1) if found else ""


def write(page: Path, rows: str) -> None:
    """Put the table between its marks."""
    before, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    page.write_text(f"{before}{BEGIN}\n{rows}\n{END}{after}", encoding="utf-8")
