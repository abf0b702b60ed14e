"""Files becoming essays."""

from datetime import datetime
from typing import ClassVar

from common_core.enums import FileValidationErrorCode
from common_core.message import Message
from common_core.shared import ErrorDetail


class EssayContentProvisionedV1(Message, frozen=True, kw_only=True):
    """File Service: a file's text is stored."""

    topic: ClassVar[str] = "huleedu.file.essay.content.provisioned.v1"
    producer: ClassVar[str] = "file_service"
    key_field: ClassVar[str] = "entity_id"

    event: str = "essay.content.provisioned"
    entity_id: str
    file_upload_id: str
    original_file_name: str
    raw_file_storage_id: str
    text_storage_id: str
    file_size_bytes: int
    content_md5_hash: str | None = None
    correlation_id: str
    timestamp: datetime
    document_author: str | None = None
    first_lines: list[str] = []


class EssayValidationFailedV1(Message, frozen=True, kw_only=True):
    """File Service: a file could not be used."""

    topic: ClassVar[str] = "huleedu.file.essay.validation.failed.v1"
    producer: ClassVar[str] = "file_service"
    key_field: ClassVar[str] = "entity_id"

    event: str = "essay.validation.failed"
    entity_id: str
    file_upload_id: str
    original_file_name: str
    raw_file_storage_id: str
    validation_error_code: FileValidationErrorCode
    validation_error_detail: ErrorDetail
    file_size_bytes: int
    correlation_id: str
    timestamp: datetime


class BatchFileAddedV1(Message, frozen=True, kw_only=True):
    """File Service: a file was handed in for a batch."""

    topic: ClassVar[str] = "huleedu.file.batch.file.added.v1"
    producer: ClassVar[str] = "file_service"

    event: str = "batch.file.added"
    batch_id: str
    file_upload_id: str
    filename: str
    user_id: str
    correlation_id: str
    timestamp: datetime


class EssaySlotAssignedV1(Message, frozen=True, kw_only=True):
    """ELS: an essay has got its text."""

    topic: ClassVar[str] = "huleedu.els.essay.slot.assigned.v1"
    producer: ClassVar[str] = "essay_lifecycle_service"

    event: str = "essay.slot.assigned"
    batch_id: str
    essay_id: str
    file_upload_id: str
    text_storage_id: str
    original_file_name: str
    correlation_id: str
    timestamp: datetime


class ExcessContentProvisionedV1(Message, frozen=True, kw_only=True):
    """ELS: the batch has no slot left for this file."""

    topic: ClassVar[str] = "huleedu.els.excess.content.provisioned.v1"
    producer: ClassVar[str] = "essay_lifecycle_service"

    event: str = "excess.content.provisioned"
    batch_id: str
    original_file_name: str
    text_storage_id: str
    reason: str = "NO_AVAILABLE_SLOT"
    correlation_id: str
    timestamp: datetime
    file_upload_id: str | None = None
