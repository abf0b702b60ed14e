"""What becomes of the letters of a name on its way through keyboards, file systems and mail servers."""

import random
import unicodedata

_NOT_COMPOSED = str.maketrans("øØłŁıđæß", "oOlLidas")
_SPELT_OUT = {"å": "aa", "ä": "ae", "ö": "oe", "Å": "Aa", "Ä": "Ae", "Ö": "Oe", "ü": "ue"}


def plain(name: str) -> str:
    """Without accents and signs; a name of another alphabet stays."""
    split = unicodedata.normalize("NFD", name.translate(_NOT_COMPOSED))
    return "".join(each for each in split if each.isascii() and (each.isalpha() or each in " -")) or name


def low(name: str) -> str:
    """In one word of plain small letters."""
    return plain(name).lower().replace(" ", "").replace("-", "")


def spelt_out(name: str) -> str:
    """å as aa and so on."""
    return "".join(_SPELT_OUT.get(letter, letter) for letter in name)


def misread(name: str) -> str:
    """UTF-8, taken for something else."""
    return name.encode().decode("cp1252", errors="replace")


def mistyped(chance: random.Random, name: str) -> str:
    """With a letter left out, doubled, swapped with the next, or replaced."""
    places = [place for place in range(1, len(name) - 1) if name[place].isalpha() and name[place + 1].isalpha()]
    if len(places) < 3:
        return name
    place, kind = chance.choice(places), chance.randrange(4)
    letter, after = name[place], name[place + 1]
    instead = ("", letter * 2, after + letter, chance.choice("aeinrst"))[kind]
    return name[:place] + instead + name[place + (2 if kind == 2 else 1) :]


def first_of(name: str) -> str:
    """Half of a double name."""
    return name.replace("-", " ").split()[0]
