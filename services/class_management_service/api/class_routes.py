"""Classes, as thin routes: parse, ask the desk, return."""

from dishka import FromDishka
from quart import Blueprint
from quart_dishka import inject
from quart_schema import document_response, validate_querystring, validate_request, validate_response

from class_management_service.api.identity import asker
from class_management_service.api_models import ClassBody, ClassChange, ClassList, ClassRequest, PageQuery, Removed
from class_management_service.errors import ClassChanged, ClassNotFound, MultipleCourses, UserUnknown
from class_management_service.implementations.class_desk import ClassDesk
from huleedu_service_libs.idempotency import KeyReused, idempotent
from huleedu_service_libs.problems import refuses

classes = Blueprint("classes", __name__, url_prefix="/v1/classes")


@classes.post("/", strict_slashes=False)
@validate_request(ClassRequest)
@document_response(ClassBody, 201)
@refuses(UserUnknown, MultipleCourses, KeyReused)
@idempotent(201)
@inject
async def create_class(data: ClassRequest, desk: FromDishka[ClassDesk]) -> ClassBody:
    """Make a class."""
    return await desk.create(data, asker())


@classes.get("/", strict_slashes=False)
@refuses(UserUnknown)
@validate_querystring(PageQuery)
@validate_response(ClassList)
@inject
async def list_classes(query_args: PageQuery, desk: FromDishka[ClassDesk]) -> ClassList:
    """The teacher's classes, by name."""
    return await desk.list(query_args, asker().user_id)


@classes.get("/<class_id>")
@refuses(UserUnknown, ClassNotFound)
@validate_response(ClassBody)
@inject
async def show_class(class_id: str, desk: FromDishka[ClassDesk]) -> ClassBody:
    """One class."""
    return await desk.show(class_id, asker().user_id)


@classes.put("/<class_id>")
@validate_request(ClassChange)
@document_response(ClassBody)
@refuses(UserUnknown, ClassNotFound, MultipleCourses, ClassChanged, KeyReused)
@idempotent(200)
@inject
async def change_class(class_id: str, data: ClassChange, desk: FromDishka[ClassDesk]) -> ClassBody:
    """Give a class another name or course."""
    return await desk.change(class_id, data, asker())


@classes.delete("/<class_id>")
@document_response(Removed)
@refuses(UserUnknown, ClassNotFound, KeyReused)
@idempotent(200)
@inject
async def remove_class(class_id: str, desk: FromDishka[ClassDesk]) -> Removed:
    """Remove a class; its students stay."""
    return await desk.remove(class_id, asker())
