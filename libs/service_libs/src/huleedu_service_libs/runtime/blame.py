"""Whose fault an error is: the message's own data, or the world around it."""

import random
from collections.abc import Iterator

import asyncpg

from huleedu_service_libs.errors import Unavailable

# Cardinality, data, integrity, WITH CHECK OPTION, program limit, RAISE: what a message's values can cause.
# Class 42 (an unknown column) is a missed migration, 53 a full disk: not the message's doing.
_DATA_CLASSES = frozenset({"21", "22", "23", "44", "54", "P0"})
_AWAY_CLASSES = frozenset({"08", "53", "57"})  # connection, resources, operator intervention: shut down, starting


class Fenced(Exception):
    """Somebody else has taken over what this process was working on."""


def blames_data(error: Exception) -> bool:
    """True if only the message's own data can have caused this; everything else is waited out."""
    if isinstance(error, asyncpg.PostgresError):
        return (error.sqlstate or "")[:2] in _DATA_CLASSES
    if isinstance(error, asyncpg.InterfaceError):
        return isinstance(error, ValueError)  # asyncpg's own "cannot encode this argument"
    return not isinstance(error, OSError | TimeoutError | Unavailable | Fenced | asyncpg.InternalClientError)


def says_database_is_away(error: BaseException) -> bool:
    """True for what asyncpg raises while the server goes, is gone, or comes back."""
    if isinstance(error, asyncpg.PostgresError):
        return (error.sqlstate or "")[:2] in _AWAY_CLASSES
    lost = isinstance(error, asyncpg.InterfaceError | asyncpg.InternalClientError)
    return lost and not isinstance(error, ValueError)


def comes_with_the_connection(error: BaseException) -> bool:
    """True if the connection failed, so that nobody knows what became of a commit under way."""
    return isinstance(error, OSError | TimeoutError) or says_database_is_away(error)


def causes(error: BaseException | None) -> Iterator[BaseException]:
    """The error and what it came from, the nearest first."""
    while error is not None:
        yield error
        error = error.__cause__


def reason(error: Exception | None) -> str:
    """Why it failed, in 500 characters that PostgreSQL accepts; never PostgreSQL's message, which quotes the row."""
    if isinstance(error, asyncpg.PostgresError):
        text = f"{type(error).__name__}: SQLSTATE {error.sqlstate} {getattr(error, 'constraint_name', None) or ''}"
    else:
        text = f"{type(error).__name__}: {error}"
    return storable(text).strip()[:500]


def storable(text: str) -> str:
    """The text as PostgreSQL accepts it: a NUL or half a character, from whoever sent it, is spelt out."""
    return text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\0")


def pause(tries: int) -> float:
    """Seconds to wait before the next try: doubling from 0.05 to 5, with jitter."""
    return min(5.0, 0.05 * 2.0 ** min(tries, 7)) * random.uniform(0.5, 1)
