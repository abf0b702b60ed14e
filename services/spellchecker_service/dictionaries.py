"""What the installed packages know of a language: its hunspell dictionary and its frequent words."""

from importlib.metadata import files
from itertools import takewhile
from pathlib import Path
from typing import NamedTuple

from hunspell import Hunspell  # type: ignore[import-untyped]  # the package ships no types
from wordfreq import freq_to_zipf, get_frequency_dict

from common_core.enums import Language
from spellchecker_service.domain.british import as_american

PACKAGES = ("wordfreq", "chunspell", "hunspell-sv")
"""The distributions whose versions decide what is found here."""

# Rarer words are left out: once in 30 million words (English), in 10 million (Swedish, whose compounds never end).
_RAREST_ZIPF = {Language.ENGLISH: 1.5, Language.SWEDISH: 2.0}
_COMMON_ENGLISH_ZIPF = 3.5
_COMMON_SWEDISH_ZIPF = 3.0
_COMMON_BUT_WRONG = frozenset({"brevid", "oxå", "väll"})


class Dictionary:
    """A hunspell dictionary from inside an installed package."""

    def __init__(self, name: str, package: str) -> None:
        path = next(file for file in files(package) or () if file.name == f"{name}.dic").locate()
        self._hunspell = Hunspell(name, hunspell_data_dir=str(Path(str(path)).resolve().parent))

    def accepts(self, word: str) -> bool:
        """Tell whether the dictionary knows the word; one that its encoding cannot hold is not for it to judge."""
        try:
            return bool(self._hunspell.spell(word))
        except UnicodeEncodeError:
            return True


class Entry(NamedTuple):
    """A word and how common it is (zipf: log10 of occurrences per 10^9 words)."""

    word: str
    zipf: float


def dictionary_of(language: Language) -> Dictionary:
    """Load the dictionary that decides what is spelt correctly."""
    if language == Language.ENGLISH:
        return Dictionary("en_US", "chunspell")
    return Dictionary("sv_SE_expanded", "hunspell-sv")


def frequent_words(language: Language) -> list[Entry]:
    """Return the language's words in lower case, right and wrong ones, commonest first."""
    frequencies = get_frequency_dict(language, "large").items()
    entries = (Entry(word, freq_to_zipf(frequency)) for word, frequency in frequencies if _is_letters(word))
    frequent = (entry for entry in entries if entry.zipf >= _RAREST_ZIPF[language])
    return sorted(frequent, key=lambda entry: (-entry.zipf, entry))


def _is_letters(word: str) -> bool:
    return word.replace("'", "").isalpha()


def british_words(refused: list[Entry], american: Dictionary) -> frozenset[str]:
    """Return the words that only their British spelling keeps out of the American dictionary."""
    spellings = ((word, as_american(word)) for word, _ in refused)
    return frozenset(word for word, other in spellings if other != word and american.accepts(other))


def words_of_their_own(language: Language, refused: list[Entry]) -> frozenset[str]:
    """Return the common words that belong to the language although its dictionary refuses them.

    What everybody writes counts as English ("uk", "iphone"). Swedish abbreviations and loans ("osv", "mail") stand in
    the package's larger dictionary, which knows wrong words too and so may not decide alone.
    """
    floor = _COMMON_ENGLISH_ZIPF if language == Language.ENGLISH else _COMMON_SWEDISH_ZIPF
    common = {word for word, _ in takewhile(lambda entry: entry.zipf >= floor, refused)} - _COMMON_BUT_WRONG
    if language == Language.ENGLISH:
        return frozenset(common)
    return frozenset(filter(Dictionary("sv_SE", "hunspell-sv").accepts, common))
