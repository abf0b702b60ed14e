"""What a file is, told by its first bytes and never by its name."""

from file_service.domain.extracted_text import FileFormat
from file_service.domain.failures import EncryptedFile, UnsupportedFileType
from file_service.extraction.archive import Archive
from file_service.extraction.word import MAIN_PART

_OLD_OFFICE = bytes.fromhex("D0CF11E0A1B11AE1")
_ENCRYPTED_PACKAGE = "EncryptedPackage".encode("utf-16-le")
_ARCHIVE = (b"PK\x03\x04", b"PK\x05\x06")
_MARKUP = (b"<!doctype", b"<html", b"<?xml")
_BEFORE_THE_START = b"\xef\xbb\xbf\0 \t\r\n"
_OPEN_DOCUMENT_TEXT = b"application/vnd.oasis.opendocument.text"


def sniff(raw: bytes) -> FileFormat:
    """The format of the file; whatever has no mark of its own is taken for plain text.

    Raises EncryptedFile, UnsupportedFileType, or what a damaged archive raises.
    """
    start = raw[:1024].lstrip(_BEFORE_THE_START)
    if start.startswith(_OLD_OFFICE):
        raise _old_office(raw)
    if start.startswith(_ARCHIVE):
        return _kind_of_archive(Archive(raw))
    if start.startswith(b"%PDF-"):
        return FileFormat.PDF
    if start.startswith(b"{\\rtf"):
        return FileFormat.RTF
    if start.lower().startswith(_MARKUP):
        raise UnsupportedFileType("This is a web page. Use .docx, .pdf, .odt, .rtf or .txt.")
    return FileFormat.TXT


def _old_office(raw: bytes) -> EncryptedFile | UnsupportedFileType:
    """Word wraps a .docx with a password in the container of its old .doc."""
    if _ENCRYPTED_PACKAGE in raw:
        return EncryptedFile()
    return UnsupportedFileType(
        "This is a document in the old Word format (.doc). Save it as .docx and upload it again."
    )


def _kind_of_archive(archive: Archive) -> FileFormat:
    if archive.named(MAIN_PART):
        return FileFormat.DOCX
    if "mimetype" in archive.names and archive.read("mimetype").startswith(_OPEN_DOCUMENT_TEXT):
        return FileFormat.ODT
    raise UnsupportedFileType
