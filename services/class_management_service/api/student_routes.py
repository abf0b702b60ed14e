"""Students, as thin routes: parse, ask the desk, return."""

from dishka import FromDishka
from quart import Blueprint
from quart_dishka import inject
from quart_schema import document_response, validate_querystring, validate_request, validate_response

from class_management_service.api.identity import asker
from class_management_service.api_models import (
    Removed,
    StudentBody,
    StudentChange,
    StudentList,
    StudentQuery,
    StudentRequest,
)
from class_management_service.errors import (
    ClassFull,
    ClassNotFound,
    EmailTaken,
    StudentChanged,
    StudentNotFound,
    UserUnknown,
)
from class_management_service.implementations.student_desk import StudentDesk
from huleedu_service_libs.idempotency import KeyReused, idempotent
from huleedu_service_libs.problems import refuses

students = Blueprint("students", __name__, url_prefix="/v1/classes/students")


@students.post("", strict_slashes=False)
@validate_request(StudentRequest)
@document_response(StudentBody, 201)
@refuses(UserUnknown, ClassNotFound, EmailTaken, ClassFull, KeyReused)
@idempotent(201)
@inject
async def create_student(data: StudentRequest, desk: FromDishka[StudentDesk]) -> StudentBody:
    """Make a student, in any number of classes."""
    return await desk.create(data, asker())


@students.get("", strict_slashes=False)
@refuses(UserUnknown)
@validate_querystring(StudentQuery)
@validate_response(StudentList)
@inject
async def list_students(query_args: StudentQuery, desk: FromDishka[StudentDesk]) -> StudentList:
    """The teacher's students, by last name."""
    return await desk.list(query_args, asker().user_id)


@students.get("/<student_id>")
@refuses(UserUnknown, StudentNotFound)
@validate_response(StudentBody)
@inject
async def show_student(student_id: str, desk: FromDishka[StudentDesk]) -> StudentBody:
    """One student."""
    return await desk.show(student_id, asker().user_id)


@students.put("/<student_id>")
@validate_request(StudentChange)
@document_response(StudentBody)
@refuses(UserUnknown, StudentNotFound, ClassNotFound, EmailTaken, ClassFull, StudentChanged, KeyReused)
@idempotent(200)
@inject
async def change_student(student_id: str, data: StudentChange, desk: FromDishka[StudentDesk]) -> StudentBody:
    """Give a student another name, address or class."""
    return await desk.change(student_id, data, asker())


@students.delete("/<student_id>")
@document_response(Removed)
@refuses(UserUnknown, StudentNotFound, KeyReused)
@idempotent(200)
@inject
async def remove_student(student_id: str, desk: FromDishka[StudentDesk]) -> Removed:
    """Forget a student, for good."""
    return await desk.remove(student_id, asker())
