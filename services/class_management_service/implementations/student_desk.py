"""What teachers can do with their students."""

from collections.abc import Sequence

from msgspec.structs import replace

from class_management_service.api_models import (
    KeptName,
    Pagination,
    PersonNameBody,
    Removed,
    StudentBody,
    StudentChange,
    StudentList,
    StudentQuery,
    StudentRequest,
)
from class_management_service.config import ClassManagementSettings
from class_management_service.domain import announcements
from class_management_service.domain.names import tidy
from class_management_service.domain.notifications import students_added
from class_management_service.domain.school import Person, SchoolClass, Student
from class_management_service.errors import ClassFull, EmailTaken, StudentChanged, StudentNotFound
from class_management_service.implementations.asker import Asker
from class_management_service.implementations.class_desk import owned_class
from class_management_service.protocols import (
    ClassRepositoryProtocol,
    ListedStudent,
    NewId,
    PageFilter,
    StudentRepositoryProtocol,
)
from huleedu_service_libs.runtime.transactions import Transactions
from huleedu_service_libs.runtime.unit_of_work import current_unit


class StudentDesk:
    """Makes, shows, changes and removes students; another's student does not exist for whoever asks."""

    def __init__(
        self,
        students: StudentRepositoryProtocol,
        classes: ClassRepositoryProtocol,
        transactions: Transactions,
        settings: ClassManagementSettings,
        new_id: NewId,
    ) -> None:
        self._students, self._classes = students, classes
        self._transactions, self._most, self._new_id = transactions, settings.max_students_per_class, new_id

    async def create(self, wanted: StudentRequest, asker: Asker) -> StudentBody:
        """Durable when it returns. Raises EmailTaken, ClassNotFound or ClassFull."""
        student_id = self._new_id()

        async def create() -> StudentBody:
            unit = current_unit()
            await self._students.hold_all(asker.user_id)
            made = Student(
                student_id=student_id,
                user_id=asker.user_id,
                person=_person(wanted.person_name),
                email=wanted.email,
                created_at=unit.now,
                updated_at=unit.now,
            )
            await self._refuse_taken_email(made)
            joined = await self._checked(wanted.class_ids, asker.user_id)
            class_ids = tuple(each.class_id for each in joined)
            await self._students.add([made])
            await self._students.enrol([(class_id, student_id) for class_id in class_ids])
            unit.say(announcements.student_created(made, class_ids, asker.correlation_id))
            _tell_of_joining(made, joined, asker)
            return student_body(ListedStudent(made, class_ids))

        return await self._transactions.run(create, asker.cause)

    async def show(self, student_id: str, user_id: str) -> StudentBody:
        """Raises StudentNotFound."""
        return student_body(_owned(await self._students.get(student_id), student_id, user_id))

    async def list(self, query: StudentQuery, user_id: str) -> StudentList:
        """One page."""
        wanted = PageFilter(
            user_id=user_id, search=query.search, class_id=query.class_id, limit=query.limit, offset=query.offset
        )
        found, total = await self._students.list(wanted)
        return StudentList(
            students=[student_body(each) for each in found],
            pagination=Pagination(limit=query.limit, offset=query.offset, total=total),
        )

    async def change(self, student_id: str, wanted: StudentChange, asker: Asker) -> StudentBody:
        """Raises StudentNotFound, EmailTaken, ClassNotFound, ClassFull, or StudentChanged if somebody was quicker."""

        async def change() -> StudentBody:
            await self._students.hold_all(asker.user_id)
            found = _owned(await self._students.held(student_id), student_id, asker.user_id)
            _refuse_outdated(found.student, wanted.version)
            now = _as_wanted(found.student, wanted)
            await self._refuse_taken_email(now)
            joined = await self._checked(sorted(set(wanted.add_class_ids) - set(found.class_ids)), asker.user_id)
            removed = tuple(sorted(set(wanted.remove_class_ids) & set(found.class_ids)))
            if now == found.student and not joined and not removed:
                return student_body(found)
            return await self._changed(found, now, joined, removed, asker)

        return await self._transactions.run(change, asker.cause)

    async def remove(self, student_id: str, asker: Asker) -> Removed:
        """From every class, for good. Raises StudentNotFound."""

        async def remove() -> Removed:
            unit = current_unit()
            await self._students.hold_all(asker.user_id)
            found = _owned(await self._students.held(student_id), student_id, asker.user_id)
            await self._students.remove(student_id)
            unit.say(announcements.student_deleted(found.student, asker.correlation_id, unit.now))
            return Removed()

        return await self._transactions.run(remove, asker.cause)

    async def _changed(
        self, found: ListedStudent, now: Student, joined: Sequence[SchoolClass], removed: tuple[str, ...], asker: Asker
    ) -> StudentBody:
        unit, student_id = current_unit(), now.student_id
        added = tuple(each.class_id for each in joined)
        now = replace(now, version=now.version + 1, updated_at=unit.now)
        await self._students.change([now])
        await self._students.enrol([(class_id, student_id) for class_id in added])
        await self._students.withdraw([(class_id, student_id) for class_id in removed])
        unit.say(
            announcements.student_updated(
                found.student, now, asker.correlation_id, unit.now, added=added, removed=removed
            )
        )
        _tell_of_joining(now, joined, asker)
        class_ids = tuple(sorted({*found.class_ids, *added} - set(removed)))
        return student_body(ListedStudent(now, class_ids))

    async def _refuse_taken_email(self, student: Student) -> None:
        if student.email is None:
            return
        known = (await self._students.with_emails(student.user_id, [student.email])).get(student.email)
        if known is not None and known.student_id != student.student_id:
            raise EmailTaken(email=student.email, name=known.person.full_name)

    async def _checked(self, class_ids: Sequence[str], user_id: str) -> tuple[SchoolClass, ...]:
        """These classes, if they are the teacher's and have room. They stay so until the unit of work ends."""
        checked = []
        for class_id in sorted(set(class_ids)):
            found = owned_class(await self._classes.held(class_id), class_id, user_id)
            if found.students >= self._most:
                raise ClassFull(most=self._most)
            checked.append(found.school_class)
        return tuple(checked)


