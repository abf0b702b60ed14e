"""Students of a class's essays: matching is asked for, and who wrote what is taken up once that is decided."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from common_core.enums import AssociationValidationMethod
from common_core.messages.matching import (
    BatchServiceStudentMatchingInitiateCommandDataV1,
    BatchStudentMatchingRequestedV1,
    EssayToMatchV1,
    StudentAssociationsConfirmedV1,
)


class FileNote(msgspec.Struct, frozen=True):
    """What a file says, besides its text, about who wrote it."""

    file_name: str
    document_author: str | None


class StudentOfEssay(msgspec.Struct, frozen=True, kw_only=True):
    """Who wrote an essay, and who has decided that; no student: nobody of the class."""

    essay_id: str
    student_id: str | None
    method: AssociationValidationMethod


class Confirmation(msgspec.Struct, frozen=True, kw_only=True):
    """It is decided who wrote these essays of a batch; of several confirmations the newest holds."""

    batch_id: str
    version: int
    said_at: datetime
    students: tuple[StudentOfEssay, ...]

    @property
    def age(self) -> tuple[int, datetime]:
        """The greater is the newer."""
        return self.version, self.said_at


def confirmation_of(message: StudentAssociationsConfirmedV1) -> Confirmation:
    """The confirmation that a message tells of; peers that number theirs with nothing have them told apart by time."""
    students = (
        StudentOfEssay(essay_id=each.essay_id, student_id=each.student_id, method=each.validation_method)
        for each in message.associations
    )
    return Confirmation(
        batch_id=message.batch_id,
        version=message.version or 0,
        said_at=message.timestamp,
        students=tuple(students),
    )


def matching_request(
    command: BatchServiceStudentMatchingInitiateCommandDataV1, notes: Mapping[str, FileNote], at: datetime
) -> BatchStudentMatchingRequestedV1:
    """What matching is asked: the essays of the command, each with what is known of its file."""
    return BatchStudentMatchingRequestedV1(
        entity_id=command.entity_id,
        timestamp=at,
        batch_id=command.entity_id,
        essays_to_process=[
            EssayToMatchV1(
                essay_id=ref.essay_id,
                text_storage_id=ref.text_storage_id,
                spellcheck_metrics=ref.spellcheck_metrics,
                file_name=note.file_name if (note := notes.get(ref.essay_id)) else None,
                document_author=note.document_author if note else None,
            )
            for ref in command.essays_to_process
        ],
        class_id=command.class_id,
        course_code=command.course_code,
        user_id=command.user_id,
        org_id=command.org_id,
        run_id=command.run_id,
        attempt=command.attempt,
    )
