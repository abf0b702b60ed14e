"""Plain text in whatever encoding a pupil's computer wrote it: a rule that is right for Swedish and English."""

import codecs
import re
from collections import Counter
from unicodedata import category

from file_service.domain.extracted_text import ExtractedText, FileFormat, extracted
from file_service.domain.failures import ContentTooLong, UnsupportedFileType
from file_service.extraction.prose import MOST_CHARACTERS

# UTF-32 first: its mark begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_EIGHT_BIT = ("cp1252", "iso8859_15", "mac_roman", "cp850")  # Windows, old Linux, old Mac, DOS; the first wins a tie
_WEIGHTS = {
    **dict.fromkeys("åäö", 2),
    **dict.fromkeys("ÅÄÖéü’‘”“–…•€£™", 1),
    **dict.fromkeys("©®¡¿èêëàáâçñíóúïôøæØÆÉÜ—§°·«»´½\xa0", 0),
}
_UNLIKELY = -3
_CAPITAL_BEFORE_WORD = re.compile(r"\b[ÅÄÖ][a-zåäö]")
_CAPITAL_INSIDE_WORD = re.compile("[a-zåäö][À-ÖØ-Ý]")
_SAMPLE = 20_000
_FEW, _MOST_UNREADABLE = 3, 0.01
_UNREADABLE = frozenset({"Cc", "Cn", "Co", "Cs"})
_WHITE_SPACE = frozenset("\t\n\r\x0b\x0c\x1a")  # among them what DOS ends a file with


def read_plain_text(raw: bytes) -> ExtractedText:
    """The text; raises UnsupportedFileType when the bytes are no text in any encoding, and ContentTooLong."""
    text = decoded(raw)
    if _unreadable(text[:_SAMPLE]):
        raise UnsupportedFileType
    if len(text) > MOST_CHARACTERS:
        raise ContentTooLong
    return extracted(text, FileFormat.TXT)


def decoded(raw: bytes) -> str:
    """The bytes as text: by byte order mark, UTF-16 by its zeros, UTF-8, or else the most Swedish 8-bit encoding."""
    for mark, encoding in _MARKS:
        if raw.startswith(mark):
            return raw.decode(encoding, errors="replace")
    if zeros := _utf_16_by_zeros(raw):
        return raw.decode(zeros, errors="replace")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return max((raw.decode(encoding, errors="replace") for encoding in _EIGHT_BIT), key=_plausibility)


def _utf_16_by_zeros(raw: bytes) -> str | None:
    """Western text has a zero in every other byte of UTF-16, and none anywhere else."""
    half_of_the_pairs = len(raw) // 4
    if raw[1::2].count(0) > half_of_the_pairs:
        return "utf-16-le"
    return "utf-16-be" if raw[::2].count(0) > half_of_the_pairs else None


def _plausibility(text: str) -> int:
    """How much the letters outside ASCII look like those that pupils write; a wrong encoding yields others."""
    letters = Counter(letter for letter in text if letter > "\x7f")
    expected = sum(count * _WEIGHTS.get(letter, _UNLIKELY) for letter, count in letters.items())
    well_placed, misplaced = (len(place.findall(text)) for place in (_CAPITAL_BEFORE_WORD, _CAPITAL_INSIDE_WORD))
    return expected + well_placed + _UNLIKELY * misplaced


def _unreadable(text: str) -> bool:
    strange = sum(c not in _WHITE_SPACE and (c == "\ufffd" or category(c) in _UNREADABLE) for c in text)
    return strange > max(_FEW, _MOST_UNREADABLE * len(text))
