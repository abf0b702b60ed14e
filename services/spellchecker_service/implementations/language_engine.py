"""The engine that checks: each request becomes a work item, so that teachers take turns."""

import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from time import perf_counter

from msgspec.structs import replace

from common_core.enums import Language
from common_core.message import Envelope
from common_core.messages.spellcheck import EssayLifecycleSpellcheckRequestV1
from huleedu_service_libs.cancelled_runs import CancelledRuns
from huleedu_service_libs.essay_work import EssayFailed, EssayWork
from huleedu_service_libs.logging_utils import create_service_logger
from huleedu_service_libs.runtime import Group, Work, cause_of, current_unit, on_run, work
from spellchecker_service.answers import Verdict, long_answer, short_answer, verdict_on
from spellchecker_service.config import SERVICE_NAME, SpellcheckerSettings
from spellchecker_service.implementations.spellcheck_rows_postgres_impl import PostgreSQLSpellcheckRows, SpellcheckRow
from spellchecker_service.lexicon import check_text
from spellchecker_service.metrics import SpellcheckerMetrics

CHECK_FAILED = "SPELLCHECK_SERVICE_ERROR"
PROCESSOR_VERSION = "hunspell_wordfreq_1.0"

_AT_ONCE = 2 * (os.cpu_count() or 1) + 2
"""Essays in hand: while some are computed on, others are read or kept."""
_STEPS = 3
"""The time limits of one computation that an essay may take: two computations, and reading and keeping texts."""

_logger = create_service_logger(SERVICE_NAME, "spelling")


class LanguageSpellingEngine:
    """Corrects English and Swedish; `lexicons` is the folder where words are kept ready."""

    def __init__(
        self,
        essay_work: EssayWork,
        rows: PostgreSQLSpellcheckRows,
        cancelled: CancelledRuns,
        metrics: SpellcheckerMetrics,
        lexicons: Path,
        settings: SpellcheckerSettings,
    ) -> None:
        self._work, self._rows, self._cancelled = essay_work, rows, cancelled
        self._operations, self._lexicons, self._settings = metrics.operations, lexicons, settings

    def group(self) -> Group:
        """See `SpellingEngineProtocol.group`."""
        seconds = _STEPS * self._settings.essay_time_limit
        checking = work(EssayLifecycleSpellcheckRequestV1, self.check, self.conclude, self.abandon, seconds)
        reading = on_run(EssayLifecycleSpellcheckRequestV1, self.take_on)
        return Group(name=SERVICE_NAME, routes=(reading,), work=(checking,), max_jobs=_AT_ONCE)

    async def take_on(self, requests: Sequence[Envelope[EssayLifecycleSpellcheckRequestV1]]) -> None:
        """Have each of these checked."""
        for request in requests:
            current_unit().say(Work(request.data), cause=cause_of(request))

    async def check(self, asked: EssayLifecycleSpellcheckRequestV1) -> Verdict | None:
        """Check one essay and keep its corrected text; None: nobody waits for it any longer.

        Raises Unavailable; an essay's own failure is a verdict.
        """
        started = perf_counter()
        if await self._cancelled.contains(asked.parent_id, asked.run_id):
            self._operations.labels("any", "cancelled").inc()
            return None
        try:
            verdict = await self._verdict(asked.language, asked.text_storage_id)
        except EssayFailed as failed:
            about = {"batch_id": asked.parent_id, "essay_id": asked.entity_id, "run_id": asked.run_id}
            _logger.warning("essay not checked", code=failed.code, reason=str(failed), **about)
            verdict = _failure(failed.code)
        self._count(asked.language, verdict)
        return replace(verdict, milliseconds=round(1000 * (perf_counter() - started)))

    async def _verdict(self, language: str, text_storage_id: str) -> Verdict:
        if language not in list(Language):
            raise EssayFailed("LANGUAGE_NOT_SUPPORTED", f"no spelling of {language!r}")
        text = await self._work.read(text_storage_id)
        result = await self._work.compute(check_text, Language(language), text, self._lexicons)
        corrected = await self._work.keep(result.corrected_text) if result.corrections else text_storage_id
        return verdict_on(result, corrected, PROCESSOR_VERSION)

    def _count(self, language: str, verdict: Verdict) -> None:
        label = language if language in list(Language) else "other"
        self._operations.labels(label, "failed" if verdict.error_code else "success").inc()

    async def conclude(self, asked: EssayLifecycleSpellcheckRequestV1, verdict: Verdict | None) -> None:
        """Record and answer, if somebody waits for it."""
        if verdict is None:
            return
        unit = current_unit()
        unit.add(self._rows, _row(asked, verdict, unit.now))
        unit.say(*(answer(asked, unit.cause, verdict, unit.now) for answer in (short_answer, long_answer)))

    async def abandon(self, asked: EssayLifecycleSpellcheckRequestV1, error: Exception) -> None:
        """Answer for what cannot be done at all."""
        await self.conclude(asked, _failure("TIMEOUT" if isinstance(error, TimeoutError) else CHECK_FAILED))


def _failure(code: str) -> Verdict:
    return Verdict(processor_version=PROCESSOR_VERSION, error_code=code)


def _row(asked: EssayLifecycleSpellcheckRequestV1, verdict: Verdict, at: datetime) -> SpellcheckRow:
    return SpellcheckRow(
        batch_id=asked.parent_id,
        run_id=asked.run_id or "",
        attempt=asked.attempt or 0,
        essay_id=asked.entity_id,
        text_storage_id=asked.text_storage_id,
        corrected_text_storage_id=verdict.corrected_text_storage_id,
        language=asked.language,
        language_detected=verdict.language_detected,
        corrections=verdict.metrics.total_corrections,
        word_count=verdict.metrics.word_count,
        error_code=verdict.error_code,
        processing_ms=verdict.milliseconds,
        checked_at=at,
    )
