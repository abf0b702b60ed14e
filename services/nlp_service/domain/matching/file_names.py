"""What the name of a file, or the owner of a document, claims about its author."""

import re

from common_core.enums import MatchReasonCode
from nlp_service.domain.matching.claims import Claim
from nlp_service.domain.matching.names import telling_words, unaddressed, uncamelled, words

_SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,5}$")
_GENITIVE = re.compile(r"['’]s\b")
_NUMBERS = re.compile(r"%20|\d+")
_MOST_WORDS = 16
_NOBODY = frozenset({"admin", "administrator", "author", "elev", "microsoft", "office", "student", "user", "windows"})


def file_name_claim(file_name: str) -> Claim | None:
    """The words of a file's name, without those after one that says to or about whom the essay is."""
    bare = _NUMBERS.sub(" ", _SUFFIX.sub("", _GENITIVE.sub(" ", file_name)))
    found = unaddressed(telling_words(uncamelled(bare)))
    return Claim(MatchReasonCode.FILE_NAME, file_name, found[:_MOST_WORDS]) if found else None


def document_author_claim(author: str) -> Claim | None:
    """The words of the name under which a document was begun: often the author's, sometimes a parent's or teacher's."""
    found = words(_NUMBERS.sub(" ", author))
    if not found or _NOBODY.issuperset(found):
        return None
    return Claim(MatchReasonCode.DOCUMENT_AUTHOR, author, found[:_MOST_WORDS])
