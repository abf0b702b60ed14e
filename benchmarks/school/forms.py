"""The forms in which pupils write their names, and which of them are theirs alone in the class."""

import random
from collections.abc import Callable, Sequence

from benchmarks.school.letters import first_of, low, misread, mistyped, plain, spelt_out
from benchmarks.school.names import somebody
from benchmarks.school.rosters import Pupil

Form = Callable[[random.Random, Pupil], str]
Forms = dict[str, tuple[int, Form]]
"""Each with how often it is chosen."""

_SHORT = {
    "Alexander": "Alex",
    "Alexandra": "Alex",
    "Elisabeth": "Lisa",
    "Johannes": "Johan",
    "Karl": "Kalle",
    "Lars": "Lasse",
    "Gustav": "Gurra",
    "Fredrik": "Fredde",
    "Katarina": "Kajsa",
    "Charlotte": "Lotta",
    "Mohammed": "Muhammad",
    "Benjamin": "Ben",
    "Samuel": "Sam",
    "William": "Ville",
    "Margareta": "Greta",
    "Kristina": "Stina",
    "Oskar": "Oscar",
    "Joseph": "Joe",
    "Michael": "Mike",
    "Abdirahman": "Abdi",
    "Robert": "Robban",
    "Maria José": "Maria",
    "Olof": "Olle",
}
_OTHER_SHORT = {
    "Anna": "Annie",
    "Erik": "Eric",
    "Maria": "Mia",
    "Johanna": "Jojje",
    "Magnus": "Mange",
    "Stefan": "Steffe",
    "Rebecka": "Becka",
    "Patrik": "Putte",
    "Emelie": "Emmy",
    "Viktoria": "Vickan",
    "Caroline": "Carro",
    "Josefin": "Jossan",
    "Christopher": "Chris",
    "Elizabeth": "Liz",
    "Matthew": "Matt",
    "Katarzyna": "Kasia",
    "Mehmet": "Memo",
    "Francisco": "Paco",
    "Thomas": "Tom",
    "Nicholas": "Nick",
    "Jonathan": "Jonte",
    "Sebastian": "Sebbe",
    "Eva-Lotta": "Lotta",
    "Siobhán": "Shiv",
}


def short(pupil: Pupil) -> str:
    """What friends say."""
    return _SHORT.get(pupil.first, pupil.first)


def account(pupil: Pupil) -> str:
    """As schools call accounts."""
    return f"{low(pupil.first)[:3]}{low(pupil.last)[:3]}01"


USUAL: Forms = {
    "full": (40, lambda _, pupil: pupil.name),
    "last, first": (8, lambda _, pupil: f"{pupil.last}, {pupil.first}"),
    "last first": (4, lambda _, pupil: f"{pupil.last} {pupil.first}"),
    "upper": (4, lambda _, pupil: pupil.name.upper()),
    "lower": (5, lambda _, pupil: pupil.name.lower()),
    "plain letters": (5, lambda _, pupil: plain(pupil.name)),
    "letters spelt out": (2, lambda _, pupil: spelt_out(pupil.name)),
    "typo": (8, lambda chance, pupil: mistyped(chance, pupil.name)),
    "middle name": (4, lambda chance, pupil: f"{pupil.first} {somebody(chance)[0]} {pupil.last}"),
    "initial of last": (5, lambda _, pupil: f"{pupil.first} {pupil.last[0]}."),
    "initial of first": (2, lambda _, pupil: f"{pupil.first[0]}. {pupil.last}"),
    "half of a double name": (3, lambda _, pupil: f"{first_of(pupil.first)} {first_of(pupil.last)}"),
    "short form": (4, lambda _, pupil: f"{short(pupil)} {pupil.last}"),
    "first only": (4, lambda _, pupil: pupil.first),
    "last only": (1, lambda _, pupil: pupil.last),
    "misread letters": (1, lambda _, pupil: misread(pupil.name)),
    "middle initial": (2, lambda _, pupil: f"{pupil.first} M. {pupil.last}"),
}
OTHER: Forms = {
    "full": (30, lambda _, pupil: pupil.name),
    "LAST first": (6, lambda _, pupil: f"{pupil.last.upper()} {pupil.first}"),
    "two typos": (8, lambda chance, pupil: f"{mistyped(chance, pupil.first)} {mistyped(chance, pupil.last)}"),
    "name (short form)": (4, lambda _, pupil: f"{pupil.first} ({_other_short(pupil)}) {pupil.last}"),
    "other short form": (8, lambda _, pupil: f"{_other_short(pupil)} {pupil.last}"),
    "initial of last": (5, lambda _, pupil: f"{pupil.first} {pupil.last[0]}"),
    "double name in one": (5, lambda _, pupil: f"{pupil.first.replace('-', '').capitalize()} {pupil.last}"),
    "two middle names": (4, lambda chance, pupil: f"{pupil.first} {' '.join(somebody(chance))} {pupil.last}"),
    "with a dot": (4, lambda _, pupil: f"{low(pupil.first)}.{low(pupil.last)}"),
    "in one word": (3, lambda _, pupil: pupil.name.replace(" ", "")),
    "last half": (3, lambda _, pupil: f"{pupil.first} {pupil.last.replace('-', ' ').split()[-1]}"),
    "first only": (6, lambda _, pupil: pupil.first.lower()),
}


def _other_short(pupil: Pupil) -> str:
    return _OTHER_SHORT.get(pupil.first, pupil.first)


def is_alone(form: str, pupil: Pupil, pupils: Sequence[Pupil]) -> bool:
    """Whether nobody else in the class would write this as well."""

    def unique(key: Callable[[Pupil], object]) -> bool:
        return sum(key(other) == key(pupil) for other in pupils) == 1

    match form:
        case "first only" | "genitive":
            return unique(lambda each: first_of(each.first))
        case "last only":
            return unique(lambda each: each.last)
        case "initial of last":
            return unique(lambda each: (each.first, each.last[0]))
        case "initial of first":
            return unique(lambda each: (each.first[0], each.last))
        case "initials" | "account":
            return False
        case _:
            return True
