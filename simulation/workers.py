"""What costs time and may fail: files that are read, texts that are checked and analysed. All of it by chance."""

from collections.abc import Callable
from random import Random
from typing import Any, TypeVar, cast

from file_service.domain.extracted_text import ExtractedText
from file_service.extraction.reading import read_text
from nlp_service.domain.analysis import Analysis
from nlp_service.essay_analysis import analyse_text
from spellchecker_service.domain.results import Correction, SpellingResult
from spellchecker_service.lexicon import check_text

from common_core.messages.nlp import NlpMetrics
from huleedu_service_libs.process_pool import WorkerNotReady

T = TypeVar("T")

_ANALYSIS = Analysis(
    metrics=NlpMetrics(word_count=12, sentence_count=1, avg_sentence_length=12.0, language_detected="en"),
    features={"word_count": 12.0},
    language_differs=False,
)


_FAILURES = (
    TimeoutError("a slow text"),
    TimeoutError("another slow text"),
    ValueError("an odd text"),
    WorkerNotReady("no process to compute in"),
)
"""What is worth another attempt, what is not, and what is to be waited out."""


class Rate:
    """Which share of computations fails."""

    def __init__(self) -> None:
        self.share = 0.0


class ChancyPool:
    """Computes nothing: it succeeds, or fails in one of the ways that there are."""

    def __init__(self, chance: Random, failing: Rate) -> None:
        self._chance, self._failing = chance, failing

    async def run(self, function: Callable[..., T], *args: Any) -> T:
        """See `Pool`."""
        if self._chance.random() < self._failing.share:
            raise self._chance.choice(_FAILURES)
        return cast(T, _RESULTS[function](*args))


def _checked(language: object, text: str, folder: object) -> SpellingResult:
    correction = Correction(0, 1, text[0], text[0].upper(), (), "spelling")
    return SpellingResult("E" + text[1:], (correction,), len(text.split()), None)


def _analysed(language: object, text: str) -> Analysis:
    return _ANALYSIS


_RESULTS: dict[Callable[..., Any], Callable[..., Any]] = {check_text: _checked, analyse_text: _analysed}


class PlainReader:
    """Reads files here, and not in a process of their own."""

    async def extract(self, raw: bytes, file_name: str) -> ExtractedText:
        """See `TextReaderProtocol`."""
        return read_text(raw)
