"""What operators can ask, for everybody's batches at once."""

from dishka import FromDishka
from quart import Blueprint
from quart_dishka import inject
from quart_schema import document_response, validate_request

from batch_orchestrator_service.api.operations import Operations
from batch_orchestrator_service.api.operators import refuse_others
from batch_orchestrator_service.api_models import BulkRequest, BulkResponse
from batch_orchestrator_service.config import BatchOrchestratorSettings
from batch_orchestrator_service.errors import NotAnOperator
from batch_orchestrator_service.implementations.bulk_desk import BulkDesk
from huleedu_service_libs.correlation import current_correlation_id
from huleedu_service_libs.idempotency import KeyReused, idempotent
from huleedu_service_libs.problems import refuses

operator_blueprint = Blueprint("operators", __name__)


@operator_blueprint.post("/v1/operations")
@validate_request(BulkRequest)
@document_response(BulkResponse, 202)
@refuses(NotAnOperator, KeyReused)
@idempotent(202)
@inject
async def begin_operation(
    data: BulkRequest,
    desk: FromDishka[BulkDesk],
    settings: FromDishka[BatchOrchestratorSettings],
    operations: FromDishka[Operations],
) -> BulkResponse:
    """Cancel, pause, resume or retry many batches, at a limited rate."""
    with operations.counted(f"bulk_{data.action}"):
        refuse_others(settings.operator_token)
        return await desk.ask(data, current_correlation_id() or "")
