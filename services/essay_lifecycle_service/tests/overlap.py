"""Two replicas' transactions at the same moment, on PostgreSQL."""

import asyncio
from collections.abc import Awaitable, Callable

from essay_lifecycle_service.tests.stores import unit_on
from huleedu_service_libs.runtime import Database
from huleedu_service_libs.testing import until_waiting_or_done

Action = Callable[[], Awaitable[object]]


async def overlapping(database: Database, first: Action, second: Action) -> None:
    """`second` begins while `first` is done but not committed; `first` commits once `second` waits or is done."""
    async with database.transaction() as con:
        with unit_on(con):
            await first()
        other = asyncio.create_task(committed(database, second))
        await until_waiting_or_done(database, other)
    await other


async def committed(database: Database, action: Action) -> None:
    """Do this in a transaction of its own."""
    async with database.transaction() as con:
        with unit_on(con):
            await action()
