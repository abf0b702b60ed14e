"""The surface features of an essay as a table: what each is called, its unit, where it comes from, how it is measured.

They describe form. They are blind to content, to argument and to truth, and none of them is a grade.
"""

from collections.abc import Callable

from msgspec import Struct

from common_core.enums import Language
from nlp_service.domain import diversity
from nlp_service.domain import measures as m
from nlp_service.domain.reading import Reading

BOTH = (Language.ENGLISH, Language.SWEDISH)
ENGLISH = (Language.ENGLISH,)
SWEDISH = (Language.SWEDISH,)

COUNTED = "counted"
HUNSPELL = "counted with hunspell dictionaries"
ZIPF_SCALE = "van Heuven et al. (2014), SUBTLEX-UK; word frequencies of wordfreq"
PAGE = "Page (1966), The imminence of grading essays by computer"
PAGE_PETERSEN = "Page & Petersen (1995), The computer moves into essay grading"
BJORNSSON = "Björnsson (1968), Läsbarhet"
KINCAID = "Kincaid et al. (1975), Derivation of new readability formulas"
FLESCH = "Flesch (1948), A new readability yardstick"
MCLAUGHLIN = "McLaughlin (1969), SMOG grading"
MCCARTHY_JARVIS = "McCarthy & Jarvis (2010), MTLD, vocd-D, and HD-D"
COVINGTON_MCFALL = "Covington & McFall (2010), Cutting the Gordian knot"
GUIRAUD = "Guiraud (1954), Les caractères statistiques du vocabulaire"
HULTMAN_WESTMAN = "Hultman & Westman (1977), Gymnasistsvenska"
YULE = "Yule (1944), The statistical study of literary vocabulary"
HALLIDAY_HASAN = "Halliday & Hasan (1976), Cohesion in English"
COH_METRIX = "McNamara et al. (2014), Automated evaluation of text and discourse with Coh-Metrix"
BIBER = "Biber (1988), Variation across speech and writing"


class Feature(Struct, frozen=True):
    """One row of the table. The measure gives 0 where the text is too short for it."""

    label: str
    unit: str
    source: str
    measure: Callable[[Reading], float]
    languages: tuple[Language, ...] = BOTH


