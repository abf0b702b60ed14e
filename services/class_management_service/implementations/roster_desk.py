"""Who is in a class, for its teacher and for other services."""

from collections.abc import Sequence

import msgspec

from class_management_service.api_models import RosterBody, RosterStudent
from class_management_service.domain.names import sort_key
from class_management_service.domain.school import SchoolClass, Student
from class_management_service.errors import ClassNotFound
from class_management_service.implementations.class_desk import owned_class
from class_management_service.protocols import ClassRepositoryProtocol, StudentRepositoryProtocol


class Roster(msgspec.Struct, frozen=True):
    """A class and its students, by last name."""

    school_class: SchoolClass
    students: Sequence[Student]


class RosterDesk:
    """Shows rosters, in two statements whatever their length."""

    def __init__(self, classes: ClassRepositoryProtocol, students: StudentRepositoryProtocol) -> None:
        self._classes, self._students = classes, students

    async def of_teacher(self, class_id: str, user_id: str) -> Roster:
        """Raises ClassNotFound, also for another's class."""
        found = owned_class(await self._classes.get(class_id), class_id, user_id)
        return await self._roster(found.school_class)

    async def of_anybody(self, class_id: str) -> Roster:
        """For services of this installation. Raises ClassNotFound."""
        found = await self._classes.get(class_id)
        if found is None:
            raise ClassNotFound(class_id=class_id)
        return await self._roster(found.school_class)

    async def _roster(self, school_class: SchoolClass) -> Roster:
        students = await self._students.roster(school_class.class_id)
        return Roster(school_class, sorted(students, key=lambda student: sort_key(student.person)))


def roster_body(roster: Roster) -> RosterBody:
    """The roster as it is shown."""
    return RosterBody(
        class_id=roster.school_class.class_id,
        name=roster.school_class.name,
        course_codes=[roster.school_class.course_code],
        students=[_student(student) for student in roster.students],
    )


def _student(student: Student) -> RosterStudent:
    person = student.person
    return RosterStudent(
        student_id=student.student_id,
        first_name=person.first_name,
        last_name=person.last_name,
        full_legal_name=person.legal_full_name or person.full_name,
        email=student.email,
    )
