"""From the XML of a word processor to its text: one pass, no tree, so that depth and size cost nothing."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping

from defusedxml.ElementTree import DefusedXMLParser
from msgspec import Struct

from file_service.domain.failures import ContentTooLong

MOST_CHARACTERS = 1_000_000

# Marks of structure are control characters, which XML cannot contain: no white space of an essay is taken for one.
SPACE, TAB, LINE = "\x1c", "\x1d", "\x1e"
_AS_WRITTEN = str.maketrans({SPACE: " ", TAB: "\t", LINE: "\n"})
_MOST_REPEATED_SPACES = 1_000


class Vocabulary(Struct, frozen=True):
    """What the elements of a format mean, by their names without namespace.

    A stream is a text of its own (a header, a text box) that must not interrupt the sentence around it.
    """

    letters: frozenset[str]
    paragraphs: frozenset[str]
    cell: str
    row: str
    marks: Mapping[str, str]
    skipped: frozenset[str]
    streams: Mapping[str, str]
    blanks: re.Pattern[str]
    repeats: str = ""


class Prose:
    """An XML parser's target that keeps the text of each stream; the main one is called "body"."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._words = vocabulary
        self._pieces: defaultdict[str, list[str]] = defaultdict(list)
        self._streams = ["body"]
        self._skipping = 0
        self._inside_letters = 0
        self._length = 0

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        name = tag.rpartition("}")[2]
        if self._skipping or name in self._words.skipped:
            self._skipping += 1
            return
        if name in self._words.streams:
            self._streams.append(self._words.streams[name])
        if name in self._words.letters:
            self._inside_letters += 1
        if mark := self._words.marks.get(name):
            self._write(mark * min(int(attributes.get(self._words.repeats, "1")), _MOST_REPEATED_SPACES))

    def end(self, tag: str) -> None:
        if self._skipping:
            self._skipping -= 1
            return
        name = tag.rpartition("}")[2]
        if name in self._words.letters:
            self._inside_letters -= 1
        if name in self._words.paragraphs:
            self._write(LINE)
        elif name == self._words.cell:
            self._replace_last(LINE, TAB)
        elif name == self._words.row:
            self._replace_last(TAB, LINE)
        elif name in self._words.streams:
            self._streams.pop()

    def data(self, text: str) -> None:
        if self._inside_letters and not self._skipping:
            self._write(text)

    def text(self, stream: str = "body") -> str:
        """The stream's text with its tabs and line ends."""
        return self._words.blanks.sub(" ", "".join(self._pieces[stream])).translate(_AS_WRITTEN)

    def _write(self, piece: str) -> None:
        self._length += len(piece)
        if self._length > MOST_CHARACTERS:
            raise ContentTooLong
        self._pieces[self._streams[-1]].append(piece)

    def _replace_last(self, mark: str, by: str) -> None:
        """A cell ends its row's line by a tab instead of its own last line end, a row by one line end."""
        pieces = self._pieces[self._streams[-1]]
        if pieces and pieces[-1] == mark:
            pieces.pop()
        pieces.append(by)


class Properties:
    """An XML parser's target that keeps the text of each flat element, by its name without namespace."""

    def __init__(self) -> None:
        self._values: defaultdict[str, str] = defaultdict(str)
        self._name = ""

    def start(self, tag: str, _attributes: Mapping[str, str]) -> None:
        self._name = tag.rpartition("}")[2]

    def end(self, _tag: str) -> None:
        self._name = ""

    def data(self, text: str) -> None:
        self._values[self._name] += text

    def get(self, *names: str) -> str | None:
        """The first of these properties that is not blank."""
        return next((self._values[name] for name in names if self._values[name].strip()), None)


def parse(chunks: Iterable[bytes], target: Prose | Properties) -> None:
    """Feed an XML document to the target; one with a document type or entities is refused."""
    parser = DefusedXMLParser(target=target, forbid_dtd=True)
    for chunk in chunks:
        parser.feed(chunk)
    parser.close()


def assembled(header: str, body: str, asides: str, footer: str) -> str:
    """A document's streams in the order of reading, each line of headers and footers once."""
    parts = (_distinct_lines(header), body, asides, _distinct_lines(footer))
    return "\n".join(part.strip("\n") for part in parts if part.strip())


def _distinct_lines(text: str) -> str:
    """Lines with a letter in them: page numbers are no text, and first, odd and even pages repeat each other."""
    lines = (line.strip() for line in text.splitlines())
    return "\n".join(dict.fromkeys(line for line in lines if any(map(str.isalpha, line))))
