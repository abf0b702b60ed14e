"""Classes in PostgreSQL."""

from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg

from class_management_service.domain.school import SchoolClass
from class_management_service.protocols import ListedClass, PageFilter
from common_core.enums import CourseCode
from huleedu_service_libs.runtime.database import Database
from huleedu_service_libs.runtime.unit_of_work import current_unit

_SELECT = """select class_id, user_id, org_id, name, course_code, version, created_at, updated_at,
    (select count(*) from enrolments e where e.class_id = c.class_id) as students
  from classes c"""
_GET = f"{_SELECT} where class_id = $1"
_FITS = "where user_id = $1 and ($2::text is null or strpos(lower(name), lower($2)) > 0)"
_PAGE = f"{_SELECT} {_FITS} order by lower(name), class_id limit $3 offset $4"
_COUNT = f"select count(*) from classes {_FITS}"
_ADD = """insert into classes(class_id, user_id, org_id, name, course_code, version, created_at, updated_at)
  values ($1, $2, $3, $4, $5, $6, $7, $8)"""
_CHANGE = "update classes set name = $2, course_code = $3, version = $4, updated_at = $5 where class_id = $1"
_OWNERS = "select class_id, user_id from classes where class_id = any($1::text[])"
_NAMES = "select class_id, name from classes where class_id = any($1::text[])"
_REMOVE = "delete from classes where class_id = $1"


class PostgreSQLClassRepository:
    """See `ClassRepositoryProtocol`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, class_id: str) -> ListedClass | None:
        """See the protocol."""
        return _listed(await self._database.pool.fetchrow(_GET, class_id))

    async def list(self, wanted: PageFilter) -> tuple[Sequence[ListedClass], int]:
        """See the protocol."""
        pool = self._database.pool
        rows = await pool.fetch(_PAGE, wanted.user_id, wanted.search, wanted.limit, wanted.offset)
        total: int = await pool.fetchval(_COUNT, wanted.user_id, wanted.search)
        return [listed for row in rows if (listed := _listed(row))], total

    async def owners(self, class_ids: Sequence[str]) -> Mapping[str, str]:
        """See the protocol."""
        rows = await current_unit().connection.fetch(_OWNERS, list(class_ids))
        return {row["class_id"]: row["user_id"] for row in rows}

    async def named(self, class_ids: Sequence[str]) -> Mapping[str, str]:
        """See the protocol."""
        rows = await self._database.pool.fetch(_NAMES, list(class_ids))
        return {row["class_id"]: row["name"] for row in rows}

    async def held(self, class_id: str) -> ListedClass | None:
        """See the protocol."""
        return _listed(await current_unit().connection.fetchrow(f"{_GET} for update of c", class_id))

    async def add(self, school_class: SchoolClass) -> None:
        """See the protocol."""
        c = school_class
        values: tuple[Any, ...] = (c.class_id, c.user_id, c.org_id, c.name, c.course_code)
        await current_unit().connection.execute(_ADD, *values, c.version, c.created_at, c.updated_at)

    async def change(self, school_class: SchoolClass) -> None:
        """See the protocol."""
        c = school_class
        await current_unit().connection.execute(_CHANGE, c.class_id, c.name, c.course_code, c.version, c.updated_at)

    async def remove(self, class_id: str) -> None:
        """See the protocol."""
        await current_unit().connection.execute(_REMOVE, class_id)


def _listed(row: asyncpg.Record | None) -> ListedClass | None:
    if row is None:
        return None
    school_class = SchoolClass(
        class_id=row["class_id"],
        user_id=row["user_id"],
        org_id=row["org_id"],
        name=row["name"],
        course_code=CourseCode(row["course_code"]),
        version=row["version"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )
    return ListedClass(school_class, row["students"])
