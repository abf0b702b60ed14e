"""`huleedu dead-letters`: what could not be handled, why, and once more."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import msgspec
from rich.console import Console
from rich.table import Table

from huleedu.platform import embedded_database
from huleedu_service_libs.runtime.connection import Connection
from huleedu_service_libs.runtime.dead_letters import DeadLetter, ask_replay, letters


class NoSuchLetter(Exception):
    """Say which dead letters, by their numbers, or --all."""


async def show_list(console: Console, data_dir: Path, group: str | None, as_json: bool) -> None:
    """The newest hundred."""
    async with _database(data_dir) as con:
        found = await letters(con, group)
    if as_json:
        console.print_json(json.dumps([_plain(letter) for letter in found]))
        return
    if not found:
        console.print("There are no dead letters.")
        return
    table = Table("no.", "group", "topic", "batch", "reason", "since", title=f"{len(found)} dead letters")
    for letter in found:
        since = f"{letter.buried_at:%Y-%m-%d %H:%M}"
        table.add_row(str(letter.id), letter.group, letter.topic, letter.key, letter.reason, since)
    console.print(table)


async def show_one(console: Console, data_dir: Path, number: int) -> None:
    """All there is to know about one."""
    async with _database(data_dir) as con:
        found = [letter for letter in await letters(con, limit=100_000) if letter.id == number]
    if not found:
        raise NoSuchLetter(f"There is no dead letter {number}.")
    console.print_json(json.dumps(_plain(found[0])))


async def replay(console: Console, data_dir: Path, numbers: Sequence[int], everything: bool) -> None:
    """Have them handled again by the groups that could not."""
    if not numbers and not everything:
        raise NoSuchLetter
    async with _database(data_dir) as con:
        count = await ask_replay(con, numbers, everything=everything)
    if numbers and not count:
        raise NoSuchLetter(f"There is no dead letter {', '.join(map(str, numbers))}.")
    console.print(f"{count} will be handled again as soon as their group runs.")


@asynccontextmanager
async def _database(data_dir: Path) -> AsyncIterator[Connection]:
    async with embedded_database(data_dir) as (_, dsn):
        con = await asyncpg.connect(dsn)
        try:
            yield con
        finally:
            await con.close()


def _plain(letter: DeadLetter) -> dict[str, object]:
    """As JSON can hold it: the message itself where it is one, else its bytes in hexadecimal."""
    try:
        message = msgspec.json.decode(letter.raw)
    except msgspec.DecodeError:
        message = letter.raw.hex()
    return {**msgspec.to_builtins(letter), "raw": message}
