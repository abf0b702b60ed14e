"""What class management tells others of its classes and students."""

from collections.abc import Sequence
from datetime import datetime

from class_management_service.domain.school import SchoolClass, Student
from common_core.messages.classes import (
    ClassCreatedV1,
    ClassDeletedV1,
    ClassUpdatedV1,
    StudentCreatedV1,
    StudentDeletedV1,
    StudentUpdatedV1,
)


def class_created(school_class: SchoolClass, correlation_id: str) -> ClassCreatedV1:
    """A new class."""
    return ClassCreatedV1(
        class_id=school_class.class_id,
        class_designation=school_class.name,
        course_codes=[school_class.course_code],
        user_id=school_class.user_id,
        correlation_id=correlation_id,
        timestamp=school_class.created_at,
    )


def class_updated(before: SchoolClass, now: SchoolClass, correlation_id: str) -> ClassUpdatedV1:
    """What is otherwise."""
    return ClassUpdatedV1(
        class_id=now.class_id,
        class_designation=now.name if now.name != before.name else None,
        course_codes=[now.course_code] if now.course_code != before.course_code else None,
        user_id=now.user_id,
        correlation_id=correlation_id,
        timestamp=now.updated_at,
    )


def class_deleted(school_class: SchoolClass, correlation_id: str, at: datetime) -> ClassDeletedV1:
    """A class is gone."""
    return ClassDeletedV1(
        class_id=school_class.class_id, user_id=school_class.user_id, correlation_id=correlation_id, timestamp=at
    )


def student_created(student: Student, class_ids: Sequence[str], correlation_id: str) -> StudentCreatedV1:
    """A new student."""
    return StudentCreatedV1(
        student_id=student.student_id,
        first_name=student.person.first_name,
        last_name=student.person.last_name,
        student_email=student.email,
        class_ids=list(class_ids),
        created_by_user_id=student.user_id,
        correlation_id=correlation_id,
        timestamp=student.created_at,
    )


def student_updated(
    before: Student,
    now: Student,
    correlation_id: str,
    at: datetime,
    *,
    added: Sequence[str] = (),
    removed: Sequence[str] = (),
) -> StudentUpdatedV1:
    """What is otherwise: a name is said whole."""
    renamed = now.person != before.person
    return StudentUpdatedV1(
        student_id=now.student_id,
        first_name=now.person.first_name if renamed else None,
        last_name=now.person.last_name if renamed else None,
        student_email=now.email if now.email != before.email else None,
        add_class_ids=list(added) or None,
        remove_class_ids=list(removed) or None,
        updated_by_user_id=now.user_id,
        correlation_id=correlation_id,
        timestamp=at,
    )


def student_deleted(student: Student, correlation_id: str, at: datetime) -> StudentDeletedV1:
    """Nothing is known of the student any more."""
    return StudentDeletedV1(
        student_id=student.student_id,
        deleted_by_user_id=student.user_id,
        correlation_id=correlation_id,
        timestamp=at,
    )