def _tell_of_joining(student: Student, joined: Sequence[SchoolClass], asker: Asker) -> None:
    unit = current_unit()
    for school_class in joined:
        unit.say(*students_added(school_class, [student], unit.now, asker.correlation_id))


def _owned(found: ListedStudent | None, student_id: str, user_id: str) -> ListedStudent:
    if found is None or found.student.user_id != user_id:
        raise StudentNotFound(student_id=student_id)
    return found


def _as_wanted(student: Student, wanted: StudentChange) -> Student:
    person = student.person if wanted.person_name is None else _person(wanted.person_name)
    email = wanted.email if "email" in wanted.model_fields_set else student.email
    return replace(student, person=person, email=email)


def _refuse_outdated(found: Student, version: int | None) -> None:
    if version not in (None, found.version):
        raise StudentChanged(name=found.person.full_name, email=found.email or "no address", version=found.version)


def _person(name: PersonNameBody) -> Person:
    legal = None if name.legal_full_name is None else tidy(name.legal_full_name)
    return Person(tidy(name.first_name), tidy(name.last_name), legal)


def student_body(listed: ListedStudent) -> StudentBody:
    """The student as it is shown."""
    found = listed.student
    return StudentBody(
        student_id=found.student_id,
        person_name=KeptName(
            first_name=found.person.first_name,
            last_name=found.person.last_name,
            legal_full_name=found.person.legal_full_name,
        ),
        email=found.email,
        class_ids=list(listed.class_ids),
        created_at=found.created_at,
        updated_at=found.updated_at,
        version=found.version,
    )
