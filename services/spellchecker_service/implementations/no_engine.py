"""The engine that does nothing, at once: what remains is the cost of everything around a check."""

from collections.abc import Sequence

from common_core.message import Envelope
from common_core.messages.spellcheck import EssayLifecycleSpellcheckRequestV1
from huleedu_service_libs.runtime import Group, cause_of, current_unit, on_run
from spellchecker_service.answers import Verdict, long_answer, short_answer
from spellchecker_service.config import SERVICE_NAME
from spellchecker_service.metrics import SpellcheckerMetrics

PROCESSOR_VERSION = "none"


class NoSpellingEngine:
    """Answers each request where it is read: every essay a success, its text as it was."""

    def __init__(self, metrics: SpellcheckerMetrics) -> None:
        self._skipped = metrics.operations.labels("any", "skipped")

    def group(self) -> Group:
        """See `SpellingEngineProtocol.group`."""
        return Group(name=SERVICE_NAME, routes=(on_run(EssayLifecycleSpellcheckRequestV1, self.skip),))

    async def skip(self, requests: Sequence[Envelope[EssayLifecycleSpellcheckRequestV1]]) -> None:
        """Say that each of these is done."""
        unit = current_unit()
        for request in requests:
            same_text = request.data.text_storage_id
            verdict = Verdict(processor_version=PROCESSOR_VERSION, corrected_text_storage_id=same_text)
            cause = cause_of(request)
            answers = (answer(request.data, cause, verdict, unit.now) for answer in (short_answer, long_answer))
            unit.say(*answers, cause=cause)
        self._skipped.inc(len(requests))
