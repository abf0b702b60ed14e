"""`huleedu restore`: a backup into empty databases and an empty folder of content, so that its batches go on."""

import asyncio
import os
import re
import shutil
import tarfile
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
from rich.console import Console

from huleedu.backup import CONTENT, CONTENTS, Contents, dump_name
from huleedu.composition import Composition, Part, agreed, compose
from huleedu.dumps import load
from huleedu.platform import databases_of
from huleedu.rewinding import read_again
from huleedu.servers import connect, database_there, place
from huleedu.services import definitions
from huleedu_service_libs.runtime.restored import begin_anew

_A_PIECE = re.compile(rf"{CONTENT}/(key|[0-9a-f]{{2}}/[0-9a-f]{{32}})")


class NotRestored(Exception):
    """This backup does not go into what is here."""


async def restore(console: Console, data_dir: Path, file: Path) -> None:
    """Nothing of the platform may run meanwhile. Raises NotRestored, DumpFailed, StillRunning."""
    composition = compose(definitions())
    data_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="huleedu-restore-") as folder:
        async with databases_of(composition, data_dir) as databases:
            await _demand_empty(databases, data_dir / CONTENT)
            contents = await asyncio.to_thread(_unpack, file, Path(folder), data_dir)
            _demand_same(contents, databases)
            groups = [group for dsn, parts in databases.items() for group in await _fill(dsn, parts, Path(folder))]
    await _rewind(composition, groups)
    console.print(f"Restored from {file}. Whatever came after it was made has not happened. Start the platform.")


async def _demand_empty(databases: Mapping[str, Sequence[Part]], content: Path) -> None:
    if content.exists() and any(content.iterdir()):
        raise NotRestored(f"There is content in {content}. Restore into an empty folder (HULEEDU_DATA_DIR).")
    for dsn in databases:
        await database_there(dsn)
        con = await connect(dsn)
        try:
            used = await con.fetchval("select to_regnamespace('runtime') is not null")
        finally:
            await con.close()
        if used:
            raise NotRestored(f"The database {place(dsn)} is in use. Restore into an empty one.")


def _unpack(file: Path, folder: Path, data_dir: Path) -> Contents:
    """Dumps into the folder, content to where Content Service looks for it; nothing else that may be in the file."""
    try:
        with tarfile.open(file) as archive:
            contents = msgspec.json.decode(_read(archive, CONTENTS), type=Contents)
            for member in archive:
                if member.isfile() and member.name in contents.dumps:
                    _write(archive, member, folder / member.name)
                elif member.isfile() and _A_PIECE.fullmatch(member.name):
                    _write(archive, member, data_dir / member.name)
    except (tarfile.TarError, msgspec.DecodeError, KeyError) as error:
        raise NotRestored(f"{file} is no backup of HuleEdu, or is damaged ({error}).") from None
    os.sync()
    return contents


def _read(archive: tarfile.TarFile, name: str) -> bytes:
    member = archive.extractfile(name)
    return member.read() if member is not None else b""


def _write(archive: tarfile.TarFile, member: tarfile.TarInfo, path: Path) -> None:
    """For its owner's eyes."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    source = archive.extractfile(member)
    assert source is not None
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as target:
        shutil.copyfileobj(source, target)


def _demand_same(contents: Contents, databases: Mapping[str, Sequence[Part]]) -> None:
    here = {dump_name(parts): [part.name for part in parts] for parts in databases.values()}
    if here != contents.dumps:
        raise NotRestored(
            "The backup is of services that share databases in another way than settings have it here."
            f" In the backup: {_shared(contents.dumps)}. Here: {_shared(here)}."
        )


def _shared(dumps: Mapping[str, Sequence[str]]) -> str:
    return " | ".join(", ".join(services) for services in dumps.values())


async def _fill(dsn: str, parts: Sequence[Part], folder: Path) -> list[str]:
    """Load the database's dump and begin a new life with it; the groups that read."""
    await load(folder / dump_name(parts), dsn)
    con = await connect(dsn)
    try:
        return await begin_anew(con)
    finally:
        await con.close()


async def _rewind(composition: Composition, groups: Sequence[str]) -> None:
    if composition.event_bus == "kafka":
        brokers = agreed(composition.parts, "KAFKA_BOOTSTRAP_SERVERS", lambda own: own.kafka_bootstrap_servers)
        await read_again(brokers, groups)
