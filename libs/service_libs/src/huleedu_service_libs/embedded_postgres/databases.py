"""Databases within a server: made, also as copies of a template, and dropped."""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit

import asyncpg


async def create_database(dsn: str, name: str, template: str | None = None) -> str:
    """Make a database, empty or as a copy of `template`, to which nobody may be connected; its own dsn."""
    copying = f" TEMPLATE {quoted(template)}" if template else ""
    await _execute(dsn, f"CREATE DATABASE {quoted(name)}{copying}")
    return with_database(dsn, name)


async def drop_database(dsn: str, name: str) -> None:
    """Drop a database if it exists, ending whatever is connected to it."""
    await _execute(dsn, f"DROP DATABASE IF EXISTS {quoted(name)} WITH (FORCE)")


def with_database(dsn: str, name: str) -> str:
    """The same server, another database."""
    return urlunsplit(urlsplit(dsn)._replace(path=f"/{name}"))


def quoted(identifier: str) -> str:
    """An SQL identifier, whatever characters are in it."""
    doubled = identifier.replace('"', '""')
    return f'"{doubled}"'


async def _execute(dsn: str, statement: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
