"""What teachers hand in: batches of a few essays, some files unreadable, some never handed in. Drawn from a seed."""

import random
from collections.abc import Iterator, Sequence

import msgspec

from chaos.classroom import WAYS, Way
from chaos.pupils import Handed

OF_A_CLASS = 0.4  # of all batches
HALTS_EARLY = 0.4  # of the halted batches of a class: while students are looked for
MOST_ESSAYS = 12
_SENTENCES = (
    "The teacher told us to write about the summer.",
    "My best freind lives in a big house by the river.",
    "I beleive that school is important becaus of what we learn.",
    "Yesterday we went to the libary and stayed there all day.",
    "It is diffrent in Sweden, where the winter never seems to end.",
)


class Assignment(msgspec.Struct, frozen=True, kw_only=True):
    """A batch's essays to come. `broken` files cannot be read, `missing` ones are never handed in.

    In the middle of each run its teacher wishes to `halt` it: pause or cancel; and `retries` what has failed in it.
    Of a batch of a class they `decide` who wrote what; that one may be halted `early`, while students are looked for.
    `watched` is how likely it is that somebody keeps a stream of the batch open.
    """

    essays: int
    broken: int = 0
    missing: int = 0
    pipelines: tuple[str, ...] = ("nlp",)
    halt: str = ""
    decide: Way | None = None
    early: bool = False
    retries: bool = False
    watched: float = 0.0

    @property
    def is_whole(self) -> bool:
        """Every slot will be filled or fail, so that the batch can go on."""
        return not self.missing

    @property
    def usable(self) -> int:
        """How many essays can be worked on."""
        return self.essays - self.broken - self.missing

    def readable(self, chance: random.Random) -> list[Handed]:
        """The essays that can be worked on."""
        return [Handed(f"essay {number:02}.txt", _text(chance)) for number in range(self.usable)]

    def files(self, readable: Sequence[Handed], chance: random.Random) -> list[tuple[str, bytes]]:
        """Names and contents, in the order in which they are handed in."""
        broken = [(f"broken {number:02}.pdf", b"%PDF-1.4 nothing") for number in range(self.broken)]
        files = [*((essay.file_name, essay.text.encode()) for essay in readable), *broken]
        chance.shuffle(files)
        return files


PROBE = Assignment(essays=1, pipelines=("spellcheck",))
"""The smallest class that passes through everything: what recovery is measured by."""


def assignments(chance: random.Random) -> Iterator[Assignment]:
    """One class after another."""
    while True:
        essays = chance.randint(1, MOST_ESSAYS)
        decide = chance.choice(WAYS) if chance.random() < OF_A_CLASS else None
        yield Assignment(
            essays=essays,
            broken=chance.randint(1, essays) if chance.random() < 0.15 else 0,
            pipelines=chance.choice((("nlp",), ("nlp",), ("spellcheck",), ("spellcheck", "nlp"))),
            halt=chance.choice(("", "", "", "pause", "cancel")),
            decide=decide,
            early=decide is not None and chance.random() < HALTS_EARLY,
            retries=chance.random() < 0.7,
            watched=0.2,
        )
        if chance.random() < 0.05:
            yield Assignment(essays=3, missing=chance.randint(1, 3), pipelines=())
        if chance.random() < 0.05:
            yield Assignment(essays=2, pipelines=())


def portions(files: Sequence[tuple[str, bytes]], chance: random.Random) -> Iterator[Sequence[tuple[str, bytes]]]:
    """The files cut into requests."""
    start = 0
    while start < len(files):
        end = start + chance.randint(1, MOST_ESSAYS)
        yield files[start:end]
        start = end


def _text(chance: random.Random) -> str:
    return " ".join(chance.choices(_SENTENCES, k=12))
