"""The engine that analyses: requests become work items of a few essays."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from common_core.message import Envelope
from common_core.messages.nlp import BatchNlpProcessingRequestedV2
from common_core.shared import EssayProcessingInputRefV1
from huleedu_service_libs.runtime import Effect, Work, cause_of, current_unit
from nlp_service.answers import batch_completed
from nlp_service.config import NlpSettings
from nlp_service.implementations.analysis_repository_postgres_impl import PostgreSQLAnalysisRepository
from nlp_service.messages import AnalyseEssays, Question, question


class LanguageAnalysisEngine:
    """Has essays analysed; what has been answered before is answered again without more work."""

    def __init__(self, analyses: PostgreSQLAnalysisRepository, settings: NlpSettings) -> None:
        self._analyses, self._essays_per_item = analyses, settings.essays_per_item

    async def take_on(self, requests: Sequence[Envelope[BatchNlpProcessingRequestedV2]]) -> None:
        """See `AnalysisEngineProtocol.take_on`."""
        unit = current_unit()
        known = await self._analyses.known(
            [question(request.data, essay) for request in requests for essay in request.data.essays_to_process]
        )
        for request in requests:
            unit.say(*self._effects(request.data, known, unit.now), cause=cause_of(request))

    def _effects(
        self, request: BatchNlpProcessingRequestedV2, known: Mapping[Question, str | None], at: datetime
    ) -> Iterator[Effect]:
        essays = {essay.essay_id: essay for essay in request.essays_to_process}
        questions = {essay_id: question(request, essay) for essay_id, essay in essays.items()}
        answered = {essay_id: known[asked] for essay_id, asked in questions.items() if asked in known}
        left = [essay for essay_id, essay in essays.items() if essay_id not in answered]
        if answered or not left:
            yield batch_completed(request, answered, at)
        for start in range(0, len(left), self._essays_per_item):
            yield Work(_item(request, left[start : start + self._essays_per_item]))


def _item(request: BatchNlpProcessingRequestedV2, essays: list[EssayProcessingInputRefV1]) -> AnalyseEssays:
    return AnalyseEssays(
        batch_id=request.batch_id,
        language=request.language,
        essays=essays,
        run_id=request.run_id,
        attempt=request.attempt,
    )
