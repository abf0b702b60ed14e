"""The words of each language on disk: built once from the installed packages, mapped into memory by every worker."""

import fcntl
import hashlib
import mmap
import os
import struct
import sys
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from zlib import crc32

from common_core.enums import Language
from spellchecker_service.dictionaries import (
    PACKAGES,
    Entry,
    british_words,
    dictionary_of,
    frequent_words,
    words_of_their_own,
)
from spellchecker_service.domain.candidates import Candidate, index_keys, search_keys
from spellchecker_service.domain.results import SpellingResult
from spellchecker_service.domain.speller import Speller

Progress = Callable[[int, int], None]
"""Called with how many words are done, and of how many."""

_FORMAT = "1"
_HEADER = struct.Struct("=4Q")  # postings, words, bytes of words, bytes of words accepted besides
_ZIPF_STEPS = 100  # of one decade
_PROGRESS_STEP = 1_000


class StoredLexicon:
    """A lexicon file mapped into memory, so that all workers share one copy, beside its hunspell dictionary."""

    def __init__(self, language: Language, path: Path) -> None:
        self._language = language
        self._dictionary = dictionary_of(language)
        with path.open("rb") as file:
            view = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        sections = _sections(view)
        self._postings, self._zipfs = sections[0].cast("Q"), sections[1].cast("f")
        self._words = str(sections[2], "utf-8").split("\n")
        self._also_right = frozenset(str(sections[3], "utf-8").split("\n"))

    def accepts(self, word: str) -> bool:
        """Tell whether the word, written like this, belongs to the language."""
        return self._dictionary.accepts(word) or word.lower() in self._also_right

    def similar(self, word: str) -> list[Candidate]:
        """Return the words filed under a key of this one, commonest first."""
        found = {number for key in search_keys(word, self._language) for number in self._filed_under(key)}
        return [Candidate(self._words[number], self._zipfs[number]) for number in sorted(found)]

    def zipf(self, word: str) -> float:
        """Return how common a word is that `accepts` refuses (0.0: never seen)."""
        return min((number / _ZIPF_STEPS for number in self._filed_under(_refused(word))), default=0.0)

    def _filed_under(self, key: str) -> Iterator[int]:
        """Yield word numbers; keys are hashed, so a few may be strangers."""
        first = _posting(key, 0)
        for position in range(bisect_left(self._postings, first), len(self._postings)):
            number = self._postings[position] - first
            if number >> 32:
                return
            yield number


def _posting(key: str, number: int) -> int:
    return crc32(key.encode()) << 32 | number


def _refused(word: str) -> str:
    """The key under which the frequency of a word that is not in the lexicon is filed."""
    return f"={word}"


def _sections(view: memoryview) -> list[memoryview]:
    """Split a lexicon file into postings, frequencies, words and words accepted besides."""
    postings, words, *text_sizes = _HEADER.unpack_from(view)
    position = _HEADER.size
    sections = []
    for size in (8 * postings, 4 * words, *text_sizes):
        sections.append(view[position : position + size])
        position += size
    return sections


def lexicon_path(language: Language, folder: Path) -> Path:
    """Return where the language's lexicon for the installed packages is, or will be."""
    return folder / f"spelling-{language}-{_fingerprint()}.lexicon"


def prepare_lexicon(language: Language, folder: Path, on_progress: Progress | None = None) -> Path:
    """Return the language's lexicon file in `folder`, building it if need be (seconds, once per installed version).

    Safe when several processes ask at once (one builds, the others wait) and when one is killed while it builds.
    """
    path = lexicon_path(language, folder)
    if path.exists():
        return path
    folder.mkdir(parents=True, exist_ok=True)
    with _only_one(folder / f"spelling-{language}.lock"):
        if not path.exists():
            _write(path, _build(language, on_progress or (lambda done, total: None)))
    return path


def _fingerprint() -> str:
    versions = [f"{package} {version(package)}" for package in PACKAGES]
    return hashlib.blake2b("\n".join([_FORMAT, sys.byteorder, *versions]).encode(), digest_size=6).hexdigest()


@contextmanager
def _only_one(lock: Path) -> Iterator[None]:
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # let go when the file closes, also by a kill
        yield


def _write(path: Path, sections: list[bytes]) -> None:
    unfinished = path.with_suffix(".building")
    with unfinished.open("wb") as file:
        file.writelines(sections)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)


def _build(language: Language, on_progress: Progress) -> list[bytes]:
    """Return the sections of a lexicon file, its header first."""
    dictionary, frequent = dictionary_of(language), frequent_words(language)
    total = 2 * len(frequent)
    refused = [entry for entry in _told(frequent, on_progress, 0, total) if not dictionary.accepts(entry.word)]
    british = british_words(refused, dictionary) if language == Language.ENGLISH else frozenset()
    in_need_of_a_capital = {word for word, _ in refused if word not in british}
    entries: list[Entry] = []
    postings: list[int] = []
    for word, zipf in _told(frequent, on_progress, len(frequent), total):
        written = word.capitalize() if word in in_need_of_a_capital else word
        if written != word and not dictionary.accepts(written):
            postings.append(_posting(_refused(word), round(zipf * _ZIPF_STEPS)))
        else:
            postings += (_posting(key, len(entries)) for key in index_keys(written, language))
            entries.append(Entry(written, zipf))
    on_progress(total, total)
    return _packed(sorted(postings), entries, sorted(british | words_of_their_own(language, refused)))


def _told(frequent: list[Entry], on_progress: Progress, before: int, total: int) -> Iterator[Entry]:
    """Yield the entries, telling now and then how far this is."""
    for done, entry in enumerate(frequent, before):
        if done % _PROGRESS_STEP == 0:
            on_progress(done, total)
        yield entry


def _packed(postings: list[int], entries: list[Entry], accepted: list[str]) -> list[bytes]:
    words, also_right = "\n".join(entry.word for entry in entries).encode(), "\n".join(accepted).encode()
    header = _HEADER.pack(len(postings), len(entries), len(words), len(also_right))
    zipfs = array("f", (entry.zipf for entry in entries)).tobytes()
    return [header, array("Q", postings).tobytes(), zipfs, words, also_right]


@lru_cache
def speller(language: Language, folder: Path) -> Speller:
    """Return this process's speller for the language, loading (or building) its lexicon at the first call."""
    return Speller(language, StoredLexicon(language, prepare_lexicon(language, folder)))


def check_text(language: Language, text: str, folder: Path) -> SpellingResult:
    """Check a text with the lexicon in `folder`; made to be called in a pool of processes."""
    return speller(language, folder).check(text)
