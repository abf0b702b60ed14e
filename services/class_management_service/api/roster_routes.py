"""Who is in a class."""

from dishka import FromDishka
from quart import Blueprint
from quart_dishka import inject
from quart_schema import validate_response

from class_management_service.api.identity import asker
from class_management_service.api_models import RosterBody
from class_management_service.errors import ClassNotFound, UserUnknown
from class_management_service.implementations.roster_desk import RosterDesk, roster_body
from huleedu_service_libs.problems import refuses

rosters = Blueprint("rosters", __name__, url_prefix="/v1/classes/<class_id>")


@rosters.get("/roster")
@refuses(UserUnknown, ClassNotFound)
@validate_response(RosterBody)
@inject
async def show_roster(class_id: str, desk: FromDishka[RosterDesk]) -> RosterBody:
    """The class's students, by last name."""
    return roster_body(await desk.of_teacher(class_id, asker().user_id))
