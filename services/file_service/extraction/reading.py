"""One file's bytes to its text, whatever its format; run it where a crash or a bomb does no harm."""

from collections.abc import Callable
from types import MappingProxyType

from file_service.domain.extracted_text import ExtractedText, FileFormat
from file_service.domain.failures import EmptyContent, FileRefused, TextExtractionFailed
from file_service.extraction.open_document import read_open_document
from file_service.extraction.pdf import read_pdf
from file_service.extraction.plain_text import read_plain_text
from file_service.extraction.rtf import read_rtf
from file_service.extraction.sniffing import sniff
from file_service.extraction.word import read_word

READERS: MappingProxyType[FileFormat, Callable[[bytes], ExtractedText]] = MappingProxyType(
    {
        FileFormat.TXT: read_plain_text,
        FileFormat.DOCX: read_word,
        FileFormat.ODT: read_open_document,
        FileFormat.PDF: read_pdf,
        FileFormat.RTF: read_rtf,
    }
)


def read_text(raw: bytes) -> ExtractedText:
    """The text of the file, never blank. Raises a FileRefused; a MemoryError is left to the process's end."""
    try:
        essay = READERS[sniff(raw)](raw)
    except (FileRefused, MemoryError):
        raise
    except Exception as damage:
        # Each parser has its own ways to say that a file is broken; for the teacher they are one.
        raise TextExtractionFailed(reason=type(damage).__name__) from damage
    if not essay.text:
        raise EmptyContent
    return essay
