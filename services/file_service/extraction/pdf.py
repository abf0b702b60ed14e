"""Text of a PDF, page by page, without what stands above and below the text of every page."""

import re
from collections.abc import Iterator
from itertools import chain, islice, takewhile

import pypdfium2 as pdfium  # type: ignore[import-untyped]  # the package ships no types

from file_service.domain.extracted_text import ExtractedText, FileFormat, extracted
from file_service.domain.failures import ContentTooLong, EncryptedFile
from file_service.extraction.prose import MOST_CHARACTERS

MOST_PAGES = 200
_MOST_RUNNING_LINES = 3
_HYPHEN_AT_LINE_END = re.compile("[\ufffe\x02](?:\r?\n)?")  # PDFium's mark for a word that goes on in the next line
_DIGITS = re.compile(r"\d+")
_LIGATURES = str.maketrans({"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"})

Page = list[str]


def read_pdf(raw: bytes) -> ExtractedText:
    """The document's text, author and title. Raises EncryptedFile, ContentTooLong, or PDFium's error on damage."""
    document = _opened(raw)
    try:
        if len(document) > MOST_PAGES:
            raise ContentTooLong(f"The document has {len(document):,} pages; at most {MOST_PAGES} can be read.")
        pages = [lines(page) for page in _texts(document)]
        author, title = (document.get_metadata_value(key) for key in ("Author", "Title"))
    finally:
        document.close()
    text = "\n".join(without_running_lines([page for page in pages if page]))
    return extracted(text, FileFormat.PDF, author, title)


def without_running_lines(pages: list[Page]) -> Page:
    """The lines of all pages; headers stand before the first, footers after the last, page numbers nowhere."""
    above = _shared_lines(pages)
    below = _shared_lines([page[above:][::-1] for page in pages])
    bodies = [page[above : len(page) - below] for page in pages]
    header = pages[0][:above] if pages else []
    footer = pages[-1][len(pages[-1]) - below :] if pages else []
    return [*_worded(header), *chain.from_iterable(bodies), *_worded(footer)]


def _shared_lines(pages: list[Page]) -> int:
    """How many lines (at most three) every page begins with, whatever numbers stand in them."""
    if len(pages) < 2:
        return 0
    shared = takewhile(lambda nth: len({_DIGITS.sub("#", line) for line in nth}) == 1, zip(*pages, strict=False))
    return len(list(islice(shared, _MOST_RUNNING_LINES)))


def _worded(page: Page) -> Page:
    return [line for line in page if any(map(str.isalpha, line))]


def _texts(document: pdfium.PdfDocument) -> Iterator[str]:
    """Page by page, until there is more than any essay holds."""
    length = 0
    for page in document:
        text = page.get_textpage().get_text_range()
        page.close()
        length += len(text)
        if length > MOST_CHARACTERS:
            raise ContentTooLong
        yield text


def lines(page: str) -> Page:
    """The lines of a page's text that are not blank; a word divided between two of them is whole in the first."""
    text = _HYPHEN_AT_LINE_END.sub("", page).translate(_LIGATURES)
    return [line for line in text.splitlines() if line.strip()]


def _opened(raw: bytes) -> pdfium.PdfDocument:
    try:
        return pdfium.PdfDocument(raw)
    except pdfium.PdfiumError as error:
        if error.err_code == pdfium.raw.FPDF_ERR_PASSWORD:
            raise EncryptedFile from error
        raise
