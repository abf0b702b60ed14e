"""Names of uploaded files: kept as they were written, never trusted."""

import re
import unicodedata

MOST_CHARACTERS = 255
NAMELESS = "unnamed"

_MOST_OF_A_SUFFIX = 20
_PATH = re.compile(r".*[/\\]", re.DOTALL)
# What the systems of teachers leave beside documents, such as locks of open ones.
_KEPT_BY_THE_COMPUTER = re.compile(r"\..*|~\$.*|thumbs\.db|desktop\.ini", re.IGNORECASE | re.DOTALL)


def file_name(given: str) -> str:
    """The name alone: without a path, without characters that cannot be seen, in NFC, at most 255 characters long."""
    seen = "".join(each for each in _PATH.sub("", given) if unicodedata.category(each) not in {"Cc", "Cf", "Cs"})
    return _shortened(unicodedata.normalize("NFC", seen).strip()) or NAMELESS


def is_kept_by_the_computer(name: str) -> bool:
    """True for files that no teacher meant to hand in: hidden ones, Word's lock files, previews of folders."""
    return _KEPT_BY_THE_COMPUTER.fullmatch(name) is not None


def _shortened(name: str) -> str:
    """Cut in the middle: the end tells the format."""
    if len(name) <= MOST_CHARACTERS:
        return name
    _, dot, suffix = name.rpartition(".")
    end = dot + suffix if len(suffix) <= _MOST_OF_A_SUFFIX else ""
    return name[: MOST_CHARACTERS - len(end)] + end
