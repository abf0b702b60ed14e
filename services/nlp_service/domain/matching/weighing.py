"""What all claims about one essay together say for each student."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from common_core.enums import MatchReasonCode
from nlp_service.domain.matching import policy
from nlp_service.domain.matching.claims import Claim
from nlp_service.domain.matching.fitting import Fit, Kind, fits
from nlp_service.domain.matching.roster_index import RosterIndex

_HALVES = frozenset({Kind.FIRST, Kind.LAST, Kind.INITIALS})
_SURE = 0.995
_EXACT = 0.999


@dataclass(frozen=True, slots=True)
class Sighting:
    """A student's name, or something like it, in one claim."""

    claim: Claim
    fit: Fit
    weight: float

    @property
    def is_exact(self) -> bool:
        """Whether the whole name stands there, as the roster spells it."""
        return self.fit.kind is Kind.WHOLE and self.fit.closeness >= _EXACT


@dataclass(frozen=True, slots=True)
class Candidate:
    """A student for an essay: how likely, and where the name was seen, the weightiest first."""

    student: int
    confidence: float
    sightings: tuple[Sighting, ...]

    @property
    def strongest(self) -> Sighting:
        """What speaks most for this student."""
        return self.sightings[0]


def candidates(claims: Iterable[Claim], index: RosterIndex) -> dict[int, Candidate]:
    """Everybody of the class for whom something speaks."""
    seen: dict[int, list[Sighting]] = {}
    for claim in claims:
        for student, sighting in _sightings(claim, index).items():
            seen.setdefault(student, []).append(sighting)
    return {student: _candidate(student, sightings) for student, sightings in seen.items()}


def _sightings(claim: Claim, index: RosterIndex) -> Mapping[int, Sighting]:
    if claim.address is not None and (owner := index.by_address.get(claim.address)) is not None:
        return {owner: Sighting(claim, Fit(Kind.WHOLE, 1.0), policy.WHOLE_ADDRESS)}
    found = fits(claim.words, index, initials=claim.source in policy.WHERE_INITIALS_DO)
    return {student: Sighting(claim, fit, _weight(claim, fit)) for student, fit in found.items()}


def _weight(claim: Claim, fit: Fit) -> float:
    worth = policy.WORTH_OF_SOURCE[claim.source] * policy.WORTH_OF_KIND[fit.kind] * fit.closeness
    if fit.kind in _HALVES:
        return worth * (_left_of_half(claim) if fit.around else 1)
    taken_off = fit.around * policy.STRANGE_WORD_AROUND[claim.source] + fit.within * policy.STRANGE_WORD_WITHIN
    return max(0.0, worth - taken_off)


def _left_of_half(claim: Claim) -> float:
    labelled = claim.source is MatchReasonCode.LABELLED_NAME
    return policy.HALF_A_NAME_WITH_A_LABEL if labelled else policy.HALF_A_NAME_AMONG_OTHERS


def _candidate(student: int, sightings: list[Sighting]) -> Candidate:
    """The weightiest sighting counts; other places that agree add a little, but not to half a name."""
    ordered = sorted(sightings, key=lambda sighting: (-sighting.weight, sighting.claim.source, sighting.claim.quote))
    strongest = ordered[0]
    agreeing = {
        sighting.claim.source
        for sighting in ordered
        if sighting.fit.kind not in _HALVES and sighting.weight >= strongest.weight / 2
    } - {strongest.claim.source}
    bonus = policy.AGREEMENT * len(agreeing) if strongest.fit.kind not in _HALVES else 0.0
    return Candidate(student, min(_SURE, strongest.weight + bonus), tuple(ordered))
