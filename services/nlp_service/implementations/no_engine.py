"""The engine that does nothing, at once: what remains is the cost of everything around an analysis."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from common_core.message import Envelope, Message
from common_core.messages.nlp import BatchNlpProcessingRequestedV2, GrammarAnalysis, NlpMetrics
from huleedu_service_libs.runtime import cause_of, current_unit
from nlp_service.answers import batch_completed, essay_completed
from nlp_service.domain.languages import UNDETERMINED
from nlp_service.metrics import NlpServiceMetrics

_NOT_MEASURED = NlpMetrics(word_count=0, sentence_count=0, avg_sentence_length=0.0, language_detected=UNDETERMINED)
_NOT_CHECKED = GrammarAnalysis(error_count=0, language=UNDETERMINED)


class NoAnalysisEngine:
    """Answers each request where it is read: every essay a success with nothing measured."""

    def __init__(self, metrics: NlpServiceMetrics) -> None:
        self._skipped = metrics.operations.labels("essay_analysis", "skipped")

    async def take_on(self, requests: Sequence[Envelope[BatchNlpProcessingRequestedV2]]) -> None:
        """See `AnalysisEngineProtocol.take_on`."""
        unit = current_unit()
        for request in requests:
            unit.say(*_answers(request.data, unit.now), cause=cause_of(request))
            self._skipped.inc(len(request.data.essays_to_process))


def _answers(request: BatchNlpProcessingRequestedV2, at: datetime) -> Iterator[Message]:
    for essay in request.essays_to_process:
        yield essay_completed(request, essay, _NOT_MEASURED, _NOT_CHECKED, {}, at)
    yield batch_completed(request, {essay.essay_id: None for essay in request.essays_to_process}, at)
