"""The ports of the Class Management Service."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

from class_management_service.domain.associations import Associations, Known
from class_management_service.domain.school import SchoolClass, Student


class NewId(Protocol):
    """Makes ids."""

    def __call__(self) -> str:
        """A new UUID; later ones sort after earlier ones."""


class PageFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which classes or students of a teacher: `search` is part of a name or an address."""

    user_id: str
    search: str | None = None
    class_id: str | None = None
    limit: int = 50
    offset: int = 0


class ListedClass(msgspec.Struct, frozen=True):
    """A class, and how many students it has."""

    school_class: SchoolClass
    students: int


class ListedStudent(msgspec.Struct, frozen=True):
    """A student, and the classes they are in."""

    student: Student
    class_ids: tuple[str, ...]


class ClassRepositoryProtocol(Protocol):
    """Keeps classes. Methods that change something run in a unit of work."""

    async def get(self, class_id: str) -> ListedClass | None:
        """The class as last committed."""

    async def list(self, wanted: PageFilter) -> tuple[Sequence[ListedClass], int]:
        """One page by name, and how many there are in all."""

    async def owners(self, class_ids: Sequence[str]) -> Mapping[str, str]:
        """Whose these classes are, within the unit of work."""

    async def named(self, class_ids: Sequence[str]) -> Mapping[str, str]:
        """What these classes are called."""

    async def held(self, class_id: str) -> ListedClass | None:
        """The class, which stays as it is until the unit of work ends."""

    async def add(self, school_class: SchoolClass) -> None:
        """Keep a new class."""

    async def change(self, school_class: SchoolClass) -> None:
        """Keep the class as it is now."""

    async def remove(self, class_id: str) -> None:
        """Forget the class, and who was in it."""


class StudentRepositoryProtocol(Protocol):
    """Keeps students and who is in which class. Methods that change something run in a unit of work."""

    async def get(self, student_id: str) -> ListedStudent | None:
        """The student as last committed."""

    async def list(self, wanted: PageFilter) -> tuple[Sequence[ListedStudent], int]:
        """One page by last name, and how many there are in all."""

    async def roster(self, class_id: str) -> Sequence[Student]:
        """Who is in the class, in no order."""

    async def named(self, student_ids: Sequence[str]) -> Mapping[str, Student]:
        """Those of these students that there are."""

    async def hold_all(self, user_id: str) -> None:
        """Nobody else changes this teacher's students until the unit of work ends."""

    async def held(self, student_id: str) -> ListedStudent | None:
        """The student, within the unit of work."""

    async def held_roster(self, class_id: str) -> Sequence[Student]:
        """Who is in the class, within the unit of work."""

    async def held_rosters(self, class_ids: Sequence[str]) -> Mapping[str, Mapping[str, Student]]:
        """Who is in these classes, by class and id, within the unit of work."""

    async def add_placeholders(self, students: Sequence[Student]) -> None:
        """Keep these, who stand for an unknown student and are in no class; who is kept already stays."""

    async def with_emails(self, user_id: str, emails: Sequence[str]) -> Mapping[str, Student]:
        """The teacher's students that have one of these addresses, by address, within the unit of work."""

    async def add(self, students: Sequence[Student]) -> None:
        """Keep new students."""

    async def change(self, students: Sequence[Student]) -> None:
        """Keep these as they are now."""

    async def remove(self, student_id: str) -> None:
        """Forget the student, and which classes they were in."""

    async def enrol(self, pairs: Sequence[tuple[str, str]]) -> None:
        """Put students in classes: (class, student). Who is in one already stays."""

    async def withdraw(self, pairs: Sequence[tuple[str, str]]) -> None:
        """Take students out of classes: (class, student)."""


class AssociationRepositoryProtocol(Protocol):
    """Keeps who wrote the essays of each batch."""

    async def hold(self, batch_ids: Sequence[str]) -> None:
        """Nobody else changes these until the unit of work ends."""

    async def held(self, batch_id: str) -> Known | None:
        """What is known of the batch, which the unit of work sees with its own changes."""

    async def save(self, batch: Known) -> None:
        """Keep what is known now, when the unit of work commits."""

    async def of_batches(self, batch_ids: Sequence[str]) -> Mapping[str, Associations]:
        """Those of these batches that matching has answered for, as last committed."""

    async def of_essay(self, essay_id: str) -> Associations | None:
        """Those of the batch that the essay belongs to."""
