"""Classes and their students, as class management keeps them, and who wrote which essay."""

from datetime import datetime
from typing import ClassVar

from common_core.enums import AssociationValidationMethod, CourseCode
from common_core.message import Message


class ClassCreatedV1(Message, frozen=True, kw_only=True):
    """Class management: a teacher has a new class."""

    topic: ClassVar[str] = "huleedu.class.created.v1"
    producer: ClassVar[str] = "class_management_service"
    key_field: ClassVar[str] = "class_id"

    event: str = "class.created"
    class_id: str
    class_designation: str
    course_codes: list[CourseCode]
    user_id: str
    correlation_id: str
    timestamp: datetime


class ClassUpdatedV1(Message, frozen=True, kw_only=True):
    """Class management: a class has another name or course; what is null is as it was."""

    topic: ClassVar[str] = "huleedu.class.updated.v1"
    producer: ClassVar[str] = "class_management_service"
    key_field: ClassVar[str] = "class_id"

    event: str = "class.updated"
    class_id: str
    class_designation: str | None = None
    course_codes: list[CourseCode] | None = None
    user_id: str
    correlation_id: str
    timestamp: datetime


class ClassDeletedV1(Message, frozen=True, kw_only=True):
    """Class management: a class is gone. Its students are not; they are in one class less."""

    topic: ClassVar[str] = "huleedu.class.deleted.v1"
    producer: ClassVar[str] = "class_management_service"
    key_field: ClassVar[str] = "class_id"

    event: str = "class.deleted"
    class_id: str
    user_id: str
    correlation_id: str
    timestamp: datetime


class StudentCreatedV1(Message, frozen=True, kw_only=True):
    """Class management: a teacher has a new student, in these classes."""

    topic: ClassVar[str] = "huleedu.class.student.created.v1"
    producer: ClassVar[str] = "class_management_service"
    key_field: ClassVar[str] = "student_id"

    event: str = "student.created"
    student_id: str
    first_name: str
    last_name: str
    student_email: str | None = None
    class_ids: list[str]
    created_by_user_id: str
    correlation_id: str
    timestamp: datetime


class StudentUpdatedV1(Message, frozen=True, kw_only=True):
    """Class management: a student's name, address or classes have changed; what is null is as it was."""

    topic: ClassVar[str] = "huleedu.class.student.updated.v1"
    producer: ClassVar[str] = "class_management_service"
    key_field: ClassVar[str] = "student_id"

    event: str = "student.updated"
    student_id: str
    first_name: str | None = None
    last_name: str | None = None
    student_email: str | None = None
    add_class_ids: list[str] | None = None
    remove_class_ids: list[str] | None = None
    updated_by_user_id: str
    correlation_id: str
    timestamp: datetime


class StudentDeletedV1(Message, frozen=True, kw_only=True):
    """Class management: nothing is known of this student any more."""

    topic: ClassVar[str] = "huleedu.class.student.deleted.v1"
    producer: ClassVar[str] = "class_management_service"
    key_field: ClassVar[str] = "student_id"

    event: str = "student.deleted"
    student_id: str
    deleted_by_user_id: str
    correlation_id: str
    timestamp: datetime


class EssayStudentAssociationUpdatedV1(Message, frozen=True, kw_only=True):
    """Class management: this student wrote this essay (none: nobody knows); of several the highest version holds."""

    topic: ClassVar[str] = "huleedu.class.essay.association.updated.v1"
    producer: ClassVar[str] = "class_management_service"

    event: str = "class.essay.association.updated"
    batch_id: str
    essay_id: str
    student_id: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    student_email: str | None = None
    association_method: AssociationValidationMethod
    confidence_score: float | None = None
    created_by_user_id: str
    correlation_id: str
    timestamp: datetime
    version: int | None = None
