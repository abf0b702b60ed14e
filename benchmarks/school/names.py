"""The names of pupils, teachers and others."""

import random
from collections.abc import Sequence
from functools import cache

from faker import Faker

LOCALES = {
    "sv_SE": 20,
    "en_GB": 5,
    "fi_FI": 2,
    "pl_PL": 2,
    "tr_TR": 2,
    "es_ES": 2,
    "de_DE": 1,
    "no_NO": 1,
    "hr_HR": 1,
}
"""How many pupils, in parts of the whole, have names from where."""

FROM_ELSEWHERE = [
    ("Mohammed", "Al-Hassan"),
    ("Ayaan", "Abdi Warsame"),
    ("Fatima", "El Amrani"),
    ("Nguyễn", "Thị Minh"),
    ("Åsa", "Öberg"),
    ("Hodan", "Farah Ali"),
    ("Abdirahman", "Yusuf"),
    ("Zahra", "Hosseini"),
    ("Amir", "Rahimi"),
    ("Dilan", "Yıldız"),
    ("Xin Yi", "Chen"),
    ("Linh", "Tran"),
    ("Émile", "d'Argent"),
    ("Lars-Göran", "von Platen"),
    ("Siobhán", "O'Brien"),
    ("Anna-Karin", "Lind"),
    ("My", "Lindgren"),
    ("Bo", "Ek"),
    ("Jan", "Maj"),
    ("Eva-Lotta", "af Klint"),
    ("Milad", "Noor"),
    ("Leyla", "Şahin"),
    ("Yusuf", "Osman"),
    ("Maria José", "García López"),
    ("Filip", "Nowak-Berg"),
    ("Hevin", "Demir"),
    ("Dzenana", "Hadžić"),
    ("Oleksandr", "Шевченко"),
    ("Björn", "Åkerström"),
    ("Ida", "Hjälmrud Öst"),
    ("Ali", "Ali"),
]
LOOK_ALIKE = [
    ("Sofia", "Sofie"),
    ("Emma", "Emmy"),
    ("Anna", "Anne"),
    ("Johan", "Johanna"),
    ("Erik", "Erika"),
    ("Maja", "Maya"),
    ("Karl", "Carl"),
    ("Filip", "Filippa"),
    ("Elin", "Ellen"),
    ("Julia", "Julie"),
    ("Viktor", "Victoria"),
    ("Alva", "Alma"),
]
"""First names that two pupils of one class may have, and one family."""

FAMOUS = ["John Smith", "Greta Thunberg", "Selma Lagerlöf", "Martin Luther King", "Anna Karenina", "Romeo Montague"]


@cache
def _of(locale: str) -> tuple[Sequence[str], Sequence[str]]:
    fake = Faker(locale)
    fake.seed_instance(4711)
    drawn = [(fake.first_name(), fake.last_name()) for _ in range(400)]
    return tuple(dict.fromkeys(first for first, _ in drawn)), tuple(dict.fromkeys(last for _, last in drawn))


def somebody(chance: random.Random) -> tuple[str, str]:
    """A first and a last name."""
    first, last = _of(chance.choices(list(LOCALES), list(LOCALES.values()))[0])
    return chance.choice(first), chance.choice(last)
