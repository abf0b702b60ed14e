"""What importing a list would do to a class: each row's student is found by address, else by name within the class."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum

import msgspec
from msgspec.structs import replace

from class_management_service.domain.names import comparable
from class_management_service.domain.roster_rows import Fault, FaultCode, Pupil
from class_management_service.domain.school import Person, Student


class Outcome(StrEnum):
    """What becomes of a row: a new student, one of another class of the teacher, other facts, or nothing."""

    NEW = "new"
    ENROLLED = "enrolled"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


class Step(msgspec.Struct, frozen=True):
    """One row and what becomes of it. `known` is the student it means, `now` the same with what the row says."""

    pupil: Pupil
    outcome: Outcome
    known: Student | None = None
    now: Student | None = None


class Plan(msgspec.Struct, frozen=True):
    """Every row, in order: what becomes of it, or what is wrong with it."""

    steps: tuple[Step, ...]
    faults: tuple[Fault, ...]

    def of(self, *outcomes: Outcome) -> list[Step]:
        """The rows that come to this."""
        return [step for step in self.steps if step.outcome in outcomes]

    def updates(self, *outcomes: Outcome) -> list[tuple[Student, Student]]:
        """Students that the teacher has already, as they are and as they are to be."""
        return [(step.known, step.now) for step in self.of(*outcomes) if step.known and step.now]


def plan(
    pupils: Sequence[Pupil], faults: Sequence[Fault], roster: Sequence[Student], by_email: Mapping[str, Student]
) -> Plan:
    """`by_email` are the teacher's students, of any class, that have an address of the list."""
    inside = {student.student_id for student in roster}
    by_address = {p.row: by_email[p.email] for p in pupils if p.email and p.email in by_email}
    taken = {student.student_id for student in by_address.values()}
    namesakes = _by_name(student for student in roster if student.student_id not in taken)
    steps, doubts = [], list(faults)
    for pupil in pupils:
        meant = [by_address[pupil.row]] if pupil.row in by_address else _meant(pupil, namesakes)
        if len(meant) > 1:
            doubts.append(_ambiguous(pupil, len(meant)))
        else:
            steps.append(_step(pupil, meant[0] if meant else None, inside))
    return Plan(tuple(steps), tuple(sorted(doubts, key=lambda fault: fault.row)))


def _by_name(students: Iterable[Student]) -> dict[str, list[Student]]:
    found = defaultdict(list)
    for student in students:
        found[comparable(student.person.full_name)].append(student)
    return found


def _meant(pupil: Pupil, namesakes: Mapping[str, list[Student]]) -> list[Student]:
    """Whoever has the name; with an address in the row, only who has none yet."""
    found = namesakes.get(comparable(pupil.person.full_name), [])
    return [student for student in found if not (pupil.email and student.email)]


def _ambiguous(pupil: Pupil, count: int) -> Fault:
    reason = f"{count} students of the class are called {pupil.person.full_name}: an address would tell which is meant"
    return Fault(pupil.row, FaultCode.NAME_AMBIGUOUS, reason)


def _step(pupil: Pupil, known: Student | None, inside: set[str]) -> Step:
    if known is None:
        return Step(pupil, Outcome.NEW)
    now = replace(known, person=_person(known.person, pupil.person), email=pupil.email or known.email)
    if known.student_id not in inside:
        return Step(pupil, Outcome.ENROLLED, known, now)
    return Step(pupil, Outcome.UNCHANGED if now == known else Outcome.CHANGED, known, now)


def _person(known: Person, said: Person) -> Person:
    """The row's name. Where it is the same name, the parts that it was taken apart into stay."""
    legal = said.legal_full_name or known.legal_full_name
    return replace(known if said.full_name == known.full_name else said, legal_full_name=legal)
