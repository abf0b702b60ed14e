"""What other services of the installation ask."""

from dishka import FromDishka
from quart import Blueprint
from quart_dishka import inject
from quart_schema import validate_response

from class_management_service.api.identity import refuse_strangers
from class_management_service.api_models import RosterBody
from class_management_service.config import ClassManagementSettings
from class_management_service.errors import ClassNotFound, InternalKeyWrong
from class_management_service.implementations.roster_desk import RosterDesk, roster_body
from huleedu_service_libs.problems import refuses

internal = Blueprint("internal", __name__, url_prefix="/internal/v1")


@internal.get("/classes/<class_id>/roster")
@refuses(InternalKeyWrong, ClassNotFound)
@validate_response(RosterBody)
@inject
async def roster_for_services(
    class_id: str, desk: FromDishka[RosterDesk], settings: FromDishka[ClassManagementSettings]
) -> RosterBody:
    """A class's students, whoever's class it is."""
    refuse_strangers(settings.huleedu_internal_api_key)
    return roster_body(await desk.of_anybody(class_id))
