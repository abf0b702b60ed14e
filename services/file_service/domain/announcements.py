"""What the other services are told about a file."""

from datetime import datetime

from common_core.messages.content import BatchFileAddedV1, EssayContentProvisionedV1, EssayValidationFailedV1
from common_core.shared import ErrorDetail
from file_service.domain.uploads import Failed, FileUpload, Provisioned

NEVER_STORED = "STORAGE_FAILED"  # what peers know as the raw id of a file whose bytes nobody has

Answer = EssayContentProvisionedV1 | EssayValidationFailedV1


def added(upload: FileUpload, correlation_id: str) -> BatchFileAddedV1:
    """A file was handed in."""
    return BatchFileAddedV1(
        batch_id=upload.batch_id,
        file_upload_id=upload.file_upload_id,
        filename=upload.file.file_name,
        user_id=upload.user_id,
        correlation_id=correlation_id,
        timestamp=upload.accepted_at,
    )


def answer(upload: FileUpload, at: datetime, correlation_id: str) -> Answer | None:
    """How the file ended; None while it has not."""
    match upload.outcome:
        case Provisioned() as text:
            return _provisioned(upload, text, at, correlation_id)
        case Failed() as failure:
            return _failed(upload, failure, at, correlation_id)
        case None:
            return None


def _provisioned(upload: FileUpload, text: Provisioned, at: datetime, correlation_id: str) -> EssayContentProvisionedV1:
    return EssayContentProvisionedV1(
        entity_id=upload.batch_id,
        file_upload_id=upload.file_upload_id,
        original_file_name=upload.file.file_name,
        raw_file_storage_id=upload.raw_storage_id or NEVER_STORED,
        text_storage_id=text.text_storage_id,
        file_size_bytes=upload.file.size_bytes,
        content_md5_hash=upload.file.md5,
        correlation_id=correlation_id,
        timestamp=at,
        document_author=text.document_author,
        first_lines=list(text.first_lines),
    )


def _failed(upload: FileUpload, failure: Failed, at: datetime, correlation_id: str) -> EssayValidationFailedV1:
    return EssayValidationFailedV1(
        entity_id=upload.batch_id,
        file_upload_id=upload.file_upload_id,
        original_file_name=upload.file.file_name,
        raw_file_storage_id=upload.raw_storage_id or NEVER_STORED,
        validation_error_code=failure.code,
        validation_error_detail=_detail(upload, failure, at, correlation_id),
        file_size_bytes=upload.file.size_bytes,
        correlation_id=correlation_id,
        timestamp=at,
    )


def _detail(upload: FileUpload, failure: Failed, at: datetime, correlation_id: str) -> ErrorDetail:
    return ErrorDetail(
        error_code=failure.code,
        message=failure.message,
        correlation_id=correlation_id,
        timestamp=at,
        service="file_service",
        operation="read_file",
        details={"file_upload_id": upload.file_upload_id, "file_name": upload.file.file_name},
    )
