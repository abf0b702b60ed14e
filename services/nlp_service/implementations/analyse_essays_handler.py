"""A work item: a few essays are read and measured, and each is answered, whatever happens to the others."""

import asyncio
from collections.abc import Sequence
from time import perf_counter

from msgspec import Struct

from common_core.enums import Language
from common_core.messages.nlp import EssayNlpCompletedV1, GrammarAnalysis
from common_core.shared import EssayProcessingInputRefV1
from huleedu_service_libs.cancelled_runs import CancelledRuns
from huleedu_service_libs.essay_work import EssayFailed, EssayWork
from huleedu_service_libs.logging_utils import create_service_logger
from huleedu_service_libs.runtime import current_unit
from nlp_service.answers import batch_completed, essay_completed
from nlp_service.config import SERVICE_NAME
from nlp_service.domain.analysis import Analysis
from nlp_service.essay_analysis import analyse_text
from nlp_service.implementations.analysis_repository_postgres_impl import AnalysisRow, PostgreSQLAnalysisRepository
from nlp_service.messages import AnalyseEssays, question
from nlp_service.metrics import NlpServiceMetrics

ANALYSIS_FAILED = "NLP_SERVICE_ERROR"

_logger = create_service_logger(SERVICE_NAME, "analysis")


class Outcome(Struct, frozen=True):
    """What became of one essay: its analysis, or the code of its failure."""

    essay: EssayProcessingInputRefV1
    analysis: Analysis | None = None
    error_code: str | None = None


class Outcomes(Struct, frozen=True):
    """What became of an item's essays, and how many seconds that took."""

    essays: Sequence[Outcome]
    seconds: float


NOTHING_DONE = Outcomes((), 0.0)


class AnalyseEssaysHandler:
    """Does what a request asks for, a few essays at a time."""

    def __init__(
        self,
        work: EssayWork,
        analyses: PostgreSQLAnalysisRepository,
        cancelled: CancelledRuns,
        metrics: NlpServiceMetrics,
    ) -> None:
        self._work, self._analyses, self._cancelled = work, analyses, cancelled
        self._operations = metrics.operations

    async def perform(self, item: AnalyseEssays) -> Outcomes:
        """Analyse the item's essays at the same time, unless nobody waits for them any longer.

        Raises Unavailable, once all have come to rest.
        """
        started = perf_counter()
        if await self._cancelled.contains(item.batch_id, item.run_id):
            self._operations.labels("essay_analysis", "cancelled").inc(len(item.essays))
            return NOTHING_DONE
        found = await asyncio.gather(*(self._outcome(item, essay) for essay in item.essays), return_exceptions=True)
        for error in found:
            if isinstance(error, BaseException):
                raise error
        outcomes = [outcome for outcome in found if isinstance(outcome, Outcome)]
        return Outcomes(outcomes, perf_counter() - started)

    async def _outcome(self, item: AnalyseEssays, essay: EssayProcessingInputRefV1) -> Outcome:
        try:
            outcome = Outcome(essay, await self._analysis(item.language, essay.text_storage_id))
        except EssayFailed as failed:
            about = {"batch_id": item.batch_id, "essay_id": essay.essay_id, "run_id": item.run_id}
            _logger.warning("essay not analysed", code=failed.code, reason=str(failed), **about)
            outcome = Outcome(essay, error_code=failed.code)
        self._operations.labels("essay_analysis", "failed" if outcome.error_code else "success").inc()
        return outcome

    async def _analysis(self, language: str, text_storage_id: str) -> Analysis:
        if language not in list(Language):
            raise EssayFailed("LANGUAGE_NOT_SUPPORTED", f"no analysis of {language!r}")
        text = await self._work.read(text_storage_id)
        return await self._work.compute(analyse_text, Language(language), text)

    async def conclude(self, item: AnalyseEssays, outcomes: Outcomes) -> None:
        """Record and answer, but for what another item has answered meanwhile."""
        if not outcomes.essays:
            return
        unit = current_unit()
        new = await self._analyses.record([_row(item, outcome) for outcome in outcomes.essays], unit.now)
        fresh = [outcome for outcome in outcomes.essays if question(item, outcome.essay) in new]
        if fresh:
            codes = {outcome.essay.essay_id: outcome.error_code for outcome in fresh}
            unit.say(
                *(_completed(item, each.essay, each.analysis) for each in fresh if each.analysis),
                batch_completed(item, codes, unit.now, seconds=outcomes.seconds),
            )

    async def abandon(self, item: AnalyseEssays, error: Exception) -> None:
        """Answer for what cannot be done at all: all of the item's essays have failed."""
        code = "TIMEOUT" if isinstance(error, TimeoutError) else ANALYSIS_FAILED
        await self.conclude(item, Outcomes([Outcome(essay, error_code=code) for essay in item.essays], 0.0))


def _row(item: AnalyseEssays, outcome: Outcome) -> AnalysisRow:
    words = outcome.analysis.metrics.word_count if outcome.analysis else None
    asked = question(item, outcome.essay)
    return AnalysisRow(asked, outcome.essay.text_storage_id, item.language, words, outcome.error_code)


def _completed(item: AnalyseEssays, essay: EssayProcessingInputRefV1, analysis: Analysis) -> EssayNlpCompletedV1:
    processing = {"feature_outputs": analysis.features, "language_differs": analysis.language_differs}
    grammar = GrammarAnalysis(error_count=0, language=item.language)
    return essay_completed(item, essay, analysis.metrics, grammar, processing, current_unit().now)
