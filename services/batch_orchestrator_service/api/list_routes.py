"""Lists of batches, as a thin route."""

from dishka import FromDishka
from quart import Blueprint, Response
from quart_dishka import inject
from quart_schema import document_querystring, document_response

from batch_orchestrator_service.api.identity import asking_user
from batch_orchestrator_service.api.list_query import REFUSALS, list_query
from batch_orchestrator_service.api.operators import asks_as_operator
from batch_orchestrator_service.config import BatchOrchestratorSettings
from batch_orchestrator_service.errors import UserUnknown
from batch_orchestrator_service.implementations.batch_lists import BatchLists
from batch_orchestrator_service.list_models import BatchListQuery, BatchListResponse
from huleedu_service_libs.problems import refuses

list_blueprint = Blueprint("lists", __name__)


@list_blueprint.get("/v1/batches")
@document_querystring(BatchListQuery)
@document_response(BatchListResponse)
@refuses(UserUnknown, *REFUSALS.values())
@inject
async def list_batches(lists: FromDishka[BatchLists], settings: FromDishka[BatchOrchestratorSettings]) -> Response:
    """Batches, newest first: one's own, or for operators anybody's; those that are stuck with why, and what to do."""
    query = list_query()
    user, is_operator = asking_user(), asks_as_operator(settings.operator_token)
    if user is None and not is_operator:
        raise UserUnknown
    if not is_operator and query.owner not in (None, user):
        return _answer(BatchListResponse(batches=[], next_cursor=None))
    return _answer(await lists.page(query, query.owner or user))


def _answer(body: BatchListResponse) -> Response:
    return Response(body.model_dump_json(exclude_unset=True), content_type="application/json")
