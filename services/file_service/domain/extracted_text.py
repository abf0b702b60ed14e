"""The text of one file, brought into the one form that every later phase reads."""

import re
import unicodedata
from enum import StrEnum

from msgspec import Struct

MOST_FIRST_LINES = 10
MOST_CHARACTERS_OF_A_LINE = 200

_LINE_ENDS = re.compile(r"\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
# Control characters, soft hyphens, zero-width spaces, marks of direction, lone surrogates, noncharacters: none of them
# can be seen, and each of them splits or hides a word.
_UNSEEN = re.compile(
    r"[\x00-\x08\x0e-\x1f\x7f-\x9f\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069"
    r"\ufeff\ufdd0-\ufdef\ufffe\uffff\ud800-\udfff]"
)
_MORE_THAN_TWO_BLANK_LINES = re.compile(r"\n{4,}")


class FileFormat(StrEnum):
    """The formats whose text can be read."""

    TXT = "txt"
    DOCX = "docx"
    ODT = "odt"
    PDF = "pdf"
    RTF = "rtf"


class ExtractedText(Struct, frozen=True):
    """An essay's text, with what its file says about who wrote it.

    `author` and `title` are what the document's properties claim, often the name of the computer's owner.
    `first_lines` are its first lines with anything on them: where pupils write their names.
    """

    text: str
    format: FileFormat
    author: str | None
    title: str | None
    first_lines: tuple[str, ...]


def extracted(text: str, kind: FileFormat, author: str | None = None, title: str | None = None) -> ExtractedText:
    """The text as read from a file, in its normal form."""
    text = normalised(text)
    return ExtractedText(text, kind, _property(author), _property(title), first_lines(text))


def normalised(text: str) -> str:
    """NFC, "\\n" as line end, nothing that cannot be seen, no trailing spaces, at most two blank lines in a row."""
    text = unicodedata.normalize("NFC", _UNSEEN.sub("", _LINE_ENDS.sub("\n", text)))
    text = "\n".join(line.rstrip() for line in text.split("\n"))
    return _MORE_THAN_TWO_BLANK_LINES.sub("\n\n\n", text).strip()


def first_lines(text: str) -> tuple[str, ...]:
    """The first ten lines that are not blank, each cut at 200 characters."""
    lines = (line.strip()[:MOST_CHARACTERS_OF_A_LINE] for line in text.splitlines())
    return tuple(line for line in lines if line)[:MOST_FIRST_LINES]


def _property(value: str | None) -> str | None:
    """A document's property on one line; a blank one is none."""
    return " ".join(normalised(value or "").split())[:MOST_CHARACTERS_OF_A_LINE] or None
