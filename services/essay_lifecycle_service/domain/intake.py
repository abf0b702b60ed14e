"""Files become essays: each takes a slot in the order in which it came, until the slots or the time are up."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, TypeVar

import msgspec

from common_core.enums import COURSE_LANGUAGE, ClassType, CourseCode
from common_core.message import Message
from common_core.messages.batch import (
    BatchContentProvisioningCompletedV1,
    BatchErrorSummary,
    BatchEssaysReady,
    BatchEssaysRegistered,
    BatchValidationErrorsV1,
    EssayValidationError,
)
from common_core.messages.content import (
    EssayContentProvisionedV1,
    EssaySlotAssignedV1,
    EssayValidationFailedV1,
    ExcessContentProvisionedV1,
)
from common_core.shared import (
    ErrorDetail,
    EssayProcessingInputRefV1,
    StorageReferenceMetadata,
    SystemProcessingMetadata,
)

T = TypeVar("T")


class Registration(msgspec.Struct, frozen=True, kw_only=True):
    """A batch as it was registered: one slot for each essay."""

    batch_id: str
    essay_ids: tuple[str, ...]
    course_code: CourseCode
    user_id: str
    class_id: str | None = None
    student_prompt_ref: StorageReferenceMetadata | None = None
    correlation_id: str
    metadata: dict[str, Any] | None = None

    @property
    def class_type(self) -> ClassType:
        """Whether its essays are still to be matched to students."""
        return ClassType.REGULAR if self.class_id else ClassType.GUEST


class FileFailure(msgspec.Struct, frozen=True, kw_only=True):
    """Why a file could not be used."""

    code: str
    detail: ErrorDetail


class Upload(msgspec.Struct, frozen=True, kw_only=True):
    """A file that was handed in: it has a text, or a reason why it has none."""

    batch_id: str
    file_upload_id: str
    file_name: str
    raw_storage_id: str
    text_storage_id: str | None = None
    failure: FileFailure | None = None
    correlation_id: str
    came_at: datetime
    document_author: str | None = None


class PlacedUpload(msgspec.Struct, frozen=True, kw_only=True):
    """A file and the slot it took; none was free if there is no essay."""

    upload: Upload
    essay_id: str | None


class EndedIntake(msgspec.Struct, frozen=True, kw_only=True):
    """A batch that takes no more files, and those that took a slot, in order; whether their students are known."""

    registration: Registration
    files: Sequence[PlacedUpload]
    students_confirmed: bool = False


class IntakeStep(msgspec.Struct, frozen=True, kw_only=True):
    """What has become true of some batches' intakes, and is to be said."""

    placed: Sequence[PlacedUpload] = ()
    ended: Sequence[EndedIntake] = ()


def registration_of(
    message: BatchEssaysRegistered, correlation_id: str, metadata: dict[str, Any] | None
) -> Registration:
    """The registration that a message tells of; an essay that is named twice has one slot."""
    return Registration(
        batch_id=message.entity_id,
        essay_ids=tuple(dict.fromkeys(message.essay_ids)),
        course_code=message.course_code,
        user_id=message.user_id,
        class_id=message.class_id,
        student_prompt_ref=message.student_prompt_ref,
        correlation_id=correlation_id,
        metadata=metadata,
    )


def upload_of(message: EssayContentProvisionedV1 | EssayValidationFailedV1) -> Upload:
    """The file that a message tells of."""
    text, author, failure = None, None, None
    if isinstance(message, EssayContentProvisionedV1):
        text, author = message.text_storage_id, message.document_author
    else:
        failure = FileFailure(code=message.validation_error_code, detail=message.validation_error_detail)
    return Upload(
        batch_id=message.entity_id,
        file_upload_id=message.file_upload_id,
        file_name=message.original_file_name,
        raw_storage_id=message.raw_file_storage_id,
        text_storage_id=text,
        failure=failure,
        correlation_id=message.correlation_id,
        came_at=message.timestamp,
        document_author=author,
    )


def take_slots(free: Sequence[str], waiting: Sequence[T]) -> list[tuple[T, str | None]]:
    """Each that waits takes the next free slot; None for those that come too late."""
    return [(file, free[place] if place < len(free) else None) for place, file in enumerate(waiting)]