FEATURES: dict[str, Feature] = {
    # length
    "word_count": Feature("Words", "words", COUNTED, lambda r: len(r.words)),
    "sentence_count": Feature("Sentences", "sentences", COUNTED, lambda r: len(r.sentences)),
    "paragraph_count": Feature("Paragraphs, headings included", "paragraphs", COUNTED, lambda r: r.paragraph_count),
    "fourth_root_length": Feature(
        "Fourth root of the word count", "words^(1/4)", PAGE_PETERSEN, lambda r: len(r.words) ** 0.25
    ),
    "sentence_length_mean": Feature("Mean sentence length", "words", COUNTED, lambda r: m.mean(r.sentence_lengths)),
    "sentence_length_deviation": Feature(
        "Deviation of sentence length", "words", COUNTED, lambda r: m.deviation(r.sentence_lengths)
    ),
    "sentence_length_longest": Feature(
        "Longest sentence", "words", COUNTED, lambda r: max(r.sentence_lengths, default=0)
    ),
    "word_length_mean": Feature("Mean word length", "characters", PAGE_PETERSEN, lambda r: m.mean(r.word_lengths)),
    "word_length_deviation": Feature(
        "Deviation of word length", "characters", PAGE_PETERSEN, lambda r: m.deviation(r.word_lengths)
    ),
    "long_words": Feature(
        "Words of more than 6 letters", "% of words", BJORNSSON, lambda r: m.per_100_words(r, m.words_longer_than(r, 6))
    ),
    "very_long_words": Feature(
        "Words of more than 8 letters", "% of words", COUNTED, lambda r: m.per_100_words(r, m.words_longer_than(r, 8))
    ),
    # readability
    "lix": Feature("LIX", "index", BJORNSSON, m.lix),
    "flesch_kincaid": Feature("Flesch-Kincaid grade level", "school years", KINCAID, m.flesch_kincaid, ENGLISH),
    "flesch_reading_ease": Feature("Flesch reading ease", "index", FLESCH, m.reading_ease, ENGLISH),
    "syllables_per_word": Feature("Syllables per word", "syllables", FLESCH, lambda r: m.mean(r.syllables), ENGLISH),
    "polysyllables": Feature(
        "Words of 3 or more syllables",
        "% of words",
        MCLAUGHLIN,
        lambda r: m.per_100_words(r, m.polysyllables(r)),
        ENGLISH,
    ),
    # vocabulary: how varied
    "type_count": Feature("Different words", "words", COUNTED, lambda r: len(r.types)),
    "mtld": Feature("MTLD", "words", MCCARTHY_JARVIS, lambda r: diversity.mtld(r.words)),
    "hdd": Feature("HD-D", "0 to 1", MCCARTHY_JARVIS, lambda r: diversity.hdd(r.types)),
    "mattr": Feature("MATTR of 50 words", "0 to 1", COVINGTON_MCFALL, lambda r: diversity.mattr(r.words)),
    "guiraud": Feature("Guiraud's index", "index", GUIRAUD, lambda r: diversity.guiraud(len(r.types), len(r.words))),
    "ovix": Feature("OVIX", "index", HULTMAN_WESTMAN, lambda r: diversity.ovix(len(r.types), len(r.words)), SWEDISH),
    "yule_k": Feature("Yule's K", "index", YULE, lambda r: diversity.yule_k(r.types)),
    "once_only_words": Feature(
        "Words that occur once", "% of words", COUNTED, lambda r: m.per_100_words(r, m.once_only_words(r))
    ),
    "pair_diversity": Feature(
        "Guiraud's index of word pairs", "index", GUIRAUD, lambda r: diversity.pair_diversity(r.words)
    ),
    # vocabulary: how rare
    "zipf_mean": Feature("Mean zipf value of known content words", "zipf", ZIPF_SCALE, m.mean_zipf),
    "zipf_4_to_5": Feature(
        "Everyday words (zipf 4 to 5)",
        "% of content words",
        ZIPF_SCALE,
        lambda r: m.percent_of_content(r, m.content_with_zipf(r, 4, 5)),
    ),
    "zipf_3_to_4": Feature(
        "Less common words (zipf 3 to 4)",
        "% of content words",
        ZIPF_SCALE,
        lambda r: m.percent_of_content(r, m.content_with_zipf(r, 3, 4)),
    ),
    "zipf_below_3": Feature(
        "Rare words (zipf up to 3)",
        "% of content words",
        ZIPF_SCALE,
        lambda r: m.percent_of_content(r, m.content_with_zipf(r, 0, 3)),
    ),
    "unknown_words": Feature(
        "Words in no frequency list",
        "% of content words",
        ZIPF_SCALE,
        lambda r: m.percent_of_content(r, m.unknown_words(r)),
    ),
    "advanced_words": Feature("Different well-spelt words up to zipf 4", "words", ZIPF_SCALE, m.advanced_words),
    # spelling
    "misspelling_rate": Feature(
        "Words in no dictionary", "per 100 words", HUNSPELL, lambda r: m.per_100_words(r, r.misspelt.total())
    ),
    "misspelt_types": Feature("Different words in no dictionary", "words", HUNSPELL, lambda r: len(r.misspelt)),
    "spoken_forms": Feature(
        "Forms of spoken language",
        "per 100 words",
        BIBER,
        lambda r: m.per_100_words(r, r.count(r.profile.spoken_forms)),
    ),
    # cohesion
    "connectives": Feature(
        "Connectives", "per 100 words", HALLIDAY_HASAN, lambda r: m.per_100_words(r, r.count(r.profile.connectives))
    ),
    "connective_types": Feature(
        "Different connectives", "words", HALLIDAY_HASAN, lambda r: len(r.types.keys() & r.profile.connectives)
    ),
    "sentence_overlap": Feature(
        "Neighbouring sentences sharing a content word", "% of pairs", COH_METRIX, m.overlapping_sentences
    ),
    "function_words": Feature(
        "Function words", "% of words", COUNTED, lambda r: m.per_100_words(r, r.count(r.profile.function_words))
    ),
    "repeated_words": Feature(
        "The same word twice in a row", "per 100 words", COUNTED, lambda r: m.per_100_words(r, m.repeated_words(r))
    ),
    # voice
    "first_person": Feature(
        "First person", "per 100 words", BIBER, lambda r: m.per_100_words(r, r.count(r.profile.first_person))
    ),
    "second_person": Feature(
        "Second person", "per 100 words", BIBER, lambda r: m.per_100_words(r, r.count(r.profile.second_person))
    ),
    "third_person": Feature(
        "Third person", "per 100 words", BIBER, lambda r: m.per_100_words(r, r.count(r.profile.third_person))
    ),
    "contractions": Feature(
        "Contractions and genitives", "per 100 words", BIBER, lambda r: m.per_100_words(r, m.contractions(r)), ENGLISH
    ),
    # punctuation
    "commas": Feature("Commas", "per 100 words", PAGE, lambda r: m.marks(r, ",")),
    "semicolons_colons": Feature("Semicolons and colons", "per 100 words", PAGE, lambda r: m.marks(r, ";:")),
    "question_marks": Feature("Question marks", "per 100 words", PAGE, lambda r: m.marks(r, "?")),
    "exclamation_marks": Feature("Exclamation marks", "per 100 words", PAGE, lambda r: m.marks(r, "!")),
    "quotation_marks": Feature("Quotation marks", "per 100 words", PAGE, lambda r: m.marks(r, m.QUOTES)),
    "dashes": Feature("Dashes and hyphens", "per 100 words", PAGE, lambda r: m.marks(r, m.DASHES)),
    "parentheses": Feature("Parentheses", "per 100 words", PAGE, lambda r: m.marks(r, "(")),
    "punctuation": Feature("Punctuation marks", "per 100 words", COUNTED, lambda r: m.marks(r, ".,;:?!")),
    "punctuation_kinds": Feature("Kinds of punctuation marks, of 9", "kinds", COUNTED, m.kinds_of_marks),
    "numerals": Feature("Numbers in digits", "per 100 words", COUNTED, lambda r: m.per_100_words(r, m.numerals(r))),
    # slips of the hand
    "uncapitalised_sentences": Feature(
        "Sentences beginning with a small letter", "% of sentences", COUNTED, m.uncapitalised_sentences
    ),
    "lowercase_i": Feature(
        "i for I", "per 100 words", COUNTED, lambda r: m.per_100_words(r, m.lowercase_slips(r)), ENGLISH
    ),
    "capital_words": Feature(
        "Words in capitals", "% of words", COUNTED, lambda r: m.per_100_words(r, m.capital_words(r))
    ),
    "missing_spaces": Feature(
        "No space after a punctuation mark", "per 100 words", COUNTED, lambda r: m.per_100_words(r, m.missing_spaces(r))
    ),
}


def measure_features(reading: Reading, language: Language) -> dict[str, float]:
    """All features that exist for the language, by name; every value is finite."""
    return {name: float(row.measure(reading)) for name, row in FEATURES.items() if language in row.languages}
