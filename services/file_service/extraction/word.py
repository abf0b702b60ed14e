"""Text of a Word document (.docx): headers, body with tables, notes and text boxes, footers; not what was deleted."""

import re

from file_service.domain.extracted_text import ExtractedText, FileFormat, extracted
from file_service.extraction.archive import Archive
from file_service.extraction.prose import LINE, TAB, Properties, Prose, Vocabulary, assembled, parse

MAIN_PART = re.compile(r"word/document\d*\.xml")
_HEADERS = re.compile(r"word/header\d*\.xml")
_FOOTERS = re.compile(r"word/footer\d*\.xml")
_NOTES = re.compile(r"word/(?:foot|end)notes\d*\.xml")
_PROPERTIES = re.compile(r"docProps/core\d*\.xml")

_WORD = Vocabulary(
    letters=frozenset({"t"}),
    paragraphs=frozenset({"p"}),
    cell="tc",
    row="tr",
    marks={"tab": TAB, "ptab": TAB, "br": LINE, "cr": LINE, "noBreakHyphen": "-"},
    # pPr defines tab stops by elements named like tabs; Fallback repeats a text box; moveFrom is where a text was.
    skipped=frozenset({"pPr", "Fallback", "moveFrom", "del"}),
    streams={"txbxContent": "aside"},
    blanks=re.compile(r"[\t\r\n]"),
)


def read_word(raw: bytes) -> ExtractedText:
    """The document's text, author (its creator) and title."""
    archive = Archive(raw)
    body, asides = _read(archive, MAIN_PART)
    text = assembled(
        header="".join(_read(archive, _HEADERS)),
        body=body,
        asides=asides + "".join(_read(archive, _NOTES)),
        footer="".join(_read(archive, _FOOTERS)),
    )
    properties = Properties()
    for name in archive.named(_PROPERTIES):
        parse(archive.chunks(name), properties)
    return extracted(text, FileFormat.DOCX, properties.get("creator"), properties.get("title"))


def _read(archive: Archive, parts: re.Pattern[str]) -> tuple[str, str]:
    """The text and the text boxes of these parts."""
    prose = Prose(_WORD)
    for name in archive.named(parts):
        parse(archive.chunks(name), prose)
    return prose.text(), prose.text("aside")
