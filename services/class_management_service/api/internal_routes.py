"""What other services of the installation ask."""

from dishka import FromDishka
from quart import Blueprint
from quart_dishka import inject
from quart_schema import validate_querystring, validate_response

from class_management_service.api.identity import refuse_strangers
from class_management_service.api_models import RosterBody
from class_management_service.association_models import ClassInfoList, ClassInfoQuery, KnownAuthor, KnownAuthors
from class_management_service.config import ClassManagementSettings
from class_management_service.errors import AssociationsNotFound, ClassNotFound, EssayNotFound, InternalKeyWrong
from class_management_service.implementations.author_desk import AuthorDesk
from class_management_service.implementations.roster_desk import RosterDesk, roster_body
from huleedu_service_libs.problems import refuses

internal = Blueprint("internal", __name__, url_prefix="/internal/v1")
Settings = FromDishka[ClassManagementSettings]


@internal.get("/classes/<class_id>/roster")
@refuses(InternalKeyWrong, ClassNotFound)
@validate_response(RosterBody)
@inject
async def roster_for_services(class_id: str, desk: FromDishka[RosterDesk], settings: Settings) -> RosterBody:
    """A class's students, whoever's class it is."""
    refuse_strangers(settings.huleedu_internal_api_key)
    return roster_body(await desk.of_anybody(class_id))


@internal.get("/batches/<batch_id>/student-names")
@refuses(InternalKeyWrong, AssociationsNotFound)
@validate_response(KnownAuthors)
@inject
async def student_names(batch_id: str, desk: FromDishka[AuthorDesk], settings: Settings) -> KnownAuthors:
    """Who wrote the essays of a batch, as far as that is decided."""
    refuse_strangers(settings.huleedu_internal_api_key)
    return await desk.names(batch_id)


@internal.get("/associations/essay/<essay_id>")
@refuses(InternalKeyWrong, EssayNotFound)
@validate_response(KnownAuthor)
@inject
async def author_of_essay(essay_id: str, desk: FromDishka[AuthorDesk], settings: Settings) -> KnownAuthor:
    """Who wrote an essay."""
    refuse_strangers(settings.huleedu_internal_api_key)
    return await desk.of_essay(essay_id)


@internal.get("/batches/class-info")
@refuses(InternalKeyWrong)
@validate_querystring(ClassInfoQuery)
@validate_response(ClassInfoList)
@inject
async def class_info(query_args: ClassInfoQuery, desk: FromDishka[AuthorDesk], settings: Settings) -> ClassInfoList:
    """Which classes batches are of."""
    refuse_strangers(settings.huleedu_internal_api_key)
    return await desk.classes(query_args.batch_ids.split(","))
