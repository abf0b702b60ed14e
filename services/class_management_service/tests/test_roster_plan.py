"""What a list means for a class that has students already."""

from msgspec.structs import replace

from class_management_service.domain.roster_plan import Outcome, Plan, plan
from class_management_service.domain.roster_rows import Fault, FaultCode, Pupil
from class_management_service.domain.school import Person, Student
from class_management_service.tests.world import AT


def student(name: str, email: str | None = None) -> Student:
    """A student of the teacher's."""
    first, _, last = name.partition(" ")
    return Student(
        student_id=f"{name} {email}",
        user_id="anna",
        person=Person(first, last),
        email=email,
        created_at=AT,
        updated_at=AT,
    )


def listed(*rows: tuple[str, str | None]) -> list[Pupil]:
    """Rows of a list."""
    names = [(name.partition(" "), email) for name, email in rows]
    return [Pupil(n, Person(name[0], name[2]), email) for n, (name, email) in enumerate(names, 2)]


def planned(rows: list[Pupil], roster: list[Student], others: list[Student] | None = None) -> Plan:
    """`others` are not in the class."""
    known = [*roster, *(others or [])]
    return plan(rows, [], roster, {each.email: each for each in known if each.email})


def outcomes(made: Plan) -> list[Outcome]:
    """What becomes of each row."""
    return [step.outcome for step in made.steps]


def test_students_are_known_by_address_else_by_name() -> None:
    roster = [student("Åsa Björk", "asa@s.example"), student("Bo Ek"), student("Cia Alm", "cia@s.example")]
    made = planned(listed(("Åsa Björk", "asa@s.example"), ("bo  EK", None), ("Dan Dal", None)), roster)

    assert outcomes(made) == [Outcome.UNCHANGED, Outcome.CHANGED, Outcome.NEW]


def test_an_address_finds_who_is_called_otherwise_or_is_in_another_class() -> None:
    roster, others = [student("Åsa Björk", "asa@s.example")], [student("Bo Ek", "bo@s.example")]
    made = planned(listed(("Åsa Björk Ek", "asa@s.example"), ("Bo Ek", "bo@s.example")), roster, others)

    assert outcomes(made) == [Outcome.CHANGED, Outcome.ENROLLED]
    assert made.steps[0].now == replace(roster[0], person=Person("Åsa", "Björk Ek"))


def test_an_address_is_added_to_who_has_none() -> None:
    made = planned(listed(("Bo Ek", "bo@s.example")), [student("Bo Ek")])

    assert [(step.outcome, step.now and step.now.email) for step in made.steps] == [(Outcome.CHANGED, "bo@s.example")]


def test_two_of_one_name_with_two_addresses_are_two() -> None:
    assert outcomes(planned(listed(("Bo Ek", "bo2@s.example")), [student("Bo Ek", "bo@s.example")])) == [Outcome.NEW]


def test_nobody_is_meant_twice() -> None:
    """Whoever the address says is not also whoever the name says, whatever the order."""
    roster = [student("Bo Ek", "bo@s.example")]
    rows = listed(("Bo Ek", None), ("Bo Alm", "bo@s.example"))

    assert outcomes(planned(rows, roster)) == [Outcome.NEW, Outcome.CHANGED]


def test_a_name_that_two_have_is_doubtful() -> None:
    roster = [student("Bo Ek", "bo1@s.example"), student("Bo Ek", "bo2@s.example")]
    made = planned(listed(("Bo Ek", None)), roster)

    assert made == Plan((), (Fault(2, FaultCode.NAME_AMBIGUOUS, made.faults[0].reason),))


def test_a_name_that_was_taken_apart_by_hand_stays_so() -> None:
    known = replace(student("Anna"), person=Person("Anna", "Maria Berg"))
    rows = [Pupil(2, Person("Anna Maria", "Berg"))]

    assert outcomes(planned(rows, [known])) == [Outcome.UNCHANGED]
