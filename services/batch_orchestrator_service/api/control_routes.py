"""Stopping, pausing, going on and trying again, as thin routes."""

from typing import TypeVar

from dishka import FromDishka
from pydantic import ValidationError
from quart import Blueprint, request
from quart_dishka import inject
from quart_schema import RequestSchemaValidationError, document_request, document_response

from batch_orchestrator_service.api.identity import asking_user
from batch_orchestrator_service.api.operations import Operations
from batch_orchestrator_service.api_models import Body, ControlResponse, RetryRequest, RetryResponse, WishRequest
from batch_orchestrator_service.errors import (
    BatchCancelled,
    BatchHasEnded,
    BatchNotFound,
    EssaysNotFailed,
    NothingFailed,
    PhaseNeverRan,
    PhaseNotAvailable,
    PhaseUnknown,
    RunActive,
)
from batch_orchestrator_service.protocols import BatchControlProtocol
from huleedu_service_libs.correlation import current_correlation_id
from huleedu_service_libs.idempotency import KeyReused, idempotent
from huleedu_service_libs.problems import refuses

control_blueprint = Blueprint("control", __name__)

B = TypeVar("B", bound=Body)


@control_blueprint.post("/v1/batches/<batch_id>/cancel")
@document_request(WishRequest)
@document_response(ControlResponse, 202)
@refuses(BatchNotFound, BatchHasEnded, KeyReused)
@idempotent(202)
@inject
async def cancel_batch(
    batch_id: str, control: FromDishka[BatchControlProtocol], operations: FromDishka[Operations]
) -> ControlResponse:
    """Work on the batch no longer: results that are still on their way are discarded."""
    with operations.counted("cancel"):
        return await control.cancel(batch_id, await _body(WishRequest), asking_user(), _correlation_id())


@control_blueprint.post("/v1/batches/<batch_id>/pause")
@document_request(WishRequest)
@document_response(ControlResponse, 202)
@refuses(BatchNotFound, BatchHasEnded, KeyReused)
@idempotent(202)
@inject
async def pause_batch(
    batch_id: str, control: FromDishka[BatchControlProtocol], operations: FromDishka[Operations]
) -> ControlResponse:
    """Start nothing more for the batch; what is on its way is counted in, and no clock runs."""
    with operations.counted("pause"):
        return await control.pause(batch_id, await _body(WishRequest), asking_user(), _correlation_id())


@control_blueprint.post("/v1/batches/<batch_id>/resume")
@document_request(WishRequest)
@document_response(ControlResponse, 202)
@refuses(BatchNotFound, BatchHasEnded, BatchCancelled, KeyReused)
@idempotent(202)
@inject
async def resume_batch(
    batch_id: str, control: FromDishka[BatchControlProtocol], operations: FromDishka[Operations]
) -> ControlResponse:
    """Go on where the batch stands."""
    with operations.counted("resume"):
        return await control.resume(batch_id, await _body(WishRequest), asking_user(), _correlation_id())


@control_blueprint.post("/v1/batches/<batch_id>/phases/<phase>/retry")
@document_request(RetryRequest)
@document_response(RetryResponse, 202)
@refuses(
    BatchNotFound,
    PhaseUnknown,
    PhaseNotAvailable,
    PhaseNeverRan,
    NothingFailed,
    EssaysNotFailed,
    RunActive,
    BatchCancelled,
    KeyReused,
)
@idempotent(202)
@inject
async def retry_phase(
    batch_id: str, phase: str, control: FromDishka[BatchControlProtocol], operations: FromDishka[Operations]
) -> RetryResponse:
    """Try essays again that failed in this phase; what depends on it then takes them too."""
    with operations.counted("retry"):
        return await control.retry(batch_id, phase, await _body(RetryRequest), asking_user(), _correlation_id())


async def _body(kind: type[B]) -> B:
    """What was asked; a request without a body asks for nothing in particular."""
    if not await request.get_data():
        return kind()
    try:
        return kind.model_validate(await request.get_json())
    except ValidationError as error:
        raise RequestSchemaValidationError(error) from error


def _correlation_id() -> str:
    return current_correlation_id() or ""
