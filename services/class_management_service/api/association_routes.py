"""Who wrote which essay, as thin routes: parse, ask the desk, return."""

from collections.abc import Awaitable, Callable

from dishka import FromDishka
from quart import Blueprint, Response
from quart_dishka import inject
from quart_schema import document_response, validate_request, validate_response

from class_management_service.api.identity import asker
from class_management_service.association_models import AssociationList, ConfirmationRequest, ConfirmationResponse
from class_management_service.errors import (
    AssociationsChanged,
    AssociationsNotFound,
    EssaysNotOfBatch,
    IdentityMismatch,
    StudentsNotInClass,
    StudentTwice,
    UserUnknown,
    VersionUnknown,
)
from class_management_service.implementations.association_desk import AssociationDesk
from huleedu_service_libs.idempotency import KeyReused, idempotent
from huleedu_service_libs.problems import refuses

associations = Blueprint("associations", __name__, url_prefix="/v1/batches/<batch_id>/student-associations")


@associations.get("")
@refuses(UserUnknown, AssociationsNotFound)
@validate_response(AssociationList)
@inject
async def show_associations(batch_id: str, desk: FromDishka[AssociationDesk]) -> AssociationList:
    """Every essay of the batch: what matching suggests, why, and what has been decided."""
    return await desk.show(batch_id, asker().user_id)


def _deciding(view: Callable[..., Awaitable[ConfirmationResponse]]) -> Callable[..., Awaitable[Response]]:
    """What both addresses of a decision have in common: the second is how older clients know it."""
    refusing = refuses(
        *(UserUnknown, IdentityMismatch, AssociationsNotFound, AssociationsChanged, VersionUnknown),
        *(EssaysNotOfBatch, StudentsNotInClass, StudentTwice, KeyReused),
    )
    answering = document_response(ConfirmationResponse)(refusing(idempotent(200)(inject(view))))
    asked: Callable[..., Awaitable[Response]] = validate_request(ConfirmationRequest)(answering)
    return asked


@associations.post("")
@_deciding
async def decide_associations(
    batch_id: str, data: ConfirmationRequest, desk: FromDishka[AssociationDesk]
) -> ConfirmationResponse:
    """Say who wrote one essay, many or all, for the first time or otherwise than before."""
    return await desk.confirm(batch_id, data, asker(data.user_id))


@associations.post("/confirm")
@_deciding
async def confirm_associations(
    batch_id: str, data: ConfirmationRequest, desk: FromDishka[AssociationDesk]
) -> ConfirmationResponse:
    """The same."""
    return await desk.confirm(batch_id, data, asker(data.user_id))