def is_over(slots: int, taken: int, deadline_passed: bool) -> bool:
    """A batch's intake is over when every slot has a file, usable or not, or when its time is up."""
    return deadline_passed or taken >= slots


def placing_messages(placed: PlacedUpload, at: datetime) -> Iterator[Message]:
    """What is said of a file once it is known whether it has a slot; a file that failed is named when all are in."""
    upload = placed.upload
    if upload.text_storage_id is None:
        return
    if placed.essay_id is None:
        yield ExcessContentProvisionedV1(
            batch_id=upload.batch_id,
            original_file_name=upload.file_name,
            text_storage_id=upload.text_storage_id,
            correlation_id=upload.correlation_id,
            timestamp=at,
            file_upload_id=upload.file_upload_id,
        )
    else:
        yield EssaySlotAssignedV1(
            batch_id=upload.batch_id,
            essay_id=placed.essay_id,
            file_upload_id=upload.file_upload_id,
            text_storage_id=upload.text_storage_id,
            original_file_name=upload.file_name,
            correlation_id=upload.correlation_id,
            timestamp=at,
        )


def ending_messages(intake: EndedIntake, at: datetime) -> Iterator[Message]:
    """What is said, once, when a batch takes no more files."""
    essays = _usable(intake)
    yield _completed(intake.registration, essays, at)
    if not essays or len(essays) < len(intake.files):
        yield _errors(intake, critical=not essays, at=at)
    if intake.registration.class_type == ClassType.GUEST or intake.students_confirmed:
        yield from ready_messages(intake, at)


def ready_messages(intake: EndedIntake, at: datetime) -> Iterator[Message]:
    """What is said, once, when nothing more is waited for before the essays are worked on."""
    if essays := _usable(intake):
        yield _ready(intake.registration, essays, at)


def _usable(intake: EndedIntake) -> list[EssayProcessingInputRefV1]:
    return [
        EssayProcessingInputRefV1(essay_id=file.essay_id, text_storage_id=file.upload.text_storage_id)
        for file in intake.files
        if file.essay_id is not None and file.upload.text_storage_id is not None
    ]


def _completed(
    batch: Registration, essays: list[EssayProcessingInputRefV1], at: datetime
) -> BatchContentProvisioningCompletedV1:
    return BatchContentProvisioningCompletedV1(
        batch_id=batch.batch_id,
        provisioned_count=len(essays),
        expected_count=len(batch.essay_ids),
        course_code=batch.course_code,
        user_id=batch.user_id,
        essays_for_processing=essays,
        correlation_id=batch.correlation_id,
        timestamp=at,
    )


def _errors(intake: EndedIntake, *, critical: bool, at: datetime) -> BatchValidationErrorsV1:
    batch = intake.registration
    failed = [
        (file.essay_id, file.upload, file.upload.failure)
        for file in intake.files
        if file.essay_id is not None and file.upload.failure is not None
    ]
    return BatchValidationErrorsV1(
        batch_id=batch.batch_id,
        failed_essays=[
            EssayValidationError(
                essay_id=essay_id, file_name=file.file_name, error_detail=failure.detail, failed_at=file.came_at
            )
            for essay_id, file, failure in failed
        ],
        error_summary=BatchErrorSummary(
            total_errors=len(failed),
            error_categories=dict(Counter(failure.code for _, _, failure in failed)),
            critical_failure=critical,
        ),
        correlation_id=batch.correlation_id,
        metadata=_about(batch, at),
    )


def _ready(batch: Registration, essays: list[EssayProcessingInputRefV1], at: datetime) -> BatchEssaysReady:
    return BatchEssaysReady(
        batch_id=batch.batch_id,
        ready_essays=essays,
        metadata=_about(batch, at),
        course_code=batch.course_code,
        course_language=COURSE_LANGUAGE[batch.course_code],
        student_prompt_ref=batch.student_prompt_ref,
        class_type=batch.class_type,
    )


def _about(batch: Registration, at: datetime) -> SystemProcessingMetadata:
    return SystemProcessingMetadata(entity_id=batch.batch_id, entity_type="batch", timestamp=at)
