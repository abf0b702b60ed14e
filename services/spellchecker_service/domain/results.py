"""What checking a text tells: the corrected text and every correction with its place in the original."""

from typing import Literal

from msgspec import Struct

from common_core.enums import Language

CorrectionKind = Literal["spelling", "learner"]


class Correction(Struct, frozen=True):
    """One word replaced. `offset` and `length` count code points of the original text."""

    offset: int
    length: int
    original: str
    replacement: str
    alternatives: tuple[str, ...]
    kind: CorrectionKind


class SpellingResult(Struct, frozen=True):
    """The outcome for one text.

    `detected_language` is None when the text is too short or mixed to tell; when it is another language than the one
    asked for, the text is returned as it came.
    """

    corrected_text: str
    corrections: tuple[Correction, ...]
    word_count: int
    detected_language: Language | None

    @property
    def total_corrections(self) -> int:
        """Words replaced, of either kind."""
        return len(self.corrections)

    @property
    def l2_dictionary_corrections(self) -> int:
        """Words replaced by the table of second-language learners' errors."""
        return sum(correction.kind == "learner" for correction in self.corrections)

    @property
    def spellchecker_corrections(self) -> int:
        """Words replaced because the dictionary does not know them."""
        return self.total_corrections - self.l2_dictionary_corrections

    @property
    def correction_density(self) -> float:
        """Corrections per 100 words; 0.0 for a text without words."""
        return 100 * self.total_corrections / self.word_count if self.word_count else 0.0


def apply_corrections(text: str, corrections: tuple[Correction, ...]) -> str:
    """Replace each correction's span, and nothing else. The corrections are in order and do not overlap."""
    pieces: list[str] = []
    position = 0
    for correction in corrections:
        pieces += text[position : correction.offset], correction.replacement
        position = correction.offset + correction.length
    return "".join([*pieces, text[position:]])
