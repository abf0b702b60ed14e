"""What the beginning and the end of an essay's text claim about its author; what stands in between claims nothing."""

from collections.abc import Iterator

from common_core.enums import MatchReasonCode
from nlp_service.domain.matching.claims import Claim
from nlp_service.domain.matching.lines import ADDRESS, Label, Piece, byline, is_prose, may_name, pieces
from nlp_service.domain.matching.names import words

FIRST_LINES = 10
LAST_LINES = 3
"""How many lines with anything on them count as beginning and end."""

_LONGEST_LINE = 1000  # characters, by which a line has long shown that it is prose
_LAST_LABEL = 5  # how many lines of a pasted task, say, may stand before a label that is still believed
_DIGITS_OF_A_DATE = 4
_SIGNED = ("/", "//", "~", "-", "–", "—")
_LONGEST_SIGNATURE = 60


def beginning_and_end(text: str) -> str:
    """All of a text that can claim anything, so that nobody has to carry the rest."""
    lines = [line.strip()[:_LONGEST_LINE] for line in text.splitlines() if line.strip()]
    return "\n".join(lines[:FIRST_LINES] + lines[FIRST_LINES:][-LAST_LINES:])


def text_claims(text: str) -> Iterator[Claim]:
    """The claims of a text's first and last lines."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    first_prose = next((place for place, line in enumerate(lines[:FIRST_LINES]) if is_prose(line)), FIRST_LINES)
    header = lines[:first_prose] + [line for line in lines[first_prose:_LAST_LABEL] if _begins_with_label(line)]
    yield from _header_claims(header)
    yield from _signatures(lines[first_prose + 1 :][-LAST_LINES:])


def _header_claims(lines: list[str]) -> Iterator[Claim]:
    waiting, halves = Label.NONE, dict[Label, str]()
    for number, line in enumerate(lines):
        for piece in pieces(line):
            if waiting is not Label.NONE and piece.label is Label.NONE:
                piece = Piece(waiting, piece.text)
            waiting = piece.label if not piece.text else Label.NONE
            if piece.label in (Label.FIRST, Label.LAST):
                halves[piece.label] = piece.text
            else:
                yield from _piece_claims(piece, _source(number, line), line)
    if len(halves) == 2:
        whole = f"{halves[Label.FIRST]} {halves[Label.LAST]}"
        yield Claim(MatchReasonCode.LABELLED_NAME, whole, words(whole))


def _begins_with_label(line: str) -> bool:
    return next(pieces(line), Piece(Label.NONE, "")).label in (Label.MINE, Label.FIRST, Label.LAST)


def _source(number: int, line: str) -> MatchReasonCode:
    """Exam platforms begin their exports with who wrote the exam, and when."""
    dated = sum(map(str.isdigit, line)) >= _DIGITS_OF_A_DATE
    return MatchReasonCode.EXAM_PLATFORM_LINE if number == 0 and dated else MatchReasonCode.HEADER_LINE


def _piece_claims(piece: Piece, source: MatchReasonCode, line: str) -> Iterator[Claim]:
    if piece.label is Label.OTHERS:
        return
    yield from _addresses(piece.text)
    piece = byline(piece)
    if piece.label is Label.MINE:
        source = MatchReasonCode.LABELLED_NAME
    if found := may_name(piece):
        yield Claim(source, line, found)


def _addresses(text: str) -> Iterator[Claim]:
    for address in ADDRESS.findall(text):
        yield Claim(MatchReasonCode.EMAIL_ADDRESS, address, words(address.partition("@")[0]), address.lower())


def _signatures(lines: list[str]) -> Iterator[Claim]:
    """Short ones that are no sentence, as letters are signed and footers name the author."""
    for line in lines:
        if len(line) > _LONGEST_SIGNATURE or is_prose(line):
            continue
        for piece in pieces(line.lstrip("".join(_SIGNED))):
            yield from _piece_claims(piece, MatchReasonCode.SIGNATURE, line)
