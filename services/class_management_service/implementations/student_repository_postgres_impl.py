"""Students and enrolment in PostgreSQL: as many statements for a class as for a student."""

from collections.abc import Mapping, Sequence

import asyncpg

from class_management_service.domain.school import Person, Student
from class_management_service.protocols import ListedStudent, PageFilter
from huleedu_service_libs.runtime.columns import columns
from huleedu_service_libs.runtime.connection import Connection, Pool
from huleedu_service_libs.runtime.database import Database
from huleedu_service_libs.runtime.unit_of_work import current_unit

_COLUMNS = "student_id, user_id, first_name, last_name, legal_full_name, email, version, created_at, updated_at"
_CLASSES = """array(select e.class_id from enrolments e where e.student_id = s.student_id order by e.class_id)
  as class_ids"""
_GET = f"select {_COLUMNS}, {_CLASSES} from students s where student_id = $1 and not is_placeholder"
_FITS = """from students s where user_id = $1 and not is_placeholder
    and ($2::text is null
      or strpos(lower(first_name || ' ' || last_name), lower($2)) > 0 or strpos(coalesce(email, ''), lower($2)) > 0)
    and ($3::text is null
      or exists (select from enrolments e where e.student_id = s.student_id and e.class_id = $3))"""
_PAGE = f"""select {_COLUMNS}, {_CLASSES} {_FITS}
  order by lower(last_name), lower(first_name), student_id limit $4 offset $5"""
_COUNT = f"select count(*) {_FITS}"
_ROSTERS = f"""select class_id, {_COLUMNS} from students join enrolments using (student_id)
  where class_id = any($1::text[])"""
_NAMED = f"select {_COLUMNS} from students where student_id = any($1::text[])"
_HOLD_ALL = "select pg_advisory_xact_lock(hashtextextended('students of ' || $1, 0))"
_WITH_EMAILS = f"select {_COLUMNS} from students where user_id = $1 and email = any($2::text[])"
_ROWS = """unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[],
    $8::timestamptz[], $9::timestamptz[])"""
_ADD = f"insert into students({_COLUMNS}) select * from {_ROWS}"
_ADD_PLACEHOLDERS = f"""insert into students({_COLUMNS}, is_placeholder)
  select *, true from {_ROWS} on conflict do nothing"""
_CHANGE = f"""update students s set first_name = n.first_name, last_name = n.last_name,
    legal_full_name = n.legal_full_name, email = n.email, version = n.version, updated_at = n.updated_at
  from {_ROWS} n({_COLUMNS}) where s.student_id = n.student_id"""
_REMOVE = "delete from students where student_id = $1"
_ENROL = """insert into enrolments(class_id, student_id)
  select * from unnest($1::text[], $2::text[]) on conflict do nothing"""
_WITHDRAW = """delete from enrolments e using unnest($1::text[], $2::text[]) n(class_id, student_id)
  where e.class_id = n.class_id and e.student_id = n.student_id"""


class PostgreSQLStudentRepository:
    """See `StudentRepositoryProtocol`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, student_id: str) -> ListedStudent | None:
        """See the protocol."""
        return _listed(await self._database.pool.fetchrow(_GET, student_id))

    async def list(self, wanted: PageFilter) -> tuple[Sequence[ListedStudent], int]:
        """See the protocol."""
        pool, fits = self._database.pool, (wanted.user_id, wanted.search, wanted.class_id)
        rows = await pool.fetch(_PAGE, *fits, wanted.limit, wanted.offset)
        total: int = await pool.fetchval(_COUNT, *fits)
        return [listed for row in rows if (listed := _listed(row))], total

    async def roster(self, class_id: str) -> Sequence[Student]:
        """See the protocol."""
        return await _roster(self._database.pool, class_id)

    async def named(self, student_ids: Sequence[str]) -> Mapping[str, Student]:
        """See the protocol."""
        rows = await self._database.pool.fetch(_NAMED, list(student_ids))
        return {row["student_id"]: _student(row) for row in rows}

    async def hold_all(self, user_id: str) -> None:
        """See the protocol."""
        await current_unit().connection.execute(_HOLD_ALL, user_id)

    async def held(self, student_id: str) -> ListedStudent | None:
        """See the protocol."""
        return _listed(await current_unit().connection.fetchrow(_GET, student_id))

    async def held_roster(self, class_id: str) -> Sequence[Student]:
        """See the protocol."""
        return await _roster(current_unit().connection, class_id)

    async def held_rosters(self, class_ids: Sequence[str]) -> Mapping[str, Mapping[str, Student]]:
        """See the protocol."""
        found: dict[str, dict[str, Student]] = {class_id: {} for class_id in class_ids}
        for row in await current_unit().connection.fetch(_ROSTERS, list(class_ids)):
            found[row["class_id"]][row["student_id"]] = _student(row)
        return found

    async def add_placeholders(self, students: Sequence[Student]) -> None:
        """See the protocol."""
        await _write(_ADD_PLACEHOLDERS, students)

    async def with_emails(self, user_id: str, emails: Sequence[str]) -> Mapping[str, Student]:
        """See the protocol."""
        rows = await current_unit().connection.fetch(_WITH_EMAILS, user_id, list(emails))
        return {row["email"]: _student(row) for row in rows}

    async def add(self, students: Sequence[Student]) -> None:
        """See the protocol."""
        await _write(_ADD, students)

    async def change(self, students: Sequence[Student]) -> None:
        """See the protocol."""
        await _write(_CHANGE, students)

    async def remove(self, student_id: str) -> None:
        """See the protocol."""
        await current_unit().connection.execute(_REMOVE, student_id)

    async def enrol(self, pairs: Sequence[tuple[str, str]]) -> None:
        """See the protocol."""
        await _write_pairs(_ENROL, pairs)

    async def withdraw(self, pairs: Sequence[tuple[str, str]]) -> None:
        """See the protocol."""
        await _write_pairs(_WITHDRAW, pairs)


async def _roster(con: Connection | Pool, class_id: str) -> Sequence[Student]:
    return [_student(row) for row in await con.fetch(_ROSTERS, [class_id])]


async def _write(statement: str, students: Sequence[Student]) -> None:
    if students:
        rows = [
            (s.student_id, s.user_id, *_name(s.person), s.email, s.version, s.created_at, s.updated_at)
            for s in students
        ]
        await current_unit().connection.execute(statement, *columns(rows))


def _name(person: Person) -> tuple[str, str, str | None]:
    return person.first_name, person.last_name, person.legal_full_name


async def _write_pairs(statement: str, pairs: Sequence[tuple[str, str]]) -> None:
    if pairs:
        await current_unit().connection.execute(statement, *columns(pairs))


def _listed(row: asyncpg.Record | None) -> ListedStudent | None:
    return None if row is None else ListedStudent(_student(row), tuple(row["class_ids"]))


def _student(row: asyncpg.Record) -> Student:
    return Student(
        student_id=row["student_id"],
        user_id=row["user_id"],
        person=Person(row["first_name"], row["last_name"], row["legal_full_name"]),
        email=row["email"],
        version=row["version"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )
