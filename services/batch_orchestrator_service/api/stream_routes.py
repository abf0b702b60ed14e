"""Watching, as thin routes: what happens to batches, as it happens."""

from dishka import FromDishka
from quart import Blueprint, Response, request
from quart_dishka import inject
from quart_schema import document_headers, validate_querystring

from batch_orchestrator_service.api.identity import asking_user
from batch_orchestrator_service.api.operators import refuse_others
from batch_orchestrator_service.config import BatchOrchestratorSettings
from batch_orchestrator_service.errors import BatchNotFound, NotAnOperator
from batch_orchestrator_service.implementations.streams import Streams
from batch_orchestrator_service.stream_models import (
    BatchSnapshot,
    BatchStreamQuery,
    LastEventId,
    OpenBatches,
    StreamQuery,
)
from huleedu_service_libs.event_streams import (
    MalformedEventId,
    TooManyStreams,
    event_stream,
    place_of,
    streams_events,
)
from huleedu_service_libs.problems import refuses
from huleedu_service_libs.runtime.tail import Place

stream_blueprint = Blueprint("streams", __name__)

_EVENTS = {
    "fact": "a fact of the timeline (batch_id, seq, at, kind, who, why, data), and how the batch stands after it"
    " (status, client_status, waiting_for). `data` is null where it is too long for a stream: the timeline has it.",
    "progress": "how far a phase of the active run is (batch_id, run_id, at, attempt), with `progress` as the status"
    " has it in progress.phases.",
    "notification": "what a teacher should hear of.",
}


@stream_blueprint.get("/v1/batches/<batch_id>/stream")
@document_headers(LastEventId)
@validate_querystring(BatchStreamQuery)
@streams_events(BatchSnapshot, **_EVENTS)
@refuses(BatchNotFound, MalformedEventId, TooManyStreams)
@inject
async def batch_stream(batch_id: str, query_args: BatchStreamQuery, streams: FromDishka[Streams]) -> Response:
    """What happens to a batch, as it happens. It does not end when the batch does: a further pipeline may be asked."""
    return event_stream(await streams.of_batch(batch_id, asking_user(), _last_seen(query_args)))


@stream_blueprint.get("/v1/stream")
@document_headers(LastEventId)
@validate_querystring(StreamQuery)
@streams_events(OpenBatches, **_EVENTS)
@refuses(NotAnOperator, MalformedEventId, TooManyStreams)
@inject
async def all_streams(
    query_args: StreamQuery, streams: FromDishka[Streams], settings: FromDishka[BatchOrchestratorSettings]
) -> Response:
    """What happens to all of a user's batches, or for operators to anybody's, in one stream."""
    user = asking_user()
    wanted = query_args.owner or user
    if user is None or wanted != user:
        refuse_others(settings.operator_token)
    return event_stream(await streams.of_user(wanted, _last_seen(query_args)))


def _last_seen(query: BatchStreamQuery) -> Place | None:
    return place_of(request.headers.get("Last-Event-ID") or query.last_event_id)
