"""Which column of a list holds what: by its headings, in Swedish or English, or else by what stands in it."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from enum import StrEnum

import msgspec

from class_management_service.domain.tables import Row


class RosterField(StrEnum):
    """What a column can hold that is of use here."""

    FIRST_NAME = "first_name"
    LAST_NAME = "last_name"
    FULL_NAME = "full_name"
    LEGAL_NAME = "legal_full_name"
    EMAIL = "email"


# As they are once capitals, accents, spaces and signs are gone. A guardian's address is nobody's in this list.
_HEADINGS = {
    RosterField.FIRST_NAME: "fornamn firstname first givenname forename tilltalsnamn elevensfornamn elevfornamn",
    RosterField.LAST_NAME: "efternamn lastname last surname familyname elevensefternamn elevefternamn",
    RosterField.FULL_NAME: (
        "namn name elev elever elevnamn elevensnamn student students studentname studentnamn studentensnamn fullname"
        " fullstandigtnamn pupil deltagare deltagarnamn displayname visningsnamn efternamnfornamn fornamnefternamn"
        " lastnamefirstname firstnamelastname efternamnochfornamn fornamnochefternamn foroefternamn forochefternamn"
    ),
    RosterField.LEGAL_NAME: "legalname fulllegalname legalfullname folkbokforingsnamn juridisktnamn",
    RosterField.EMAIL: (
        "epost epostadress epostelev elevepost elevensepost email emailaddress emailadress mail mailadress mejl"
        " mejladress skolepost skolmail skolmejl studentemail schoolemail studentepost epostskola"
    ),
}
_FIELDS = {heading: field for field, headings in _HEADINGS.items() for heading in headings.split()}
_SEARCHED_ROWS = 20  # above the headings there may be a title, a school, a date
_MOST_WORDS_OF_A_NAME = 7
_LONGEST_NAME = 80


class Columns(msgspec.Struct, frozen=True, kw_only=True):
    """Where each field stands, what its heading was, and the number of the row of headings (0: there is none)."""

    places: dict[RosterField, int]
    headings: dict[RosterField, str] = {}
    ignored: tuple[str, ...] = ()
    heading_row: int = 0


def columns_of(rows: Sequence[Row]) -> Columns | str:
    """What the columns hold, or why nobody can tell."""
    first = [row for row in rows if not row.is_blank][:_SEARCHED_ROWS]
    headed = [columns for row in first if (columns := _by_headings(row))]
    if headed:
        best = max(headed, key=lambda columns: len(columns.places))
        return best if best.places else "there are headings, but none of a column with first names or full names"
    return _by_content([row for row in rows if not row.is_blank])


def _by_headings(row: Row) -> Columns | None:
    found: dict[RosterField, int] = {}
    ignored = []
    for place, cell in enumerate(row.cells):
        field = _FIELDS.get(_bare(cell.text))
        if field is not None and field not in found:
            found[field] = place
        elif cell.text:
            ignored.append(cell.text)
    places = _sensible(found)
    headings = {field: row.cells[place].text for field, place in places.items()}
    dropped = [row.cells[place].text for place in found.values() if place not in places.values()]
    if not found:
        return None
    return Columns(places=places, headings=headings, ignored=(*ignored, *dropped), heading_row=row.number)


def _sensible(found: dict[RosterField, int]) -> dict[RosterField, int]:
    """Names in two columns or in one; beside last names a column that only says "name" holds first names."""
    others = {field: found[field] for field in (RosterField.LEGAL_NAME, RosterField.EMAIL) if field in found}
    first, last, full = (found.get(f) for f in (RosterField.FIRST_NAME, RosterField.LAST_NAME, RosterField.FULL_NAME))
    if last is not None and (first is not None or full is not None):
        place = full if first is None else first
        assert place is not None
        return {RosterField.FIRST_NAME: place, RosterField.LAST_NAME: last} | others
    if full is not None:
        return {RosterField.FULL_NAME: full} | others
    return {RosterField.FIRST_NAME: first} | others if first is not None else {}


def _by_content(rows: Sequence[Row]) -> Columns | str:
    """A list without headings can be read if it has one column of names, and perhaps one of addresses."""
    held = dict(_held(rows))
    addresses = [place for place, texts in held.items() if all("@" in text for text in texts)]
    names = [place for place in held if place not in addresses]
    if len(names) != 1 or len(addresses) > 1:
        return f"there are {len(held)} columns without headings"
    if not all(map(_may_be_a_name, held[names[0]])):
        return "what stands in the only column does not look like names"
    return Columns(places={RosterField.FULL_NAME: names[0], **dict(zip([RosterField.EMAIL], addresses, strict=False))})


def _held(rows: Sequence[Row]) -> Iterator[tuple[int, list[str]]]:
    """Each column in which anything stands, with that."""
    for place in range(max((len(row.cells) for row in rows), default=0)):
        if texts := [text for row in rows if (text := row.at(place).text)]:
            yield place, texts


def _may_be_a_name(text: str) -> bool:
    short = len(text) <= _LONGEST_NAME and len(text.split()) <= _MOST_WORDS_OF_A_NAME
    return short and not re.search(r"[0-9!?:;{}<>@\[\]=]|,\S", text)  # "Ek, Bo" is a name, "Bo,Ek" two columns


def _bare(heading: str) -> str:
    plain = unicodedata.normalize("NFKD", heading.casefold())
    return "".join(letter for letter in plain if letter.isalpha() and letter.isascii())
