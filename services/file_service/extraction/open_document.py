"""Text of an OpenDocument text (.odt): headers, body with tables, notes and text boxes, footers."""

import re

from file_service.domain.extracted_text import ExtractedText, FileFormat, extracted
from file_service.domain.failures import EncryptedFile
from file_service.extraction.archive import Archive
from file_service.extraction.prose import LINE, SPACE, TAB, Properties, Prose, Vocabulary, assembled, parse

_OPEN_DOCUMENT = Vocabulary(
    letters=frozenset({"p", "h"}),
    paragraphs=frozenset({"p", "h"}),
    cell="table-cell",
    row="table-row",
    marks={"s": SPACE, "tab": TAB, "line-break": LINE},
    # Deleted text, comments, the numbers of notes, and what a picture says in place of itself.
    skipped=frozenset({"tracked-changes", "annotation", "note-citation", "title", "desc"}),
    streams={
        "note": "aside",
        "text-box": "aside",
        "header": "header",
        "header-first": "header",
        "header-left": "header",
        "footer": "footer",
        "footer-first": "footer",
        "footer-left": "footer",
    },
    blanks=re.compile(r"[ \t\r\n]+"),
    repeats="{urn:oasis:names:tc:opendocument:xmlns:text:1.0}c",
)


def read_open_document(raw: bytes) -> ExtractedText:
    """The document's text, author (who began it, or else who changed it last) and title."""
    archive = Archive(raw)
    _refuse_encrypted(archive)
    prose, properties = Prose(_OPEN_DOCUMENT), Properties()
    parse(archive.chunks("content.xml"), prose)
    if "styles.xml" in archive.names:
        parse(archive.chunks("styles.xml"), prose)
    if "meta.xml" in archive.names:
        parse(archive.chunks("meta.xml"), properties)
    text = assembled(prose.text("header"), prose.text(), prose.text("aside"), prose.text("footer"))
    author = properties.get("initial-creator", "creator")
    return extracted(text, FileFormat.ODT, author, properties.get("title"))


def _refuse_encrypted(archive: Archive) -> None:
    """With a password every part but the list of parts is cipher text."""
    manifest = "META-INF/manifest.xml"
    if manifest in archive.names and b"encryption-data" in archive.read(manifest):
        raise EncryptedFile
