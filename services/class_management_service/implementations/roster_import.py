"""Importing a list of students into a class: read in another process, planned, then done in one transaction."""

import asyncio
import hashlib
from functools import partial

import msgspec
from msgspec.structs import replace

from class_management_service.api_models import ImportBody, ImportQuery
from class_management_service.config import ClassManagementSettings
from class_management_service.domain.announcements import student_created, student_updated
from class_management_service.domain.notifications import students_added
from class_management_service.domain.roster_plan import Outcome, Plan, Step, plan
from class_management_service.domain.roster_rows import RosterFile
from class_management_service.domain.school import SchoolClass, Student
from class_management_service.errors import ClassFull, NotASpreadsheet, RosterChanged, SpreadsheetTooLarge
from class_management_service.implementations.asker import Asker
from class_management_service.implementations.class_desk import owned_class
from class_management_service.implementations.import_view import import_body, refusal_of_faults
from class_management_service.protocols import ClassRepositoryProtocol, NewId, StudentRepositoryProtocol
from class_management_service.spreadsheets.reading import read_roster
from huleedu_service_libs.process_pool import WorkerDied
from huleedu_service_libs.runtime.transactions import Transactions
from huleedu_service_libs.runtime.unit_of_work import current_unit
from huleedu_service_libs.service import Platform


class RosterImport:
    """All of a file or nothing of it; the same file again changes nothing."""

    def __init__(
        self,
        platform: Platform,
        settings: ClassManagementSettings,
        classes: ClassRepositoryProtocol,
        students: StudentRepositoryProtocol,
        transactions: Transactions,
        new_id: NewId,
    ) -> None:
        self._pool, self._settings = platform.pool, settings
        self._classes, self._students = classes, students
        self._transactions, self._new_id = transactions, new_id

    async def carry_out(self, class_id: str, raw: bytes, wanted: ImportQuery, asker: Asker) -> ImportBody:
        """Say what the file means for the class, and do it unless that is only a preview.

        Raises a RefusedCommand, or a Problem that names every faulty row; then nothing has happened.
        """
        owned_class(await self._classes.get(class_id), class_id, asker.user_id)
        file = await self._read(raw)
        action = partial(self._in_transaction, class_id, file, wanted, asker)
        return await self._transactions.run(action, asker.cause)

    async def _read(self, raw: bytes) -> RosterFile:
        seconds = self._settings.roster_file_seconds
        try:
            async with asyncio.timeout(seconds):
                return await self._pool.run(read_roster, raw, self._settings.max_students_per_class)
        except TimeoutError:
            raise SpreadsheetTooLarge(reason=f"reading it takes longer than {seconds:g} seconds") from None
        except WorkerDied as death:
            raise NotASpreadsheet(reason="the process that read it did not survive it") from death

    async def _in_transaction(self, class_id: str, file: RosterFile, wanted: ImportQuery, asker: Asker) -> ImportBody:
        await self._students.hold_all(asker.user_id)
        owned = owned_class(await self._classes.held(class_id), class_id, asker.user_id)
        planned = await self._plan(class_id, file, asker.user_id)
        body = import_body(class_id, file, planned, _fingerprint(planned), preview=wanted.preview)
        if wanted.preview:
            return body
        if wanted.fingerprint not in (None, body.fingerprint):
            raise RosterChanged
        if planned.faults and not wanted.skip_faulty:
            raise refusal_of_faults(file, planned.faults)
        await self._do(owned.school_class, planned, asker)
        return body

    async def _plan(self, class_id: str, file: RosterFile, user_id: str) -> Plan:
        roster = await self._students.held_roster(class_id)
        emails = [pupil.email for pupil in file.pupils if pupil.email]
        planned = plan(file.pupils, file.faults, roster, await self._students.with_emails(user_id, emails))
        if len(roster) + len(planned.of(Outcome.NEW, Outcome.ENROLLED)) > self._settings.max_students_per_class:
            raise ClassFull(most=self._settings.max_students_per_class)
        return planned

    async def _do(self, school_class: SchoolClass, planned: Plan, asker: Asker) -> None:
        unit, class_id = current_unit(), school_class.class_id
        made = [self._made(step, asker) for step in planned.of(Outcome.NEW)]
        joined = {known.student_id for known, _ in planned.updates(Outcome.ENROLLED)}
        updates = planned.updates(Outcome.ENROLLED, Outcome.CHANGED)
        changed = [now for before, now in updates if now != before]
        await self._students.add(made)
        await self._students.change([replace(now, version=now.version + 1, updated_at=unit.now) for now in changed])
        await self._students.enrol([(class_id, each) for each in (*(s.student_id for s in made), *sorted(joined))])
        unit.say(*(student_created(student, [class_id], asker.correlation_id) for student in made))
        for before, now in updates:
            added = [class_id] if now.student_id in joined else []
            unit.say(student_updated(before, now, asker.correlation_id, unit.now, added=added))
        newcomers = [*made, *(now for now, _ in planned.updates(Outcome.ENROLLED))]
        unit.say(*students_added(school_class, newcomers, unit.now, asker.correlation_id))

    def _made(self, step: Step, asker: Asker) -> Student:
        at = current_unit().now
        return Student(
            student_id=self._new_id(),
            user_id=asker.user_id,
            person=step.pupil.person,
            email=step.pupil.email,
            created_at=at,
            updated_at=at,
        )


def _fingerprint(planned: Plan) -> str:
    """The same as long as the file and what it means for the class are the same."""
    return hashlib.blake2b(msgspec.msgpack.encode(planned), digest_size=16).hexdigest()
