"""Where batches stand, for other services of the installation."""

from dishka import FromDishka
from quart import Blueprint
from quart_dishka import inject
from quart_schema import validate_querystring, validate_response

from common_core.enums import CLIENT_STATUS, BatchClientStatus, BatchStatus
from huleedu_service_libs.errors import NotFound
from huleedu_service_libs.problems import refuses
from result_aggregator_service.api.asker import asker
from result_aggregator_service.api.bodies import essay_status_body, summary_body
from result_aggregator_service.api_models import (
    BatchListBody,
    BatchListQuery,
    BatchStatusBody,
    PaginationBody,
)
from result_aggregator_service.batch_report import BatchNotFound, BatchReports

statuses = Blueprint("statuses", __name__, url_prefix="/internal/v1/batches")


@statuses.get("/<batch_id>/status")
@refuses(BatchNotFound)
@validate_response(BatchStatusBody)
@inject
async def batch_status(batch_id: str, reports: FromDishka[BatchReports]) -> BatchStatusBody:
    """Where a batch and each of its essays stand."""
    report = await reports.open(batch_id, asker())
    essays = [essay_status_body(essay) async for page in report.pages(in_full=False) for essay in page]
    summary = summary_body(batch_id, report.batch, report.registration)
    return BatchStatusBody(**summary.model_dump(), essays=essays)


@statuses.get("/user/<user_id>")
@refuses(NotFound)
@validate_querystring(BatchListQuery)
@validate_response(BatchListBody)
@inject
async def batches_of_user(user_id: str, query_args: BatchListQuery, reports: FromDishka[BatchReports]) -> BatchListBody:
    """A teacher's batches, the newest first."""
    if asker() not in (None, user_id):
        raise NotFound
    page = await reports.of(user_id, _meant_by(query_args.status), query_args.limit, query_args.offset)
    return BatchListBody(
        batches=[summary_body(b.batch_id, b.batch, b.batch.registration) for b in page.batches if b.batch.registration],
        pagination=PaginationBody(limit=query_args.limit, offset=query_args.offset, total=page.total),
    )


def _meant_by(status: BatchStatus | BatchClientStatus | None) -> set[BatchStatus] | None:
    """Every status that a client's word stands for."""
    if status is None:
        return None
    return {each for each, word in CLIENT_STATUS.items() if status in (str(each), str(word))}
