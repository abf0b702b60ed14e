"""What operators can ask, for everybody's batches at once."""

import hmac
from ipaddress import ip_address

from dishka import FromDishka
from pydantic import SecretStr
from quart import Blueprint, request
from quart_dishka import inject
from quart_schema import document_response, validate_request

from batch_orchestrator_service.api.operations import Operations
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
        _refuse_others(settings.operator_token)
        return await desk.ask(data, current_correlation_id() or "")


def _refuse_others(token: SecretStr | None) -> None:
    """Raises NotAnOperator. What a proxy passes on does not come from this machine, even if the proxy does."""
    if token is not None:
        expected = f"Bearer {token.get_secret_value()}".encode()
        allowed = hmac.compare_digest(request.headers.get("Authorization", "").encode(), expected)
    else:
        allowed = _is_loopback(request.remote_addr) and "X-Forwarded-For" not in request.headers
    if not allowed:
        raise NotAnOperator


def _is_loopback(address: str | None) -> bool:
    try:
        return address is not None and ip_address(address).is_loopback
    except ValueError:
        return False
