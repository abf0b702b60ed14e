"""Results for people and programs: JSON, CSV, Excel."""

from collections.abc import AsyncIterator

from dishka import FromDishka
from quart import Blueprint, Response
from quart_dishka import inject
from quart_schema import document_response

from huleedu_service_libs.problems import refuses
from result_aggregator_service.api.asker import asker
from result_aggregator_service.api.json_results import CONTENT_TYPE, json_chunks
from result_aggregator_service.api_models import BatchResultsBody
from result_aggregator_service.batch_report import BatchNotFound, BatchReport, BatchReports
from result_aggregator_service.exports import csv_export, excel_export

results = Blueprint("results", __name__, url_prefix="/v1/batches")


@results.get("/<batch_id>/results")
@refuses(BatchNotFound)
@document_response(BatchResultsBody)
@inject
async def batch_results(batch_id: str, reports: FromDishka[BatchReports]) -> Response:
    """Everything that is known of a batch, essay by essay."""
    report = await reports.open(batch_id, asker())
    return Response(json_chunks(report), content_type=CONTENT_TYPE)


@results.get("/<batch_id>/results.csv")
@refuses(BatchNotFound)
@inject
async def batch_results_csv(batch_id: str, reports: FromDishka[BatchReports]) -> Response:
    """A table with a row for each essay, as CSV."""
    report = await reports.open(batch_id, asker())
    return _download(report, "csv", csv_export.csv_chunks(report), csv_export.CONTENT_TYPE)


@results.get("/<batch_id>/results.xlsx")
@refuses(BatchNotFound)
@inject
async def batch_results_xlsx(batch_id: str, reports: FromDishka[BatchReports]) -> Response:
    """A table with a row for each essay and one with every correction, as an Excel workbook."""
    report = await reports.open(batch_id, asker())
    return _download(report, "xlsx", excel_export.excel_chunks(report), excel_export.CONTENT_TYPE)


def _download(report: BatchReport, ending: str, chunks: AsyncIterator[bytes], content_type: str) -> Response:
    name = f"huleedu-{report.registration.course_code}-{report.batch_id}.{ending}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(chunks, headers=headers, content_type=content_type)
