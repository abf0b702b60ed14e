"""`huleedu serve`: some services in a process of their own."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from rich.console import Console

from huleedu.composition import compose
from huleedu.foreground import until_stopped
from huleedu.kept_database import database_if_needed
from huleedu.logs import logging_to_stdout
from huleedu.platform import Up, running
from huleedu.services import definitions


@asynccontextmanager
async def _services_up(names: Sequence[str], data_dir: Path) -> AsyncIterator[Up]:
    """Some services, beside whatever runs already; they take their groups over at once."""
    composition = compose(list(dict.fromkeys(definitions(names))))
    async with (
        database_if_needed(composition, data_dir) as embedded,
        running(composition, data_dir, embedded, take_over=True) as up,
    ):
        yield up


async def keep_serving(console: Console, data_dir: Path, names: Sequence[str]) -> None:
    """`huleedu serve NAME...`: these services alone, until SIGINT or SIGTERM."""
    data_dir.mkdir(parents=True, exist_ok=True)
    with logging_to_stdout():
        await until_stopped(_services_up(names, data_dir), console, data_dir)
