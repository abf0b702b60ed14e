"""`huleedu migrate`: schemas brought up, written anew and listed."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from huleedu.platform import embedded_database, migrate
from huleedu.services import SERVICES, definition, definitions
from huleedu_service_libs import migrations
from huleedu_service_libs.service import ServiceDefinition


class WrongWords(Exception):
    """Say which service the migration is for: `huleedu migrate revision SERVICE "what it does"`."""


async def upgrade(console: Console, data_dir: Path, service: str | None) -> None:
    """Bring the runtime's schema and the services' to the newest revision."""
    wanted = _wanted(service)
    async with embedded_database(data_dir) as (_, dsn):
        await migrate(dsn, wanted)
    for found in wanted:
        console.print(f"{found.name}: {'up to date' if found.scripts else 'has no database'}")


async def revision(console: Console, data_dir: Path, words: Sequence[str]) -> None:
    """Write a migration for one service, from the difference between its models and the schema."""
    if len(words) < 2:
        raise WrongWords
    service, message = definition(words[0]), " ".join(words[1:])
    if service.scripts is None:
        raise WrongWords(f"{service.name} has no database.")
    async with embedded_database(data_dir) as (_, dsn):
        await migrate(dsn, [service])
        written = await migrations.revise(dsn, service.name, service.scripts, message)
    console.print(f"{service.name}: {written or 'the models are as the schema is, there is nothing to migrate'}")


async def history(console: Console, service: str | None) -> None:
    """Print each service's chain."""
    for found in _wanted(service):
        console.print(found.name, style="bold")
        if found.scripts is not None:
            migrations.history(found.name, found.scripts)


def _wanted(service: str | None) -> list[ServiceDefinition]:
    return definitions(SERVICES) if service is None else [definition(service)]
