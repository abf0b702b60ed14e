"""Why a student is suggested, in words that a teacher understands."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from common_core.enums import MatchReasonCode as Code
from nlp_service.domain.matching.fitting import Kind
from nlp_service.domain.matching.names import Student
from nlp_service.domain.matching.weighing import Candidate, Sighting

_LONGEST_QUOTE = 80
_MOST_PLACES = 3

_PLACES = {
    Code.EMAIL_ADDRESS: "The text gives the e-mail address '{quote}'.",
    Code.LABELLED_NAME: "The text names its author: '{quote}'.",
    Code.EXAM_PLATFORM_LINE: "The exam's first line is '{quote}'.",
    Code.HEADER_LINE: "A line at the top says '{quote}'.",
    Code.SIGNATURE: "The text ends with '{quote}'.",
    Code.FILE_NAME: "The file is called '{quote}'.",
    Code.DOCUMENT_AUTHOR: "The document was begun by '{quote}'.",
}
_KINDS = {
    Kind.FIRST: (Code.FIRST_NAME_ONLY, "Only the first name is given."),
    Kind.LAST: (Code.PART_OF_NAME, "Only the last name is given."),
    Kind.FIRST_AND_INITIAL: (Code.PART_OF_NAME, "Of the last name only the first letter is given."),
    Kind.INITIAL_AND_LAST: (Code.PART_OF_NAME, "Of the first name only the first letter is given."),
    Kind.ACCOUNT: (Code.PART_OF_NAME, "It looks like the name of this student's account."),
    Kind.INITIALS: (Code.INITIALS_ONLY, "Only initials are given."),
}
_DIFFERENCES = {
    Code.SPELT_DIFFERENTLY: "{name} is spelt differently there.",
    Code.NICKNAME: "A short form or other form of {name} is used there.",
    Code.PART_OF_NAME: "Not all of {name} stands there.",
}


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason: a code for machines, a sentence for people."""

    code: Code
    sentence: str


def reasons_for(candidate: Candidate, student: Student) -> list[Reason]:
    """Where the name was seen, and in which way it was not the whole name."""
    return [*_places(candidate.sightings), *_shortcomings(candidate.strongest, student)]


def other_student(others: Iterable[Student]) -> Reason:
    """Somebody else fits as well."""
    return Reason(Code.OTHER_STUDENT_FITS, f"{_listed([other.name for other in others])} may have written it as well.")


def disagreement(sighting: Sighting, other: Student) -> Reason:
    """Another place names somebody else."""
    place = _PLACES[sighting.claim.source].format(quote=_quoted(sighting.claim.quote)).rstrip(".")
    return Reason(Code.EVIDENCE_DISAGREES, f"{place}, which speaks for {other.name}.")


def other_essay(student: Student, files: Iterable[str]) -> Reason:
    """Other essays of the batch seem to be the same student's."""
    return Reason(Code.OTHER_ESSAY_FITS, f"{_listed(list(files))} may be by {student.name}, too.")


def _places(sightings: Iterable[Sighting]) -> Iterator[Reason]:
    told: set[Code] = set()
    for sighting in sightings:
        if sighting.claim.source not in told and len(told) < _MOST_PLACES:
            told.add(sighting.claim.source)
            sentence = _PLACES[sighting.claim.source].format(quote=_quoted(sighting.claim.quote))
            yield Reason(sighting.claim.source, sentence)


def _shortcomings(sighting: Sighting, student: Student) -> Iterator[Reason]:
    if sighting.fit.kind in _KINDS:
        yield Reason(*_KINDS[sighting.fit.kind])
    for code in sorted(sighting.fit.differs & _DIFFERENCES.keys()):
        yield Reason(code, _DIFFERENCES[code].format(name=student.name))


def _quoted(quote: str) -> str:
    return quote if len(quote) <= _LONGEST_QUOTE else f"{quote[: _LONGEST_QUOTE - 1]}…"


def _listed(names: list[str]) -> str:
    names = names[:_MOST_PLACES]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
