"""What is corrected, what is left alone, and that nothing else in a text changes."""

from collections.abc import Iterable, Sequence

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from common_core.enums import Language
from spellchecker_service.domain.candidates import Candidate, rank, weighted_distance
from spellchecker_service.domain.languages import detect_language
from spellchecker_service.domain.learners import LEARNER_ERRORS
from spellchecker_service.domain.results import Correction, apply_corrections
from spellchecker_service.domain.speller import MOST_UNKNOWN_WORDS, Speller

ENGLISH = "the cat doesn't like house a is happy well known fact dog from and it on that can London Monday information"
SWEDISH = "fotboll fotbolls träning väg Göteborg är en fin stad och det katt"


class TinyLexicon:
    """A lexicon that holds the words it is given; one that is capitalised is right only so."""

    def __init__(self, words: str, heard: dict[str, float] | None = None) -> None:
        self._words = words.split()
        self._heard = heard or {}
        self.lookups = 0

    def accepts(self, word: str) -> bool:
        return word in self._words or word.lower() in self._words or word.capitalize() == word in self._words

    def similar(self, word: str) -> Iterable[Candidate]:
        self.lookups += 1
        return [Candidate(known, 5.0) for known in self._words]

    def zipf(self, word: str) -> float:
        return self._heard.get(word, 0.0)


@pytest.fixture(scope="module")
def english() -> Speller:
    return Speller(Language.ENGLISH, TinyLexicon(ENGLISH))


def replaced(corrections: Sequence[Correction]) -> list[tuple[str, str]]:
    return [(correction.original, correction.replacement) for correction in corrections]


@pytest.mark.parametrize(
    ("text", "corrected"),
    [
        ("Teh cat is hapy.", "The cat is happy."),
        ("the cat dosen’t like teh house", "the cat doesn’t like the house"),
        ("TEH CAT IS HAPY", "THE CAT IS HAPPY"),
        ("it is a well-knwon fact", "it is a well-known fact"),
        ("the hosue's cat", "the house's cat"),
        ("teh cat, teh dog, teh house", "the cat, the dog, the house"),
    ],
)
def test_a_misspelt_word_is_replaced_in_its_own_case(english: Speller, text: str, corrected: str) -> None:
    assert english.check(text).corrected_text == corrected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "the cat and Teh dog",  # a capital inside a sentence: a name
        "Teh is happy. Teh is a dog. Teh!",  # the same name time and again
        "the dog HOSUE is",  # an acronym
        "the hosue- and catt-",  # half words
        "a hh is",  # too short to tell
        "the " + "hapy" * 3_000,
        "it is on www.hapy.com and hapy@hosue.se",
        "it is hOusee",
    ],
)
def test_what_may_be_right_is_left_alone(english: Speller, text: str) -> None:
    result = english.check(text)

    assert (result.corrected_text, result.corrections) == (text, ())


def test_a_word_as_common_as_what_it_would_become_is_a_word_of_its_own() -> None:
    heard = Speller(Language.ENGLISH, TinyLexicon(ENGLISH, heard={"hapy": 4.5}))

    assert heard.check("the hapy cat").corrections == ()


def test_places_are_counted_in_the_original_text(english: Speller) -> None:
    text = "🙂 teh alot of teh"

    places = [text[each.offset : each.offset + each.length] for each in english.check(text).corrections]

    assert places == ["teh", "alot", "teh"]


def test_learners_errors_are_counted_apart(english: Speller) -> None:
    result = english.check("Becouse teh informations is on monday")

    assert result.corrected_text == "Because the information is on Monday"
    assert [each.kind for each in result.corrections] == ["learner", "spelling", "learner", "learner"]
    assert (result.total_corrections, result.l2_dictionary_corrections, result.spellchecker_corrections) == (4, 3, 1)
    assert result.correction_density == pytest.approx(100 * 4 / 6)


def test_learners_errors_in_english_do_not_concern_swedish() -> None:
    musik = Speller(Language.SWEDISH, TinyLexicon(SWEDISH + " musik"))

    assert musik.check("musik").corrections == ()


