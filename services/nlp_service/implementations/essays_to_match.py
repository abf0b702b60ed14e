"""Reads what matching looks at: of each essay its beginning and its end, and what is known of its file."""

import asyncio

from common_core.messages.matching import BatchStudentMatchingRequestedV1, EssayToMatchV1
from huleedu_service_libs.essay_work import EssayFailed, EssayWork
from huleedu_service_libs.logging_utils import create_service_logger
from nlp_service.config import SERVICE_NAME
from nlp_service.domain.matching.matching import Essay
from nlp_service.domain.matching.texts import beginning_and_end

_READ_AT_ONCE = 16

_logger = create_service_logger(SERVICE_NAME, "matching")


async def read_essays(work: EssayWork, request: BatchStudentMatchingRequestedV1) -> tuple[list[Essay], dict[str, str]]:
    """Each essay once, and the codes of those whose texts cannot be read. Raises Unavailable, once all are at rest."""
    essays = {essay.essay_id: essay for essay in request.essays_to_process}
    places = asyncio.Semaphore(_READ_AT_ONCE)

    async def read(essay: EssayToMatchV1) -> Essay:
        async with places:
            return await _read(work, essay)

    found = await asyncio.gather(*map(read, essays.values()), return_exceptions=True)
    codes = {}
    for essay, outcome in zip(essays.values(), found, strict=True):
        if isinstance(outcome, EssayFailed):
            about = {"batch_id": request.batch_id, "essay_id": essay.essay_id, "run_id": request.run_id}
            _logger.warning("essay matched without its text", code=outcome.code, reason=str(outcome), **about)
            codes[essay.essay_id] = outcome.code
        elif isinstance(outcome, BaseException):
            raise outcome
    unread = [_essay(essay, None) for essay_id, essay in essays.items() if essay_id in codes]
    return [essay for essay in found if isinstance(essay, Essay)] + unread, codes


async def _read(work: EssayWork, essay: EssayToMatchV1) -> Essay:
    return _essay(essay, beginning_and_end(await work.read(essay.text_storage_id)))


def _essay(essay: EssayToMatchV1, text: str | None) -> Essay:
    return Essay(essay.essay_id, text, essay.file_name, essay.document_author)
