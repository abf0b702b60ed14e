"""Why a file could not be used, in words that its teacher understands."""

from typing import ClassVar

from common_core.enums import FileValidationErrorCode


class FileRefused(Exception):
    """This file cannot be used."""

    code: ClassVar[FileValidationErrorCode]

    def __init__(self, message: str = "", *, reason: str = "") -> None:
        """`message` is for the teacher (default: the class's docstring), `reason` a technical word for the log."""
        super().__init__(message or type(self).__doc__)
        self.reason = reason


class EmptyContent(FileRefused):
    """The file holds no text. A scanned or photographed essay has to be uploaded as text."""

    code = FileValidationErrorCode.EMPTY_CONTENT


class ContentTooShort(FileRefused):
    """The text is too short for an essay."""

    code = FileValidationErrorCode.CONTENT_TOO_SHORT


class ContentTooLong(FileRefused):
    """The text is too long for an essay."""

    code = FileValidationErrorCode.CONTENT_TOO_LONG


class FileTooLarge(FileRefused):
    """The file is too large for an essay."""

    code = FileValidationErrorCode.FILE_TOO_LARGE


class RawStorageFailed(FileRefused):
    """The file could not be stored. Upload it again."""

    code = FileValidationErrorCode.RAW_STORAGE_FAILED


class TextExtractionFailed(FileRefused):
    """The file is damaged or incomplete: its text could not be read. Save it again, or upload it in another format."""

    code = FileValidationErrorCode.TEXT_EXTRACTION_FAILED


class EncryptedFile(FileRefused):
    """The file is protected by a password. Remove the password and upload it again."""

    code = FileValidationErrorCode.ENCRYPTED_FILE_UNSUPPORTED


class UnsupportedFileType(FileRefused):
    """This kind of file cannot be read. Use .docx, .pdf, .odt, .rtf or .txt."""

    code = FileValidationErrorCode.UNSUPPORTED_FILE_TYPE


class UnknownValidationError(FileRefused):
    """The file could not be used, for a reason that this system has no name for."""

    code = FileValidationErrorCode.UNKNOWN_VALIDATION_ERROR


def too_large(size: int, most: int) -> FileTooLarge:
    """The failure of a file of that size, where at most `most` bytes are accepted."""
    return FileTooLarge(f"The file has {size / 1_000_000:,.1f} MB; at most {most / 1_000_000:,.1f} MB can be read.")


def refusal(code: FileValidationErrorCode, message: str, reason: str) -> FileRefused:
    """The failure of that code, so that it can be raised in another process than the one that found it."""
    known = {kind.code: kind for kind in FileRefused.__subclasses__()}
    return known.get(code, UnknownValidationError)(message, reason=reason)
