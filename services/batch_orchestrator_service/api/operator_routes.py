"""What operators can ask, for everybody's batches at once."""

from dishka import FromDishka
from pydantic import BaseModel
from quart import Blueprint, Response
from quart_dishka import inject
from quart_schema import document_response, validate_request

from batch_orchestrator_service.api.operations import Operations
from batch_orchestrator_service.api.operators import refuse_others
from batch_orchestrator_service.config import BatchOrchestratorSettings
from batch_orchestrator_service.errors import NotAnOperator, OperationHasEnded, OperationNotFound
from batch_orchestrator_service.implementations.bulk_desk import BulkDesk
from batch_orchestrator_service.operation_models import BulkRequest, OperationBody, OperationsResponse
from huleedu_service_libs.correlation import current_correlation_id
from huleedu_service_libs.idempotency import KeyReused, idempotent
from huleedu_service_libs.problems import refuses

operator_blueprint = Blueprint("operators", __name__)


@operator_blueprint.post("/v1/operations")
@validate_request(BulkRequest)
@document_response(OperationBody, 202)
@refuses(NotAnOperator, KeyReused)
@idempotent(202)
@inject
async def begin_operation(
    data: BulkRequest,
    desk: FromDishka[BulkDesk],
    settings: FromDishka[BatchOrchestratorSettings],
    operations: FromDishka[Operations],
) -> OperationBody:
    """Cancel, pause, resume or retry many batches, at a limited rate.

    Asked again while one of the same action, owner and phase runs, it is that one: it begins anew, at the newer rate.
    """
    with operations.counted(f"bulk_{data.action}"):
        refuse_others(settings.operator_token)
        return await desk.ask(data, current_correlation_id() or "")


@operator_blueprint.post("/v1/operations/<operation_id>/stop")
@document_response(OperationBody, 202)
@refuses(NotAnOperator, OperationNotFound, OperationHasEnded, KeyReused)
@idempotent(202)
@inject
async def stop_operation(
    operation_id: str,
    desk: FromDishka[BulkDesk],
    settings: FromDishka[BatchOrchestratorSettings],
    operations: FromDishka[Operations],
) -> OperationBody:
    """Ask no further batch; what has been asked stays asked."""
    with operations.counted("bulk_stop"):
        refuse_others(settings.operator_token)
        return await desk.stop(operation_id, current_correlation_id() or "")


@operator_blueprint.get("/v1/operations/<operation_id>")
@document_response(OperationBody)
@refuses(NotAnOperator, OperationNotFound)
@inject
async def operation_state(
    operation_id: str, desk: FromDishka[BulkDesk], settings: FromDishka[BatchOrchestratorSettings]
) -> Response:
    """How far an operation is."""
    refuse_others(settings.operator_token)
    return _answer(await desk.state(operation_id))


@operator_blueprint.get("/v1/operations")
@document_response(OperationsResponse)
@refuses(NotAnOperator)
@inject
async def list_operations(desk: FromDishka[BulkDesk], settings: FromDishka[BatchOrchestratorSettings]) -> Response:
    """The 50 newest operations, the newest first."""
    refuse_others(settings.operator_token)
    return _answer(await desk.newest())


def _answer(body: BaseModel) -> Response:
    return Response(body.model_dump_json(), content_type="application/json")
