"""Names as people write them: one text, in either order, compared without regard to how it is typed."""

import unicodedata

from class_management_service.domain.school import Person

# Small words that begin a last name; a name such as Anna von Essen has two parts, not three.
_BEGIN_LAST_NAMES = frozenset(
    {"af", "al", "av", "bin", "da", "de", "del", "della", "den", "der", "di", "dos", "du", "el", "ibn", "la", "le"}
    | {"ten", "ter", "van", "vom", "von", "zu", "zur"}
)


def tidy(text: str) -> str:
    """Composed letters, single spaces, none around."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def comparable(text: str) -> str:
    """What is left of a name when capitals, spaces and hyphens do not count; å is not a."""
    return tidy(text).casefold().replace("-", " ").replace("’", "'")


def person_of(full_name: str) -> Person:
    """The parts of "Anna Maria von Essen" or "von Essen, Anna Maria"."""
    whole = tidy(full_name)
    if "," in whole:
        last, _, first = whole.partition(",")
        return Person(tidy(first), tidy(last)) if tidy(first) else Person(tidy(last))
    words = whole.split()
    cut = max(len(words) - 1, 1)
    while cut > 1 and words[cut - 1].casefold() in _BEGIN_LAST_NAMES:
        cut -= 1
    return Person(" ".join(words[:cut]), " ".join(words[cut:]))


_SWEDISH_ORDER = str.maketrans({"å": "{", "ä": "|", "ö": "}"})


def sort_key(person: Person) -> tuple[str, str]:
    """By last name, then first name, with å, ä and ö after z."""
    return _folded(person.last_name), _folded(person.first_name)


def _folded(text: str) -> str:
    return unicodedata.normalize("NFC", text).casefold().translate(_SWEDISH_ORDER)
