"""Who wrote an essay of a class's batch, as class management has said last."""

from collections.abc import Iterable
from datetime import datetime

from msgspec import Struct

from common_core.enums import AssociationValidationMethod
from common_core.messages.classes import EssayStudentAssociationUpdatedV1

UNKNOWN = "UNKNOWN"
"""The name of whoever wrote an essay of a class while nobody knows who did."""


class StudentOfEssay(Struct, frozen=True, kw_only=True):
    """A decision; without a name nobody of the class wrote the essay, or nobody knows."""

    batch_id: str
    essay_id: str
    student_id: str | None
    first_name: str | None
    last_name: str | None
    email: str | None
    method: AssociationValidationMethod
    version: int
    at: datetime

    @property
    def name(self) -> str:
        """In full."""
        return " ".join(part for part in (self.first_name, self.last_name) if part) or UNKNOWN

    @property
    def age(self) -> tuple[int, datetime]:
        """What decides between two decisions on an essay: the greater is the newer."""
        return self.version, self.at


def student_of(message: EssayStudentAssociationUpdatedV1) -> StudentOfEssay:
    """What class management has said."""
    return StudentOfEssay(
        batch_id=message.batch_id,
        essay_id=message.essay_id,
        student_id=message.student_id,
        first_name=message.first_name,
        last_name=message.last_name,
        email=message.student_email,
        method=message.association_method,
        version=message.version or 0,
        at=message.timestamp,
    )


def latest_students(students: Iterable[StudentOfEssay]) -> list[StudentOfEssay]:
    """One decision per essay: the newest."""
    kept: dict[tuple[str, str], StudentOfEssay] = {}
    for student in students:
        known = kept.get((student.batch_id, student.essay_id))
        if known is None or student.age > known.age:
            kept[student.batch_id, student.essay_id] = student
    return list(kept.values())
