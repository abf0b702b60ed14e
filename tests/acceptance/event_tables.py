"""The event tables in the services' READMEs, written from the code by `python -m tests.acceptance.event_tables`."""

import asyncio
import re
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

from common_core.message import Message
from common_core.topics import MESSAGES, spellings
from huleedu.platform import migrate
from huleedu.services import definitions
from huleedu_service_libs.embedded_postgres import EmbeddedPostgres
from huleedu_service_libs.runtime import Database, Group
from huleedu_service_libs.service import Platform, ServiceDefinition

ROOT = Path(__file__).parents[2]
BEGIN, END = "<!-- events:begin -->", "<!-- events:end -->"
T = TypeVar("T")


class Recorder:
    """An event bus that only remembers who wants to read what."""

    def __init__(self) -> None:
        self.groups: list[Group] = []

    def subscribe(self, database: Database, groups: Iterable[Group], telemetry: object = None) -> None:
        self.groups.extend(groups)

    def said(self, topics: Iterable[str]) -> None:
        """Nobody is told."""

    def trouble(self, group: str) -> str | None:
        return None

    async def run(self) -> None:
        """Nothing runs."""


class NoPool:
    """Computes nothing."""

    async def run(self, function: Callable[..., T], *args: Any) -> T:
        raise AssertionError("nothing is computed here")


async def table(service: ServiceDefinition, dsn: str, folder: Path) -> str:
    """What a service reads and says, as its README shows it."""
    bus = Recorder()
    platform = Platform(bus=bus, pool=NoPool(), dsn=dsn, data_dir=folder)
    started = await service.start(service.settings.load(), platform)
    await started.close()
    read = {route.message for group in bus.groups for route in group.routes} & set(MESSAGES)
    said = [message for message in MESSAGES if message.producer == service.name]
    rows = [_row("reads", message) for message in MESSAGES if message in read] + [_row("says", m) for m in said]
    if not rows:
        return "None: it is asked over HTTP."
    return "\n".join(["| | topic | message | key |", "|---|---|---|---|", *rows])


def _row(verb: str, message: type[Message]) -> str:
    topics = spellings(message) if verb == "reads" else (message.topic,)
    return f"| {verb} | {', '.join(f'`{topic}`' for topic in topics)} | {message.__name__} | `{message.key_field}` |"


def readme(service: ServiceDefinition) -> Path:
    """The page that holds the table."""
    return ROOT / "services" / service.name / "README.md"


def shown(page: str) -> str:
    """The table that a page holds."""
    found = re.search(f"{BEGIN}\n(.*?)\n?{END}", page, flags=re.DOTALL)
    return found.group(1) if found else ""


async def _write_all() -> None:
    with tempfile.TemporaryDirectory() as folder:
        postgres = EmbeddedPostgres(Path(folder))
        dsn = postgres.start().dsn
        try:
            await migrate(dsn, definitions())
            for service in definitions():
                _write(readme(service), await table(service, dsn, Path(folder)))
        finally:
            postgres.stop()


def _write(page: Path, rows: str) -> None:
    before, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    page.write_text(f"{before}{BEGIN}\n{rows}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(_write_all())
