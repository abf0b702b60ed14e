"""What a class costs the database does not depend on its size, nor on how large the school is."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Iterable
from pathlib import Path

import pytest

from class_management_service.config import ClassManagementSettings
from class_management_service.domain.decide import decide
from class_management_service.domain.facts import MatchesSuggested
from class_management_service.implementations.association_table import AssociationTable, KeptAssociations
from class_management_service.startup_setup import DEFINITION
from class_management_service.tests.matches import matches, result, suggestion
from class_management_service.tests.teacher import Teacher
from class_management_service.tests.world import AT
from huleedu_service_libs.app_factory import ServiceApp
from huleedu_service_libs.process_pool import ProcessPool
from huleedu_service_libs.runtime.connection import Connection
from huleedu_service_libs.runtime.database import Database
from huleedu_service_libs.runtime.postgres_event_bus import PostgresEventBus
from huleedu_service_libs.service import Platform

_STUDENTS = """insert into students(student_id, user_id, first_name, last_name, email, version, created_at, updated_at)
  select 's' || n, 'anna', 'First' || n, 'Last' || n, n || '@school.example', 1, now(), now()
  from generate_series(1, 20000) n"""
_CLASSES = """insert into classes(class_id, user_id, name, course_code, version, created_at, updated_at)
  select 'c' || n, 'anna', 'Class ' || n, 'ENG5', 1, now(), now() from generate_series(0, 699) n"""
_ENROLMENTS = """insert into enrolments(class_id, student_id)
  select 'c' || n % 700, 's' || n from generate_series(1, 20000) n"""


@pytest.fixture
async def school(service_dsn: str, tmp_path: Path) -> AsyncIterator[ServiceApp]:
    """The service of a school with 20,000 students, asked over one connection; lists are read in another process."""
    async with ProcessPool(1) as pool:
        platform = Platform(bus=PostgresEventBus(service_dsn), pool=pool, dsn=service_dsn, data_dir=tmp_path)
        settings = ClassManagementSettings.load(environment="testing", db_pool_size=1)
        service = await DEFINITION.start(settings, platform)
        async with service.app.extensions["huleedu_database"].transaction() as con:
            for statement in (_STUDENTS, _CLASSES, _ENROLMENTS):
                await con.execute(statement)
        yield service.app
        await service.close()


class Counting:
    """Counts what is asked of the database."""

    def __init__(self, database: Database) -> None:
        self._database, self._seen = database, list[str]()

    async def __call__(self, asked: Awaitable[object]) -> int:
        """How many statements the request takes."""
        self._seen.clear()
        async with self._database.pool.acquire() as con:
            con.add_query_logger(self._note)
        await asked
        await asyncio.sleep(0)  # the driver tells in the loop's next turn
        async with self._database.pool.acquire() as con:
            con.remove_query_logger(self._note)
        return len(self._seen)

    def _note(self, record: object) -> None:
        self._seen.append(str(record))


async def answered(con: Connection, class_id: str, students: Iterable[str]) -> str:
    """A batch of the class for which matching has answered, an essay a student."""
    said = matches(*(result(f"of {each}", suggestion(each)) for each in students), class_id=class_id, batch_id=class_id)
    fact = MatchesSuggested(matches=said, user_id="anna", unknown_id="unknown", until=AT, correlation_id="c")
    batch, _ = decide(None, fact, AT)
    assert batch is not None
    await AssociationTable().write(con, {batch.batch_id: KeptAssociations(batch, 0)})
    return batch.batch_id


async def life(app: ServiceApp, size: int) -> list[int]:
    """The statements of a class: its import, that again, its batch's confirmation, its roster, the batch's essays."""
    anna, database = Teacher(app.test_client(), "anna"), app.extensions["huleedu_database"]
    count, class_id = Counting(database), await anna.makes_class(f"of {size}")
    rows = "".join(f"Elev{size} Nummer{n},{size}-{n}@school.example\n" for n in range(size))
    costs = [await count(anna.imports(class_id, f"Namn,Epost\n{rows}")) for _ in range(2)]
    roster = await anna.told("GET", f"/v1/classes/{class_id}/roster")
    async with database.transaction() as con:
        batch_id = await answered(con, class_id, [each["student_id"] for each in roster["students"]])
    path = f"/v1/batches/{batch_id}/student-associations"
    confirming = anna.told("POST", path, {"accept_suggestions": True})
    showing = [f"/v1/classes/{class_id}/roster", path]
    return [*costs, await count(confirming), *[await count(anna.told("GET", each)) for each in showing]]


async def test_a_class_of_500_takes_as_many_statements_as_one_of_5(school: ServiceApp) -> None:
    await life(school, 3)  # what a new connection asks once
    small, large = await life(school, 5), await life(school, 500)

    assert small == large
    assert min(small) > 0


async def test_a_page_of_a_large_school_takes_as_many_as_one_of_a_small(school: ServiceApp) -> None:
    anna, bo = Teacher(school.test_client(), "anna"), Teacher(school.test_client(), "bo")
    await bo.makes_student("Bo", "Ek")
    count = Counting(school.extensions["huleedu_database"])

    for path in ("/v1/classes/students?search=ek", "/v1/classes/"):
        assert await count(anna.told("GET", path)) == await count(bo.told("GET", path)) == 2
