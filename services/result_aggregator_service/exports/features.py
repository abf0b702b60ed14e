"""The features that stand in a table of results, with their headings; the rest is in JSON only."""

from msgspec import Struct

from common_core.enums import Language


class KeyFeature(Struct, frozen=True):
    """A feature by the name that the NLP service gives it; shown for courses in these languages."""

    name: str
    label: str
    unit: str
    languages: tuple[Language, ...] = (Language.ENGLISH, Language.SWEDISH)

    @property
    def heading(self) -> str:
        """Label and unit."""
        return f"{self.label} ({self.unit})" if self.unit else self.label


KEY_FEATURES = (
    KeyFeature("sentence_count", "Sentences", ""),
    KeyFeature("paragraph_count", "Paragraphs", ""),
    KeyFeature("sentence_length_mean", "Mean sentence length", "words"),
    KeyFeature("word_length_mean", "Mean word length", "characters"),
    KeyFeature("lix", "Readability LIX", "index"),
    KeyFeature("flesch_kincaid", "Readability Flesch-Kincaid", "school years", (Language.ENGLISH,)),
    KeyFeature("type_count", "Different words", ""),
    KeyFeature("mtld", "Vocabulary diversity MTLD", "words"),
    KeyFeature("ovix", "Vocabulary diversity OVIX", "index", (Language.SWEDISH,)),
    KeyFeature("zipf_mean", "Mean frequency of content words", "Zipf scale"),
    KeyFeature("misspelling_rate", "Words in no dictionary", "per 100 words"),
    KeyFeature("connectives", "Connectives", "per 100 words"),
)


def key_features(language: Language) -> list[KeyFeature]:
    """Those that are measured in this language."""
    return [feature for feature in KEY_FEATURES if language in feature.languages]
