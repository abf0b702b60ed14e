"""Operations as PostgreSQL keeps them: of those who ask for the same at once, one begins it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial

import pytest
from msgspec.structs import replace

from batch_orchestrator_service.config import SERVICE_NAME
from batch_orchestrator_service.domain.asked import BulkAction
from batch_orchestrator_service.domain.operation import Operation, OperationStatus
from batch_orchestrator_service.implementations.operation_table import PostgreSQLOperationsImpl
from batch_orchestrator_service.tests.said import AT
from common_core.enums import PhaseName
from huleedu_service_libs.runtime.database import Database
from huleedu_service_libs.runtime.transactions import GroupCommit
from huleedu_service_libs.runtime.unit_of_work import Cause

RETRY = Operation(
    operation_id="o1",
    action=BulkAction.RETRY,
    user_id="anna",
    phase_name=PhaseName.NLP,
    since=AT,
    per_second=2.5,
    asked_by="operator",
    reason="because",
    correlation_id="c",
    begun_at=AT,
    next_at=AT,
)


@pytest.fixture
async def database(service_dsn: str) -> AsyncIterator[Database]:
    """The service's database."""
    database = await Database.connect(service_dsn, SERVICE_NAME)
    yield database
    await database.close()


async def kept(database: Database, action: Callable[[], Awaitable[Operation | None]]) -> Operation | None:
    """Done in a transaction of its own, as a replica of its own would."""
    return await GroupCommit(database, SERVICE_NAME, lambda _: None).run(action, Cause("c"))


async def test_it_comes_back_as_it_was_saved(database: Database) -> None:
    operations = PostgreSQLOperationsImpl(database)
    await kept(database, lambda: operations.begin(RETRY))
    stepped = RETRY.stepped("b7", 3, 2, AT)

    async def save() -> Operation | None:
        await operations.save(stepped)
        return await operations.get_for_update("o1")

    assert await kept(database, save) == stepped == await operations.get("o1")
    assert await operations.get("o2") is None


async def test_the_newest_come_first(database: Database) -> None:
    operations = PostgreSQLOperationsImpl(database)
    for number in range(4):
        one = replace(RETRY, operation_id=f"o{number}", user_id=f"u{number}")
        await kept(database, partial(operations.begin, one))

    assert [each.operation_id for each in await operations.newest(3)] == ["o3", "o2", "o1"]


@pytest.mark.parametrize("shared", [True, False])
async def test_of_those_who_ask_at_once_one_begins_it(database: Database, shared: bool) -> None:
    """Within one transaction, and in several at the same time."""
    operations = PostgreSQLOperationsImpl(database)
    commits = [GroupCommit(database, SERVICE_NAME, lambda _: None) for _ in range(1 if shared else 6)]

    async def ask(number: int) -> Operation:
        asked = replace(RETRY, operation_id=f"o{number}", per_second=number + 1)
        return await commits[number % len(commits)].run(lambda: operations.begin(asked), Cause("c"))

    begun = await asyncio.gather(*map(ask, range(6)))
    (running,) = await operations.newest(10)
    assert {each.operation_id for each in begun} == {running.operation_id}
    assert running.per_second in range(1, 7)


async def test_what_has_ended_is_not_begun_anew(database: Database) -> None:
    operations = PostgreSQLOperationsImpl(database)
    await kept(database, lambda: operations.begin(RETRY))

    async def end() -> None:
        await operations.save(RETRY.ended(OperationStatus.STOPPED, AT))

    await kept(database, end)
    again = await kept(database, lambda: operations.begin(replace(RETRY, operation_id="o2")))
    assert again is not None
    assert again.operation_id == "o2"
