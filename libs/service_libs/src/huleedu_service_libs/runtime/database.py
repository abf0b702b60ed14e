"""One service's connections to its database, and its clock."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import asyncpg

from huleedu_service_libs.runtime.connection import Connection, Pool

MEMBER_SECONDS = 3.0  # without a heartbeat for so long, a process counts as gone


def alive(row: str) -> str:
    """SQL: whether the process that owns this row lives.

    Not if its time is up only in a far future: then the clock was set back, and whoever lives beats again at once.
    """
    return f"""exists (select from runtime.member m where m.owner = {row}.owner
      and m.expires_at > now() and m.expires_at < now() + interval '{2 * MEMBER_SECONDS} seconds')"""


def now() -> datetime:
    """The wall clock, UTC."""
    return datetime.now(UTC)


def session(schema: str, **more: str) -> dict[str, str]:
    """Settings of every connection: a process stopped inside a transaction loses its locks before it counts as gone."""
    return {
        "search_path": schema,
        "idle_in_transaction_session_timeout": f"{MEMBER_SECONDS * 500:.0f}ms",
        "application_name": schema,
    } | more


async def _keep(_: Any) -> None:
    """Instead of asyncpg's reset, a round trip at each release: nothing here leaves session state behind."""


class Database:
    """A pool whose connections see the service's own schema; `producer` is who the service is on the wire."""

    def __init__(self, pool: Pool, dsn: str, producer: str, clock: Callable[[], datetime] = now) -> None:
        self.pool, self.dsn, self.producer, self.clock = pool, dsn, producer, clock

    @classmethod
    async def connect(
        cls, dsn: str, producer: str, *, size: int = 8, clock: Callable[[], datetime] = now, **settings: str
    ) -> "Database":
        """A pool of at most `size` connections to the schema named as the producer; `settings`: PostgreSQL's.

        None is opened before it is needed: the database may be away just now.
        """
        pool = await asyncpg.create_pool(
            dsn,
            min_size=0,
            max_size=size,
            reset=_keep,
            server_settings=session(producer, **settings),
            command_timeout=30,
        )
        return cls(pool, dsn, producer, clock)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """One transaction on one connection."""
        async with self.pool.acquire() as con, con.transaction():
            yield con

    async def close(self) -> None:
        """Close every connection, the busy ones too after a moment."""
        await self.pool.close()
