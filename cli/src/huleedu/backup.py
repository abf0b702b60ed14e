"""`huleedu backup`: everything that an installation keeps, in one file.

What is consistent about it: a database is dumped as it was at one moment, with its state, what it has said and what it
has read. Content is written before anything refers to it, and never changed: copied after the databases, nothing that
they refer to is missing. Of several databases, whoever is told is dumped before whoever tells: what a listener does not
know yet, its teller says again (see `runtime.restored`).
"""

import asyncio
import os
import tarfile
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec
from rich.console import Console

from huleedu.composition import Part, compose
from huleedu.dumps import DumpFailed, dump
from huleedu.platform import databases_of
from huleedu.services import definitions

CONTENTS = "contents.json"
CONTENT = "content"  # as Content Service calls its folder, here and in the file
_LAST = ("file_service", "batch_orchestrator_service")  # to be dumped: the others are told by them


class Contents(msgspec.Struct, frozen=True):
    """What stands first in a backup: its dumps, and the services of each."""

    dumps: dict[str, list[str]]


async def backup(console: Console, data_dir: Path, file: Path) -> None:
    """Write the file, whole or not at all, for its owner's eyes; the platform may run meanwhile. Raises DumpFailed."""
    if not file.absolute().parent.is_dir():
        raise DumpFailed(f"There is no folder {file.absolute().parent} to write a backup to.")
    with tempfile.TemporaryDirectory(dir=file.absolute().parent, prefix=".huleedu-backup-") as folder:
        async with databases_of(compose(definitions()), data_dir) as databases:
            contents = await _dump_all(databases, Path(folder))
        count = await asyncio.to_thread(_pack, Path(folder), contents, data_dir / CONTENT)
        (Path(folder) / "backup").replace(file)
    console.print(f"Wrote {file}: databases: {len(contents.dumps)}, pieces of content: {count}.")
    if not count:
        console.print(f"There is no content in {data_dir}: copy Content Service's disk now, after the databases.")


def dump_name(parts: Sequence[Part]) -> str:
    """What the dump of these services' database is called in a backup."""
    return f"{parts[0].name}.dump"


async def _dump_all(databases: Mapping[str, Sequence[Part]], folder: Path) -> Contents:
    for dsn, parts in sorted(databases.items(), key=_told_before_telling):
        await dump(dsn, folder / dump_name(parts))
    return Contents({dump_name(parts): [part.name for part in parts] for parts in databases.values()})


def _told_before_telling(database: tuple[str, Sequence[Part]]) -> int:
    """A database's place in the order of dumps."""
    return max(_LAST.index(part.name) if part.name in _LAST else -1 for part in database[1])


def _pack(folder: Path, contents: Contents, content: Path) -> int:
    """Put dumps and content into one file; how many pieces of content there were."""
    (folder / CONTENTS).write_bytes(msgspec.json.encode(contents))
    packed = folder / "backup"
    packed.touch(mode=0o600)
    pieces = list(_kept(content))
    with tarfile.open(packed, "w") as archive:
        for name in (CONTENTS, *contents.dumps):
            archive.add(folder / name, name)
        for path in pieces:
            archive.add(path, f"{CONTENT}/{path.relative_to(content)}")
    os.sync()
    return len(pieces)


def _kept(content: Path) -> Iterator[Path]:
    """Content Service's key and its blobs; not what is only being written."""
    for path in sorted(content.rglob("*")) if content.exists() else ():
        if path.is_file() and path.relative_to(content).parts[0] != "drafts":
            yield path
