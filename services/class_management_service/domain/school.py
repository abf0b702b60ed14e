"""Classes and students."""

from datetime import datetime

import msgspec

from common_core.enums import CourseCode

PLACEHOLDER_DOMAIN = "@huleedu.system"


class Person(msgspec.Struct, frozen=True):
    """What somebody is called. People with one name have no last name."""

    first_name: str
    last_name: str = ""
    legal_full_name: str | None = None

    @property
    def full_name(self) -> str:
        """As it is said."""
        return f"{self.first_name} {self.last_name}".strip()


class Student(msgspec.Struct, frozen=True, kw_only=True):
    """A teacher's student, in any number of classes. `email` is in lower case, and nobody else's of that teacher."""

    student_id: str
    user_id: str
    person: Person
    email: str | None = None
    version: int = 1
    created_at: datetime
    updated_at: datetime


class SchoolClass(msgspec.Struct, frozen=True, kw_only=True):
    """A teacher's class in one course."""

    class_id: str
    user_id: str
    org_id: str | None = None
    name: str
    course_code: CourseCode
    version: int = 1
    created_at: datetime
    updated_at: datetime
