"""How much each kind of evidence is worth, and from when on it is enough: data, set by `bench matching`."""

from collections.abc import Mapping
from dataclasses import dataclass

from common_core.enums import MatchReasonCode as Source
from nlp_service.domain.matching.fitting import Kind


@dataclass(frozen=True, slots=True)
class Policy:
    """Confidences, from 0 to 1, at which matching decides; `most_suggestions` is for one essay.

    `auto_accept`: sure enough to be accepted unseen. `suggest`: worth showing. `dissent`: somebody else's name in
    another place is a contradiction. `objection`: the same where only a weak place is contradicted. `margin`: how far
    the next student must be behind. `contested`: the most that is left of a contested suggestion: less than what the
    time limit for confirmation accepts.
    """

    auto_accept: float = 0.85
    suggest: float = 0.3
    dissent: float = 0.7
    objection: float = 0.4
    margin: float = 0.08
    contested: float = 0.6
    most_suggestions: int = 3


USUAL = Policy()


WHOLE_ADDRESS = 0.99
"""An e-mail address that is a student's, letter for letter."""

AGREEMENT = 0.02
"""For each further place that says the same."""

WORTH_OF_SOURCE: Mapping[Source, float] = {
    Source.LABELLED_NAME: 1.0,
    Source.EXAM_PLATFORM_LINE: 0.98,
    Source.HEADER_LINE: 0.97,
    Source.FILE_NAME: 0.96,
    Source.EMAIL_ADDRESS: 0.94,
    Source.DOCUMENT_AUTHOR: 0.78,
    Source.SIGNATURE: 0.68,
}
WEAK_SOURCES = frozenset({Source.DOCUMENT_AUTHOR, Source.SIGNATURE})
"""A computer may be a brother's, and a letter signed by whom it pretends to be from: these contradict nobody."""

WHERE_INITIALS_DO = frozenset({Source.LABELLED_NAME, Source.FILE_NAME})
"""Elsewhere two letters are a word, or a class."""

WORTH_OF_KIND: Mapping[Kind, float] = {
    Kind.WHOLE: 1.0,
    Kind.FIRST_AND_INITIAL: 0.84,
    Kind.INITIAL_AND_LAST: 0.82,
    Kind.ACCOUNT: 0.7,
    Kind.FIRST: 0.65,
    Kind.LAST: 0.5,
    Kind.INITIALS: 0.4,
}
STRANGE_WORD_AROUND: Mapping[Source, float] = {
    Source.LABELLED_NAME: 0.06,
    Source.EXAM_PLATFORM_LINE: 0.12,
    Source.HEADER_LINE: 0.15,
    Source.FILE_NAME: 0.01,
    Source.EMAIL_ADDRESS: 0.08,
    Source.DOCUMENT_AUTHOR: 0.1,
    Source.SIGNATURE: 0.2,
}
"""What is taken off for each word beside a whole name that is not part of it."""

STRANGE_WORD_WITHIN = 0.03
"""The same for a word between first and last name, which a middle name may be."""

HALF_A_NAME_AMONG_OTHERS, HALF_A_NAME_WITH_A_LABEL = 0.5, 0.62
"""What is left of half a name beside strange words: they may be the other half of somebody else's."""
