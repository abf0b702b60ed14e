"""Analysis as work for a process pool: plain arguments in, a picklable result out."""

from time import perf_counter

from msgspec.structs import replace

from common_core.enums import Language
from nlp_service.domain.analysis import Analysis, analyse
from nlp_service.lexicon import lexicon_of


def analyse_text(language: Language, text: str) -> Analysis:
    """Measure a text with the dictionaries of this process, and say how long it took.

    Never raises for a text. Raises DictionaryMissing where the installation is broken.
    """
    lexicon = lexicon_of(language)
    started = perf_counter()
    analysis = analyse(text, language, lexicon)
    spent_ms = round(1000 * (perf_counter() - started))
    return replace(analysis, metrics=replace(analysis.metrics, processing_time_ms=spent_ms))
