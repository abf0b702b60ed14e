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
        bodies = [essay_result_body(essay, of_a_class=report.is_of_a_class) for essay in essays]
        yield between + ",".join(body.model_dump_json() for body in bodies).encode()
        between = b","
    yield b"]}"
