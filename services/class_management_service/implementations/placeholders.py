"""The student who stands for an unknown one when time was up: one for each class, and in no roster."""

from datetime import datetime
from uuid import NAMESPACE_URL, uuid5

from class_management_service.domain.associations import Associations
from class_management_service.domain.school import PLACEHOLDER_DOMAIN, Person, Student


def unknown_id(class_id: str) -> str:
    """Always the same for a class, so that nobody has to look it up."""
    return str(uuid5(NAMESPACE_URL, f"urn:huleedu:unknown:{class_id}"))


def unknown_student(batch: Associations, at: datetime) -> Student:
    """The one of this batch's class."""
    return Student(
        student_id=batch.unknown_id,
        user_id=batch.user_id,
        person=Person("UNKNOWN", "STUDENT"),
        email=f"unknown.{batch.class_id}{PLACEHOLDER_DOMAIN}".lower(),
        created_at=at,
        updated_at=at,
    )
