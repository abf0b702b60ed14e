"""From the rows of a list to the students in it, and what is wrong with the others."""

import re
from collections.abc import Iterator, Sequence
from enum import StrEnum

import msgspec

from class_management_service.domain.names import comparable, person_of, tidy
from class_management_service.domain.roster_columns import Columns, RosterField
from class_management_service.domain.school import PLACEHOLDER_DOMAIN, Person
from class_management_service.domain.tables import Row

LONGEST_NAME = 255
LONGEST_EMAIL = 320
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+")


class FaultCode(StrEnum):
    """Why a row cannot be used."""

    NAME_MISSING = "NAME_MISSING"
    FIRST_NAME_MISSING = "FIRST_NAME_MISSING"
    NAME_UNREADABLE = "NAME_UNREADABLE"
    NAME_TWICE = "NAME_TWICE"
    NAME_AMBIGUOUS = "NAME_AMBIGUOUS"
    EMAIL_INVALID = "EMAIL_INVALID"
    EMAIL_TWICE = "EMAIL_TWICE"
    FORMULA = "FORMULA"


class Fault(msgspec.Struct, frozen=True):
    """A row that cannot be used, and why, in a sentence."""

    row: int
    code: FaultCode
    reason: str
    field: RosterField | None = None


class Pupil(msgspec.Struct, frozen=True):
    """A student as a row of the list has them."""

    row: int
    person: Person
    email: str | None = None


class RosterFile(msgspec.Struct, frozen=True, kw_only=True):
    """What a file says: students, and rows that are faulty; `kind`, `encoding` and `delimiter` are how it was read."""

    pupils: tuple[Pupil, ...]
    faults: tuple[Fault, ...]
    columns: Columns
    kind: str
    encoding: str | None = None
    delimiter: str | None = None


def read_rows(rows: Sequence[Row], columns: Columns) -> tuple[tuple[Pupil, ...], tuple[Fault, ...]]:
    """The students below the headings, and the faults. Rows in which nothing of use stands are left out."""
    told = [row for row in rows if row.number > columns.heading_row and _says_anything(row, columns)]
    read = [_pupil(row, columns) for row in told]
    pupils = [each for each in read if isinstance(each, Pupil)]
    twice = {fault.row: fault for fault in _twice(pupils)}
    faults = [each for each in read if isinstance(each, Fault)] + list(twice.values())
    unique = tuple(pupil for pupil in pupils if pupil.row not in twice)
    return unique, tuple(sorted(faults, key=lambda fault: fault.row))


def _says_anything(row: Row, columns: Columns) -> bool:
    return any(row.at(place).text for place in columns.places.values())


def _pupil(row: Row, columns: Columns) -> Pupil | Fault:
    for field, place in columns.places.items():
        if (cell := row.at(place)).computed:
            reason = f"{_title(field, columns)} holds a formula or an error, {cell.text[:40]}: put its value there"
            return Fault(row.number, FaultCode.FORMULA, reason, field)
    texts = {field: tidy(row.at(place).text) for field, place in columns.places.items()}
    person = _person(row.number, texts)
    if isinstance(person, Fault):
        return person
    email = texts.get(RosterField.EMAIL, "").lower()
    if email and not _is_email(email):
        return Fault(row.number, FaultCode.EMAIL_INVALID, f"{email[:80]!r} is not an e-mail address", RosterField.EMAIL)
    return Pupil(row.number, person, email or None)


def _is_email(text: str) -> bool:
    """Whether it can be a student's; the platform's own are of its placeholders."""
    usable = _EMAIL.fullmatch(text) and text.isprintable() and len(text) <= LONGEST_EMAIL
    return bool(usable) and not text.endswith(PLACEHOLDER_DOMAIN)


def _title(field: RosterField, columns: Columns) -> str:
    return columns.headings.get(field) or str(field)


def _person(number: int, texts: dict[RosterField, str]) -> Person | Fault:
    if RosterField.FULL_NAME in texts:
        person = person_of(texts[RosterField.FULL_NAME])
    else:
        person = Person(texts[RosterField.FIRST_NAME], texts.get(RosterField.LAST_NAME, ""))
    if not person.full_name:
        return Fault(number, FaultCode.NAME_MISSING, "there is no name in this row")
    if not person.first_name:
        reason = f"{person.last_name} has no first name here"
        return Fault(number, FaultCode.FIRST_NAME_MISSING, reason, RosterField.FIRST_NAME)
    named = Person(person.first_name, person.last_name, texts.get(RosterField.LEGAL_NAME) or None)
    if not all(_is_readable(part) for part in (named.first_name, named.last_name, named.legal_full_name or "")):
        return Fault(number, FaultCode.NAME_UNREADABLE, f"no name has signs such as these or more than {LONGEST_NAME}")
    return named


def _is_readable(part: str) -> bool:
    return len(part) <= LONGEST_NAME and all(letter.isprintable() for letter in part)


def _twice(pupils: Sequence[Pupil]) -> Iterator[Fault]:
    """Rows that say a student again, or that could: one name twice, without addresses to tell two students apart."""
    addresses: dict[str, Pupil] = {}
    names: dict[str, Pupil] = {}
    for pupil in pupils:
        name = comparable(pupil.person.full_name)
        known, namesake = addresses.get(pupil.email or ""), names.get(name)
        if known is not None:
            reason = f"{pupil.email} is the address of {known.person.full_name} in row {known.row} too"
            yield Fault(pupil.row, FaultCode.EMAIL_TWICE, reason, RosterField.EMAIL)
        elif namesake is not None and not (pupil.email and namesake.email):
            reason = f"{pupil.person.full_name} stands in row {namesake.row} too: give both an address if they are two"
            yield Fault(pupil.row, FaultCode.NAME_TWICE, reason)
        else:
            names.setdefault(name, pupil)
            if pupil.email:
                addresses[pupil.email] = pupil
