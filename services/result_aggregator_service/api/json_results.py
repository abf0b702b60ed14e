"""Results as JSON: everything, a page of essays at a time."""

from collections.abc import AsyncIterator

from result_aggregator_service.api.bodies import essay_result_body, frame_body
from result_aggregator_service.batch_report import BatchReport

CONTENT_TYPE = "application/json"


async def json_chunks(report: BatchReport) -> AsyncIterator[bytes]:
    """One BatchResultsBody: the frame, opened again at its end to take the essays in."""
    yield frame_body(report).model_dump_json().removesuffix("}").encode() + b',"essays":['
    between = b""
    async for essays in report.pages(in_full=True):
        yield between + ",".join(essay_result_body(essay).model_dump_json() for essay in essays).encode()
        between = b","
    yield b"]}"
