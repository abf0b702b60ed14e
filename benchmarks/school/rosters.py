"""Who is in a class: with siblings, pupils of one first name, and pupils of nearly one name."""

import random
from dataclasses import dataclass

from benchmarks.school.letters import plain
from benchmarks.school.names import FROM_ELSEWHERE, LOOK_ALIKE, somebody

Name = tuple[str, str]


@dataclass(frozen=True)
class Pupil:
    """Somebody on the roster; not everybody has an address there."""

    pupil_id: str
    first: str
    last: str
    email: str | None

    @property
    def name(self) -> str:
        """The whole of it."""
        return f"{self.first} {self.last}"


def roster(chance: random.Random, size: int) -> list[Pupil]:
    """Some two or three dozen pupils, or as many as one likes."""
    names = chance.sample(FROM_ELSEWHERE, chance.randint(2, 8))
    while len(names) < size:
        names.append(_doubled(chance, *somebody(chance)))
    _relate(chance, names)
    unique = dict.fromkeys(names)
    return [Pupil(f"pupil-{number}", *name, _address(chance, *name)) for number, name in enumerate(unique)]


def _doubled(chance: random.Random, first: str, last: str) -> Name:
    kind = chance.random()
    if kind < 0.05:
        first = f"{first}-{somebody(chance)[0]}"
    elif kind < 0.08:
        first = f"{first} {somebody(chance)[0]}"
    elif kind < 0.13:
        last = f"{last}{chance.choice(' -')}{somebody(chance)[1]}"
    elif kind < 0.15:
        last = f"{chance.choice(['von', 'af', 'de'])} {last}"
    return first, last


def _relate(chance: random.Random, names: list[Name]) -> None:
    for _ in range(chance.choice([0, 1, 1, 2])):
        names[chance.randrange(len(names))] = (somebody(chance)[0], chance.choice(names)[1])
    for _ in range(chance.choice([0, 1, 2, 3])):
        names[chance.randrange(len(names))] = (chance.choice(names)[0], somebody(chance)[1])
    if chance.random() < 0.5:
        one, other = chance.choice(LOOK_ALIKE)
        last = somebody(chance)[1]
        names[0] = (one, last if chance.random() < 0.5 else somebody(chance)[1])
        names[1] = (other, last)


def _address(chance: random.Random, first: str, last: str) -> str | None:
    kind = chance.random()
    one, other = (plain(each).lower().replace(" ", "").replace("-", "") for each in (first, last))
    if kind < 0.15:
        return None
    local = f"{one[:3]}{other[:3]}" if kind < 0.3 else f"{one}.{other}"
    return f"{local}@{'elev.' if kind < 0.5 else ''}skola.example"
