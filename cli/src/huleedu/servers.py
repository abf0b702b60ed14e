"""Whether the servers that a process needs are there; a database that is missing is made."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import asyncpg

from huleedu_service_libs.embedded_postgres import create_database, with_database
from huleedu_service_libs.runtime.blame import causes, comes_with_the_connection, says_database_is_away
from huleedu_service_libs.runtime.connection import Connection
from huleedu_service_libs.settings import WrongSettings

Attempt = Callable[[], Awaitable[None]]
"""Tries to use a server. Raises ServerAway."""

CONNECT_SECONDS = 5.0
MAINTENANCE = "postgres"  # the database that every server has

_NOT_LET_IN = (asyncpg.InvalidAuthorizationSpecificationError, asyncpg.InvalidPasswordError)


class ServerAway(Exception):
    """A server is not there; it may come."""


class UnusableDatabase(Exception):
    """The database cannot be used, however long one waits."""


class NoDatabase(UnusableDatabase):
    """Its server has no database of this name."""


def place(dsn: str) -> str:
    """The database in words: its name and its server, without what is secret."""
    url = urlsplit(dsn)
    return f"{url.path.removeprefix('/')} on {url.hostname}:{url.port or 5432}"


async def database_there(dsn: str) -> None:
    """Connect once; a database that its server does not have is made. Raises ServerAway, UnusableDatabase."""
    try:
        con = await connect(dsn)
    except NoDatabase:
        await _make(dsn)
    else:
        await con.close()


@contextmanager
def away_if_cut_off() -> Iterator[None]:
    """A connection that is lost within means ServerAway, whoever has wrapped the error."""
    try:
        yield
    except Exception as error:
        if any(map(comes_with_the_connection, causes(error))):
            raise ServerAway(str(error) or type(error).__name__) from error
        raise


async def connect(dsn: str) -> Connection:
    """A connection of its own. Raises ServerAway, UnusableDatabase, WrongSettings."""
    try:
        return await asyncpg.connect(dsn, timeout=CONNECT_SECONDS)
    except asyncpg.InvalidCatalogNameError:
        raise NoDatabase(f"There is no database {place(dsn)}.") from None
    except _NOT_LET_IN as error:
        raise UnusableDatabase(f"The database {place(dsn)} does not let {_user(dsn)} in: {error}.") from None
    except (OSError, TimeoutError) as error:
        raise ServerAway(str(error) or type(error).__name__) from error
    except (asyncpg.ClientConfigurationError, ValueError) as error:
        raise WrongSettings(f"The address of the database {place(dsn)} cannot be used: {error}") from None
    except (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
        if says_database_is_away(error):
            raise ServerAway(str(error)) from error
        raise


async def _make(dsn: str) -> None:
    name = urlsplit(dsn).path.removeprefix("/")
    try:
        await create_database(with_database(dsn, MAINTENANCE), name)
    except (asyncpg.DuplicateDatabaseError, asyncpg.UniqueViolationError):
        pass  # another process that starts now was first
    except (asyncpg.InsufficientPrivilegeError, asyncpg.InvalidCatalogNameError, *_NOT_LET_IN):
        raise UnusableDatabase(
            f"There is no database {place(dsn)}, and {_user(dsn)} may not make it: have it made, owned by {_user(dsn)}."
        ) from None


def _user(dsn: str) -> str:
    return urlsplit(dsn).username or "its user"


async def kafka_there(bootstrap_servers: str) -> None:
    """Ask a broker who there is. Raises ServerAway, WrongSettings."""
    from aiokafka.client import AIOKafkaClient
    from aiokafka.errors import KafkaError

    client = AIOKafkaClient(bootstrap_servers=bootstrap_servers, client_id="huleedu-start")
    try:
        await client.bootstrap()
    except ValueError:
        raise WrongSettings("KAFKA_BOOTSTRAP_SERVERS: must be like host:9092,other-host:9092") from None
    except (KafkaError, OSError) as error:
        raise ServerAway(str(error)) from error
    finally:
        await client.close()
