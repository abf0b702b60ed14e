"""How well the words of a claim fit the name of one student."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import NamedTuple

from common_core.enums import MatchReasonCode
from nlp_service.domain.matching.furniture import ADDRESSED, FURNITURE, PARTICLES, PROSE
from nlp_service.domain.matching.roster_index import Likeness, Part, RosterIndex


class Kind(Enum):
    """What of a name was found."""

    WHOLE = auto()
    FIRST_AND_INITIAL = auto()
    INITIAL_AND_LAST = auto()
    ACCOUNT = auto()
    FIRST = auto()
    LAST = auto()
    INITIALS = auto()


@dataclass(frozen=True, slots=True)
class Fit:
    """What was found, how near it comes (0 to 1), and how many strange words stand around and within it."""

    kind: Kind
    closeness: float
    around: int = 0
    within: int = 0
    differs: frozenset[MatchReasonCode] = frozenset()


class Found(NamedTuple):
    """A likeness, and which word of the claim it is."""

    place: int
    likeness: Likeness


_LEAST_FOR_HALF_A_NAME = 0.84
_LEFT_OUT = 0.02  # for each word of a double name that is missing


def fits(claim_words: Sequence[str], index: RosterIndex, *, initials: bool = False) -> dict[int, Fit]:
    """The fit of each student of whom there is something in these words; `initials`, if nothing else, will do."""
    found: dict[int, list[Found]] = {}
    for place, word in enumerate(claim_words):
        for likeness in index.alike(word):
            found.setdefault(likeness.entry.student, []).append(Found(place, likeness))
    claimed = {student: _fit(claim_words, hits, student, index) for student, hits in found.items()}
    known = {student: fit for student, fit in claimed.items() if fit is not None}
    return known or (_initials(claim_words, index) if initials else {})


def _fit(claim_words: Sequence[str], hits: list[Found], student: int, index: RosterIndex) -> Fit | None:
    first, last = _of(Part.FIRST, hits), _of(Part.LAST, hits)
    pair = _pair(first, last)
    whole = max(_of(Part.WHOLE, hits), key=_nearness, default=None)
    if whole and (pair is None or whole.likeness.closeness > min(_nearness(pair[0]), _nearness(pair[1]))):
        return _alone(Kind.WHOLE, whole, claim_words, hits)
    if pair:
        return _both(pair, claim_words, hits, student, index)
    if first and not index.last[student]:
        return _only_name(first, claim_words, hits)
    if joined := max(_of(Part.INITIAL_AND_LAST, hits), key=_nearness, default=None):
        return _alone(Kind.INITIAL_AND_LAST, joined, claim_words, hits)
    if accounts := _of(Part.ACCOUNT, hits):
        return _alone(Kind.ACCOUNT, accounts[0], claim_words, hits)
    if first:
        return _partly(first, Kind.FIRST_AND_INITIAL, Kind.FIRST, index.last[student], claim_words, hits)
    if last:
        return _partly(last, Kind.INITIAL_AND_LAST, Kind.LAST, index.first[student], claim_words, hits)
    return None


def _of(part: Part, hits: list[Found]) -> list[Found]:
    return [found for found in hits if found.likeness.entry.part is part]


def _nearness(found: Found) -> float:
    return found.likeness.closeness


def _pair(first: list[Found], last: list[Found]) -> tuple[Found, Found] | None:
    """The nearest first and last name that are two words; of equals, those that stand closest together."""
    pairs = [(one, other) for one in first for other in last if one.place != other.place]
    return max(
        pairs,
        key=lambda pair: (_nearness(pair[0]) + _nearness(pair[1]), -abs(pair[0].place - pair[1].place)),
        default=None,
    )


def _both(
    pair: tuple[Found, Found], claim_words: Sequence[str], hits: list[Found], student: int, index: RosterIndex
) -> Fit:
    first, last = pair
    start, end = sorted((first.place, last.place))
    strange = _strange(claim_words, hits)
    missing = len(index.first[student]) + len(index.last[student]) - _parts_found(hits)
    differs = _differs(pair)
    return Fit(
        Kind.WHOLE,
        (_nearness(first) + _nearness(last)) / 2 - _LEFT_OUT * max(0, missing),
        around=sum(not start < place < end for place in strange),
        within=sum(start < place < end for place in strange),
        differs=differs | {MatchReasonCode.PART_OF_NAME} if missing > 0 else differs,
    )


def _parts_found(hits: list[Found]) -> int:
    parts = {
        (found.likeness.entry.part, found.likeness.entry.place)
        for found in hits
        if found.likeness.entry.part in (Part.FIRST, Part.LAST)
    }
    return len(parts)


def _only_name(first: list[Found], claim_words: Sequence[str], hits: list[Found]) -> Fit:
    """Of somebody with one name it is the whole, unless something that may be a last name stands beside it."""
    fit = _alone(Kind.WHOLE, max(first, key=_nearness), claim_words, hits)
    return replace(fit, kind=Kind.FIRST) if fit.around else fit


def _alone(kind: Kind, found: Found, claim_words: Sequence[str], hits: list[Found]) -> Fit:
    return Fit(kind, _nearness(found), around=len(_strange(claim_words, hits)), differs=_differs((found,)))


def _partly(
    found: list[Found],
    with_initial: Kind,
    without: Kind,
    missing: tuple[str, ...],
    claim_words: Sequence[str],
    hits: list[Found],
) -> Fit | None:
    """One of the two names: with the other's first letter beside it, or else nothing of the other."""
    best = max(found, key=_nearness)
    if _nearness(best) < _LEAST_FOR_HALF_A_NAME:
        return None
    strange = _strange(claim_words, hits)
    initials = {name[0] for name in missing if name}
    if initials.intersection(claim_words[max(0, best.place - 2) : best.place + 3]):
        return Fit(with_initial, _nearness(best), around=len(strange), differs=_differs((best,)))
    if claim_words[best.place] in FURNITURE:
        return None
    return Fit(without, _nearness(best), around=len(strange), differs=_differs((best,)))


def _strange(claim_words: Sequence[str], hits: list[Found]) -> list[int]:
    """The places of words that are neither this student's nor such as stand around names."""
    own = {found.place for found in hits}
    return [place for place, word in enumerate(claim_words) if place not in own and not _says_nothing(word)]


def _says_nothing(word: str) -> bool:
    return len(word) == 1 or word in FURNITURE or word in PARTICLES or any(map(str.isdigit, word))


def _differs(found: Sequence[Found]) -> frozenset[MatchReasonCode]:
    return frozenset(each.likeness.differs for each in found if each.likeness.differs)


def _initials(claim_words: Sequence[str], index: RosterIndex) -> dict[int, Fit]:
    """Nothing but two or three letters: whose initials they are."""
    telling = [word for word in claim_words if word not in FURNITURE | PROSE | ADDRESSED]
    letters = "".join(telling)
    if not 2 <= len(letters) <= 3 or (len(telling) > 1 and len(letters) != len(telling)):
        return {}
    return {
        number: Fit(Kind.INITIALS, 1.0, differs=frozenset({MatchReasonCode.INITIALS_ONLY}))
        for number in range(len(index.students))
        if _initials_of(index, number) == letters
    }


def _initials_of(index: RosterIndex, number: int) -> str:
    return "".join(name[0] for name in (*index.first[number], *index.last[number]))
