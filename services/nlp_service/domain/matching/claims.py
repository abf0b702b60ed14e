"""Places that may name who wrote an essay."""

from dataclasses import dataclass

from common_core.enums import MatchReasonCode


@dataclass(frozen=True, slots=True)
class Claim:
    """Some words at a place where authors are named; `quote` is what a teacher would see there.

    An `address` is a whole e-mail address in lower case, and `words` then are those of its first half.
    """

    source: MatchReasonCode
    quote: str
    words: tuple[str, ...]
    address: str | None = None
