"""What clients do with batches, as thin routes: parse, call the service, return."""

from dishka import FromDishka
from pydantic import BaseModel
from quart import Blueprint, Response
from quart_dishka import inject
from quart_schema import document_response, validate_querystring, validate_request

from batch_orchestrator_service.api.identity import agree_on, asking_user, known_user
from batch_orchestrator_service.api.operations import Operations
from batch_orchestrator_service.api_models import (
    BatchRegistrationRequestV1,
    BatchRegistrationResponse,
    PipelineRequest,
    PipelineRequestResponse,
    PromptRequest,
    PromptResponse,
    TimelineQuery,
    TimelineResponse,
)
from batch_orchestrator_service.errors import (
    BatchIdMismatch,
    BatchNotFound,
    BatchNotReady,
    ClassManagementNotAvailable,
    ContentIngestionFailed,
    IdentityMismatch,
    PhaseNotAvailable,
    PipelineIncompatible,
    PipelineRefused,
    PipelineUnresolved,
    PromptFixed,
    PromptNotFound,
    RunActive,
    TooManyEssays,
    UserUnknown,
)
from batch_orchestrator_service.protocols import BatchProcessingServiceProtocol
from batch_orchestrator_service.status_models import BatchStatusResponse, PipelineStateResponse
from huleedu_service_libs.correlation import current_correlation_id
from huleedu_service_libs.errors import ServiceUnavailable
from huleedu_service_libs.idempotency import KeyReused, idempotent
from huleedu_service_libs.problems import refuses

batch_blueprint = Blueprint("batches", __name__)


@batch_blueprint.post("/v1/batches/register")
@validate_request(BatchRegistrationRequestV1)
@document_response(BatchRegistrationResponse, 202)
@refuses(IdentityMismatch, ClassManagementNotAvailable, TooManyEssays, KeyReused)
@idempotent(202)
@inject
async def register_batch(
    data: BatchRegistrationRequestV1,
    service: FromDishka[BatchProcessingServiceProtocol],
    operations: FromDishka[Operations],
) -> BatchRegistrationResponse:
    """Register a batch and its essay slots."""
    with operations.counted("register"):
        agree_on(data.user_id)
        return await service.register_new_batch(data, _correlation_id())


@batch_blueprint.post("/v1/batches/<batch_id>/pipelines")
@validate_request(PipelineRequest)
@document_response(PipelineRequestResponse, 202)
@refuses(
    BatchNotFound,
    BatchNotReady,
    RunActive,
    ContentIngestionFailed,
    BatchIdMismatch,
    PhaseNotAvailable,
    PipelineRefused,
    PipelineUnresolved,
    PipelineIncompatible,
    KeyReused,
    ServiceUnavailable,
)
@idempotent(202)
@inject
async def request_pipeline(
    batch_id: str,
    data: PipelineRequest,
    service: FromDishka[BatchProcessingServiceProtocol],
    operations: FromDishka[Operations],
) -> PipelineRequestResponse:
    """Run a pipeline over a batch that is ready, or that has finished an earlier one."""
    with operations.counted("request_pipeline"):
        return await service.request_pipeline(batch_id, data, asking_user(), _correlation_id())


@batch_blueprint.patch("/v1/batches/<batch_id>/prompt")
@validate_request(PromptRequest)
@document_response(PromptResponse)
@refuses(UserUnknown, BatchNotFound, PromptNotFound, PromptFixed, KeyReused, ServiceUnavailable)
@idempotent(200)
@inject
async def set_prompt(
    batch_id: str,
    data: PromptRequest,
    service: FromDishka[BatchProcessingServiceProtocol],
    operations: FromDishka[Operations],
) -> PromptResponse:
    """Give the batch the prompt that its essays answer."""
    with operations.counted("set_prompt"):
        return await service.set_prompt(batch_id, data, known_user(), _correlation_id())


@batch_blueprint.get("/v1/batches/<batch_id>/status")
@document_response(BatchStatusResponse)
@refuses(BatchNotFound)
@inject
async def batch_status(batch_id: str, service: FromDishka[BatchProcessingServiceProtocol]) -> Response:
    """Where a batch stands, what it waits for, and why."""
    return _answer(await service.status(batch_id, asking_user()))


@batch_blueprint.get("/v1/batches/<batch_id>/timeline")
@validate_querystring(TimelineQuery)
@document_response(TimelineResponse)
@refuses(BatchNotFound)
@inject
async def batch_timeline(
    batch_id: str, query_args: TimelineQuery, service: FromDishka[BatchProcessingServiceProtocol]
) -> Response:
    """Every fact that changed the batch, in order."""
    return _answer(await service.timeline(batch_id, asking_user(), query_args.after, query_args.limit))


@batch_blueprint.get("/internal/v1/batches/<batch_id>/pipeline-state")
@document_response(PipelineStateResponse)
@refuses(BatchNotFound)
@inject
async def pipeline_state(batch_id: str, service: FromDishka[BatchProcessingServiceProtocol]) -> Response:
    """For other services: whose batch it is, its phases, and whether files may still come."""
    return _answer(await service.pipeline_state(batch_id))


def _correlation_id() -> str:
    return current_correlation_id() or ""


def _answer(body: BaseModel) -> Response:
    return Response(body.model_dump_json(), content_type="application/json")