def test_a_misspelt_part_of_a_swedish_compound_is_mended() -> None:
    swedish = Speller(Language.SWEDISH, TinyLexicon(SWEDISH + " fotbollsträning"))

    assert swedish.suggest("fotbollstärning")[0] == "fotbollsträning"


def test_a_text_in_another_language_is_flagged_and_not_corrected(english: Speller) -> None:
    text = "Jag tyker att det är en fin stadd och att den har en katt som är snäll."

    result = english.check(text)

    assert (result.corrected_text, result.detected_language) == (text, Language.SWEDISH)


def test_a_text_of_mostly_unknown_words_is_not_corrected(english: Speller) -> None:
    text = "hevonen juoksee nopeasti metsän halki kohti " * 5

    assert english.check(text).corrections == ()


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("It was the best of times, and they have not been there.", Language.ENGLISH),
        ("Det var en gång en katt som inte var min.", Language.SWEDISH),
        ("Hej!", None),
        ("the cat and det som the och of är", None),
    ],
)
def test_little_words_tell_the_language(text: str, language: Language | None) -> None:
    assert detect_language(text) == language


def test_the_same_word_is_looked_up_once() -> None:
    lexicon = TinyLexicon(ENGLISH)
    Speller(Language.ENGLISH, lexicon).check("the cat is hapy and " * 200)

    assert lexicon.lookups == 1


def test_unknown_words_beyond_the_limit_are_left_alone() -> None:
    lexicon = TinyLexicon(ENGLISH)
    letters = "abcdefghijklmnopqrst"
    unknown = [f"zz{a}{b}{c}" for a in letters for b in letters for c in letters][: MOST_UNKNOWN_WORDS + 50]
    Speller(Language.ENGLISH, lexicon).check(" ".join(f"the cat {word}" for word in unknown))

    assert lexicon.lookups == MOST_UNKNOWN_WORDS


ODDITIES = ["teh", "Hapy", "HOSUE", "dosen’t", "alot", "knwon", "www.x.se", "å", "İx", "ß", "\u0301", "\u00ad", "🙂"]
PIECES = st.sampled_from([*ENGLISH.split(), *ODDITIES, " ", "-", ".", "\n", "'"])
TEXTS = st.text() | st.lists(PIECES).map("".join)


@given(TEXTS)
@example("TEH ﬁsh ǅ ŉ")
def test_only_the_corrected_spans_change(english: Speller, text: str) -> None:
    result = english.check(text)

    assert apply_corrections(text, result.corrections) == result.corrected_text
    ends = [each.offset + each.length for each in result.corrections]
    assert all(end <= each.offset for end, each in zip(ends, result.corrections[1:], strict=False))
    for each in result.corrections:
        assert text[each.offset : each.offset + each.length] == each.original != each.replacement


@given(st.text("abcdeåäö", max_size=8), st.text("abcdeåäö", max_size=8))
def test_only_equal_words_are_no_distance_apart(written: str, meant: str) -> None:
    assert (weighted_distance(written, meant, Language.SWEDISH) == 0.0) == (written == meant)


def test_likely_slips_count_less() -> None:
    def distance(written: str, meant: str) -> float:
        return weighted_distance(written, meant, Language.ENGLISH)

    assert distance("teh", "the") < distance("tie", "the")
    assert distance("comitee", "committee") < distance("comitee", "comrades")
    assert distance("becouse", "because") < distance("becluse", "because")


def test_of_equally_near_words_the_common_one_comes_first() -> None:
    suggestions = rank("hous", [Candidate("hour", 3.0), Candidate("house", 6.0)], Language.ENGLISH)

    assert [suggestion.word for suggestion in suggestions] == ["house", "hour"]


def test_the_learners_table_maps_wrong_forms_to_other_ones() -> None:
    assert all(wrong == wrong.lower() and wrong != right for wrong, right in LEARNER_ERRORS.items())
    assert not set(LEARNER_ERRORS) & set(LEARNER_ERRORS.values())
