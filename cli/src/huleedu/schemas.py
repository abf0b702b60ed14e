"""`huleedu migrate`: schemas brought up, written anew and listed."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from huleedu.composition import compose
from huleedu.platform import bring_up, databases_of
from huleedu.services import SERVICES, UnknownService, definition, definitions
from huleedu_service_libs import migrations
from huleedu_service_libs.service import ServiceDefinition


class WrongWords(Exception):
    """Say what the migration does: migrate revision [SERVICE] "what it does"."""


async def upgrade(console: Console, data_dir: Path, service: str | None) -> None:
    """Bring the runtime's schema and the services' to the newest revision."""
    wanted = _wanted(service)
    composition = compose(wanted)
    async with databases_of(composition, data_dir) as databases:
        await bring_up(composition, databases)
    for found in wanted:
        console.print(f"{found.name}: {'up to date' if found.scripts else 'has no database'}")


async def revision(console: Console, data_dir: Path, words: Sequence[str]) -> None:
    """Write a migration for one service, or for each whose models differ from its schema."""
    wanted, message = _aimed(words)
    composition = compose(wanted)
    async with databases_of(composition, data_dir) as databases:
        await bring_up(composition, databases)
        for dsn, parts in databases.items():
            for part in parts:
                written = await _revise(dsn, part.definition, message)
                console.print(f"{part.name}: {written or 'the models are as the schema is, nothing to migrate'}")


async def _revise(dsn: str, service: ServiceDefinition, message: str) -> Path | None:
    return await migrations.revise(dsn, service.name, service.scripts, message) if service.scripts else None


async def history(console: Console, service: str | None) -> None:
    """Print each service's chain."""
    for found in _wanted(service):
        console.print(found.name, style="bold")
        if found.scripts is not None:
            migrations.history(found.name, found.scripts)


def _aimed(words: Sequence[str]) -> tuple[list[ServiceDefinition], str]:
    """For which services, and what it does."""
    try:
        named = definition(words[0])
    except UnknownService:
        return definitions(SERVICES), " ".join(words)
    if len(words) < 2:
        raise WrongWords
    if named.scripts is None:
        raise WrongWords(f"{named.name} has no database.")
    return [named], " ".join(words[1:])


def _wanted(service: str | None) -> list[ServiceDefinition]:
    return definitions(SERVICES) if service is None else [definition(service)]
