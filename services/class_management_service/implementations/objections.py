"""What speaks against a decision, as its teacher is told."""

from collections.abc import Mapping

from class_management_service import errors
from class_management_service.domain.associations import EssayMatch
from class_management_service.domain.choices import (
    NotInClass,
    Objection,
    Outdated,
    StudentTwice,
    UnknownEssays,
    VersionAhead,
)
from class_management_service.domain.facts import TeacherDecided
from class_management_service.domain.school import Student
from huleedu_service_libs.problems import Problem, WrongField


def refusal(found: Objection, asked: TeacherDecided) -> Exception:
    """The exception to raise."""
    match found:
        case VersionAhead(newest):
            return errors.VersionUnknown(version=asked.seen, newest=newest)
        case Outdated(essays):
            return _outdated(essays, asked)
        case UnknownEssays(essay_ids):
            return errors.EssaysNotOfBatch(essays=", ".join(essay_ids[:10]))
        case NotInClass(student_ids):
            return errors.StudentsNotInClass(students=", ".join(student_ids[:10]))
        case StudentTwice(student_id, file_names):
            return errors.StudentTwice(student=_name(student_id, asked.students), files=", ".join(file_names))


def _outdated(essays: Mapping[str, EssayMatch], asked: TeacherDecided) -> Problem:
    refused = errors.AssociationsChanged(count=len(essays), version=asked.seen)
    wrong = [
        WrongField(pointer=f"#/associations/{essay_id}", detail=_decided(essay, asked.students), code=refused.code)
        for essay_id, essay in essays.items()
    ]
    return Problem(refused.status, refused.code, refused.detail, errors=wrong)


def _decided(essay: EssayMatch, students: Mapping[str, Student]) -> str:
    decision = essay.decision
    assert decision is not None, "what nobody decided on is not outdated"
    student = "nobody of the class" if decision.student_id is None else _name(decision.student_id, students)
    return f"{essay.file_name}: {student}, said {decision.by}"


def _name(student_id: str, students: Mapping[str, Student]) -> str:
    student = students.get(student_id)
    return student.person.full_name if student else f"student {student_id}"
