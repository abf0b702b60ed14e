"""Text of a Rich Text file (.rtf), its headers first."""

import codecs
import re
from collections.abc import Callable
from itertools import islice

from striprtf.striprtf import rtf_to_text

from file_service.domain.extracted_text import ExtractedText, FileFormat, extracted
from file_service.extraction.prose import assembled

_to_text: Callable[..., str] = rtf_to_text  # its module is marked as typed, and is not
_HEADER = re.compile(r"\{\\header[lrf]?(?![a-z])")
_AUTHOR = re.compile(r"\{\\author(?![a-z])")
_TITLE = re.compile(r"\{\\title(?![a-z])")
_MOST_GROUPS = 20
_BRACE = re.compile(r"\\.|([{}])", re.DOTALL)
_CODE_PAGE = re.compile(rb"\\ansicpg(\d+)")
_CHARACTER_SETS = {b"\\mac": "mac_roman", b"\\pca": "cp850", b"\\pc": "cp437"}


def read_rtf(raw: bytes) -> ExtractedText:
    """The document's text, author and title."""
    code_page = _code_page(raw)
    rtf = raw.decode(code_page, errors="replace")
    header = "\n".join(_text(group, code_page) for group in _groups(rtf, _HEADER))
    author, title = (" ".join(_text(group, code_page) for group in _groups(rtf, kind)) for kind in (_AUTHOR, _TITLE))
    return extracted(assembled(header, _text(rtf, code_page), "", ""), FileFormat.RTF, author, title)


def _text(rtf: str, code_page: str) -> str:
    """Letters outside the basic plane are written as two surrogates each: join them."""
    text = _to_text(rtf, encoding=code_page, errors="replace")
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")


def _code_page(raw: bytes) -> str:
    """What the file's first control words name, or else Windows Western."""
    start = raw[:1024]
    if named := _CODE_PAGE.search(start):
        return _known(f"cp{named[1].decode()}")
    return next((known for word, known in _CHARACTER_SETS.items() if word in start), "cp1252")


def _known(code_page: str) -> str:
    try:
        return codecs.lookup(code_page).name
    except LookupError:
        return "utf-8"


def _groups(rtf: str, opening: re.Pattern[str]) -> list[str]:
    """The first groups that open like this, each by itself."""
    starts = islice(opening.finditer(rtf), _MOST_GROUPS)
    return ["{" + rtf[start.end() : _end(rtf, start.end())] for start in starts]


def _end(rtf: str, inside: int) -> int:
    """Where the group ends that `inside` lies in."""
    depth = 1
    for brace in _BRACE.finditer(rtf, inside):
        depth += {"{": 1, "}": -1}.get(brace[1], 0)
        if depth == 0:
            return brace.end()
    return len(rtf)
