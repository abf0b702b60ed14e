"""The pupils of a teacher's class: their list, and their essays, most of which say who wrote them."""

import random
from collections.abc import Mapping, Sequence

import msgspec

CLASS_SIZE = 16
NAMELESS = 0.15  # of all essays: nothing in them says who wrote them
_FIRST = (
    *("Agnes", "Bertil", "Cecilia", "Dragan", "Elsa", "Folke", "Gunilla", "Hassan", "Ingrid", "Jovana", "Kerstin"),
    *("Ludvig", "Mohammed", "Ninni", "Oskar", "Petra", "Quinn", "Rebecka", "Svante", "Tuva", "Ulrika", "Viggo"),
)
_LAST = (
    *("Ahlgren", "Bergqvist", "Ceder", "Dahlin", "Ekström", "Fagerlund", "Gustavsson", "Hedlund", "Isaksson"),
    *("Jönsson", "Kaplan", "Lindqvist", "Mårtensson", "Nyström", "Olofsson", "Petrović", "Rosén", "Sjöberg"),
    *("Thorell", "Uddenberg", "Vikström", "Wallin"),
)


class Handed(msgspec.Struct, frozen=True):
    """A readable essay as it is handed in, and whose it is, if it is a pupil's of a class."""

    file_name: str
    text: str
    pupil: str = ""


def pupils(chance: random.Random) -> Sequence[str]:
    """The names of a class's pupils; no two have a first or a last name in common."""
    firsts, lasts = chance.sample(_FIRST, CLASS_SIZE), chance.sample(_LAST, CLASS_SIZE)
    return [f"{first} {last}" for first, last in zip(firsts, lasts, strict=True)]


def roster(names: Sequence[str]) -> bytes:
    """The list that a class is made from."""
    return "\n".join(("Namn", *names)).encode()


def signed(essays: Sequence[Handed], names: Sequence[str], chance: random.Random) -> Sequence[Handed]:
    """The same as written by as many pupils: each tells by whom in its first line, its file's name, or not at all."""
    authors = chance.sample(names, len(essays))
    return [_signed(essay, author, chance) for essay, author in zip(essays, authors, strict=True)]


def _signed(essay: Handed, author: str, chance: random.Random) -> Handed:
    if chance.random() < NAMELESS:
        return Handed(essay.file_name, essay.text, author)
    if chance.random() < 0.5:
        return Handed(essay.file_name, f"Name: {author}\n\n{essay.text}", author)
    return Handed(f"{author.replace(' ', '_')}.txt", essay.text, author)


def authors(essays: Sequence[Handed]) -> Mapping[str, str]:
    """Whose each file is."""
    return {essay.file_name: essay.pupil for essay in essays}
