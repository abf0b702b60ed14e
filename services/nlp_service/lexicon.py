"""The dictionaries inside the installed packages; each is loaded when it is first asked for, once per process."""

import math
from collections.abc import Callable
from functools import cache, lru_cache
from importlib.metadata import files
from pathlib import Path

from hunspell import Hunspell  # type: ignore[import-untyped]  # the package ships no types
from wordfreq import get_frequency_dict

from common_core.enums import Language
from nlp_service.domain.reading import Lexicon

COMMON_ENOUGH = 3.5
"""Zipf value from which an English word counts as spelt right: the dictionary is American, and `colour` is no error."""

LONGEST_WORD = 64
"""Characters; hunspell's compound check grows with the word, and nobody spells longer ones."""

REMEMBERED_WORDS = 100_000


class DictionaryMissing(Exception):
    """The package that holds a language's spelling dictionary is not installed completely."""


@cache
def lexicon_of(language: Language) -> Lexicon:
    """The lexicon of a language; 0.2 to 0.5 s for the first call in a process. Raises DictionaryMissing."""
    zipf = _zipf_from(get_frequency_dict(language.value))
    match language:
        case Language.ENGLISH:
            spelt = _accepts_from(Hunspell("en_US"))
            return Lexicon(zipf=zipf, accepts=lambda word: zipf(word.lower()) >= COMMON_ENOUGH or spelt(word))
        case Language.SWEDISH:
            return Lexicon(zipf=zipf, accepts=_accepts_from(_swedish_hunspell()))


def _zipf_from(frequencies: dict[str, float]) -> Callable[[str], float]:
    def zipf(word: str) -> float:
        frequency = frequencies.get(word, 0.0)
        return max(0.0, math.log10(frequency) + 9) if frequency else 0.0

    return zipf


def _accepts_from(dictionary: Hunspell) -> Callable[[str], bool]:
    @lru_cache(maxsize=REMEMBERED_WORDS)
    def accepts(word: str) -> bool:
        if len(word) > LONGEST_WORD:
            return False
        try:
            return bool(dictionary.spell(word))
        except UnicodeEncodeError:  # a letter that the dictionary's encoding does not have
            return False

    return accepts


def _swedish_hunspell() -> Hunspell:
    return Hunspell("sv_SE", hunspell_data_dir=str(_folder_of("hunspell-sv", "sv_SE.dic")))


def _folder_of(package: str, file_name: str) -> Path:
    """Where a package has put one of its files; hunspell-sv's lie outside every module."""
    for file in files(package) or ():
        if file.name == file_name:
            return Path(str(file.locate())).resolve().parent
    raise DictionaryMissing(f"{file_name} of {package}")
