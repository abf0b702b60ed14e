"""A text in, its numbers out."""

from msgspec import Struct

from common_core.enums import Language
from common_core.messages.nlp import NlpMetrics
from nlp_service.domain.features import measure_features
from nlp_service.domain.languages import PROFILES, UNDETERMINED, detect_language
from nlp_service.domain.measures import per_100_words, ratio
from nlp_service.domain.reading import Lexicon, Reading, read

DECIMALS = 4


class Analysis(Struct, frozen=True, kw_only=True):
    """What is measured of one text."""

    metrics: NlpMetrics
    """As on the wire. What needs a parser or a reference corpus of word pairs stays at the wire's 0, "not measured"."""

    features: dict[str, float]
    """By the names of the table in `features`; each one that exists for the language, always."""

    language_differs: bool
    """The text is clearly in another language than its course's, so the rest says little."""


def analyse(text: str, language: Language, lexicon: Lexicon) -> Analysis:
    """Measure a text as one in this language; any text, in time proportional to its length, without ever raising."""
    reading = read(text, PROFILES[language], lexicon)
    features = {name: round(value, DECIMALS) for name, value in measure_features(reading, language).items()}
    detected = detect_language(reading.types)
    return Analysis(
        metrics=_metrics(reading, features, detected),
        features=features,
        language_differs=detected not in (language, UNDETERMINED),
    )


def _metrics(reading: Reading, features: dict[str, float], detected: str) -> NlpMetrics:
    return NlpMetrics(
        word_count=len(reading.words),
        sentence_count=len(reading.sentences),
        avg_sentence_length=features["sentence_length_mean"],
        language_detected=detected,
        mean_zipf_frequency=round(_mean_zipf(reading), DECIMALS),
        percent_tokens_zipf_below_3=round(_percent_below_zipf_3(reading), DECIMALS),
        mtld_score=features["mtld"],
        hdd_score=features["hdd"],
    )


def _mean_zipf(reading: Reading) -> float:
    """The mean over all words, function words and, at 0, unknown words included."""
    return ratio(sum(n * reading.zipf[word] for word, n in reading.types.items()), len(reading.words))


def _percent_below_zipf_3(reading: Reading) -> float:
    """The percentage of all words, the unknown ones included, so that misspellings count as rare here."""
    return per_100_words(reading, sum(n for word, n in reading.types.items() if reading.zipf[word] < 3))
