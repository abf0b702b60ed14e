"""Databases written to files and read back, by the programs that come with the embedded PostgreSQL."""

import asyncio
import os
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

from huleedu_service_libs.embedded_postgres.installation import programs

LAST_WORDS = 2_000


class DumpFailed(Exception):
    """PostgreSQL's own program could not dump or restore a database."""


async def dump(dsn: str, file: Path) -> None:
    """Write all of a database as it is at one moment, while others go on using it. Raises DumpFailed."""
    await _run("pg_dump", dsn, "--format=custom", "--no-owner", "--no-privileges", f"--file={file}")


async def load(file: Path, dsn: str) -> None:
    """Fill an empty database from a dump, with all or with nothing. Raises DumpFailed."""
    await _run("pg_restore", dsn, "--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges", str(file))


async def _run(program: str, dsn: str, *arguments: str) -> None:
    address, password = _without_password(dsn)
    process = await asyncio.create_subprocess_exec(
        str(programs(None) / program),
        f"--dbname={address}",
        *arguments,
        env={**os.environ, "PGPASSWORD": password, "PGCLIENTENCODING": "UTF8"},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    if process.returncode != 0:
        raise DumpFailed(said.decode(errors="replace")[-LAST_WORDS:].strip())


def _without_password(dsn: str) -> tuple[str, str]:
    """A command line is for everybody's eyes; the environment is not."""
    url = urlsplit(dsn)
    _, _, host = url.netloc.rpartition("@")
    user = f"{url.username}@" if url.username else ""
    return urlunsplit(url._replace(netloc=user + host)), unquote(url.password or "")
