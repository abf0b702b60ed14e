"""`huleedu dead-letters`: what could not be handled, why, and once more."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import asyncpg
import msgspec
from rich.console import Console
from rich.table import Table

from huleedu.composition import compose
from huleedu.platform import databases_of
from huleedu.servers import connect
from huleedu.services import definitions
from huleedu_service_libs.runtime.connection import Connection
from huleedu_service_libs.runtime.dead_letters import DeadLetter, ask_replay, letters

LISTED = 100


class NoSuchLetter(Exception):
    """Say which dead letters, by their numbers, or --all."""


class Shelf(msgspec.Struct, frozen=True):
    """The dead letters of one database. `mark` comes before their numbers where services have several."""

    mark: str
    con: Connection

    def number(self, letter: DeadLetter) -> str:
        """What a person calls it."""
        return f"{self.mark}{letter.id}"

    def own(self, numbers: Sequence[str]) -> list[int]:
        """Those of the numbers that are of this database."""
        ours = (number.removeprefix(self.mark) for number in numbers if number.startswith(self.mark))
        return [int(number) for number in ours if number.isdecimal()]

    async def newest(self, group: str | None, limit: int) -> list[DeadLetter]:
        """Of one group or of all; none where no service has been yet."""
        try:
            return await letters(self.con, group, limit)
        except asyncpg.UndefinedTableError:
            return []


async def show_list(console: Console, data_dir: Path, group: str | None, as_json: bool) -> None:
    """The newest hundred."""
    async with _shelves(data_dir) as shelves:
        found = [(shelf.number(one), one) for shelf in shelves for one in await shelf.newest(group, LISTED)]
    found = sorted(found, key=lambda each: each[1].buried_at, reverse=True)[:LISTED]
    if as_json:
        console.print_json(json.dumps([_plain(number, letter) for number, letter in found]))
        return
    if not found:
        console.print("There are no dead letters.")
        return
    table = Table("no.", "group", "topic", "batch", "reason", "since", title=f"{len(found)} dead letters")
    for number, letter in found:
        since = f"{letter.buried_at:%Y-%m-%d %H:%M}"
        table.add_row(number, letter.group, letter.topic, letter.key, letter.reason, since)
    console.print(table)


async def show_one(console: Console, data_dir: Path, number: str) -> None:
    """All there is to know about one."""
    async with _shelves(data_dir) as shelves:
        for shelf in shelves:
            for letter in await shelf.newest(None, 100_000):
                if shelf.number(letter) == number:
                    console.print_json(json.dumps(_plain(number, letter)))
                    return
    raise NoSuchLetter(f"There is no dead letter {number}.")


async def replay(console: Console, data_dir: Path, numbers: Sequence[str], everything: bool) -> None:
    """Have them handled again by the groups that could not."""
    if not numbers and not everything:
        raise NoSuchLetter
    async with _shelves(data_dir) as shelves:
        counts = [await ask_replay(shelf.con, shelf.own(numbers), everything=everything) for shelf in shelves]
    if numbers and not sum(counts):
        raise NoSuchLetter(f"There is no dead letter {', '.join(numbers)}.")
    console.print(f"{sum(counts)} will be handled again as soon as their group runs.")


@asynccontextmanager
async def _shelves(data_dir: Path) -> AsyncIterator[list[Shelf]]:
    """Of every database that settings name for a service."""
    async with databases_of(compose(definitions()), data_dir) as databases, AsyncExitStack() as stack:
        shelves = []
        for dsn, parts in databases.items():
            con = await connect(dsn)
            stack.push_async_callback(con.close)
            shelves.append(Shelf(f"{parts[0].name}:" if len(databases) > 1 else "", con))
        yield shelves


def _plain(number: str, letter: DeadLetter) -> dict[str, object]:
    """As JSON can hold it: the message itself where it is one, else its bytes in hexadecimal."""
    try:
        message = msgspec.json.decode(letter.raw)
    except msgspec.DecodeError:
        message = letter.raw.hex()
    return {**msgspec.to_builtins(letter), "number": number, "raw": message}
