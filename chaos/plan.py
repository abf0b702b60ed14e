"""Which faults strike when: drawn from a seed, so that a printed seed brings the same ones again."""

import random
from collections.abc import Iterator, Mapping, Sequence

import msgspec

SERVERS = ("kafka", "postgres", "redis")
POINTS = (
    "after-take",
    "before-commit",
    "after-commit",
    "before-send",
    "after-send",
    "before-offset-commit",
    "after-offset-commit",
)
WITHOUT_DATABASE = frozenset({"content_service", "batch_conductor_service"})
WITHOUT_EVENTS = frozenset({"file_service"})  # it says much, and reads nothing
READING = frozenset({"after-take", "before-offset-commit", "after-offset-commit"})

PATIENT = 0.7  # of all faults; the others may strike together

Range = tuple[float, float]


class UnknownFault(Exception):
    """A fault was asked for that there is not."""


class Kind(msgspec.Struct, frozen=True):
    """A kind of fault: what it strikes, how often, how long it lasts, and how long it is quiet after it (seconds)."""

    strikes: str
    lasts: Range
    quiet: Range = (0.2, 3.0)
    weight: int = 1


KINDS: Mapping[str, Kind] = {
    "kill-service": Kind("service", lasts=(0.0, 1.5), weight=7),
    "point-service": Kind("service", lasts=(0.0, 1.0), weight=4),
    "drain-service": Kind("service", lasts=(0.0, 0.5), weight=2),
    "pause-service": Kind("service", lasts=(0.3, 6.0), weight=2),
    "kill-kafka": Kind("kafka", lasts=(0.0, 2.0)),
    "kill-postgres": Kind("postgres", lasts=(0.0, 1.5), weight=2),
    "kill-redis": Kind("redis", lasts=(0.0, 3.0)),
    "pause-kafka": Kind("kafka", lasts=(0.3, 4.0)),
    "pause-postgres": Kind("postgres", lasts=(0.3, 4.0)),
    "cut-kafka": Kind("kafka", lasts=(0.0, 0.0)),
    "cut-postgres": Kind("postgres", lasts=(0.0, 0.0)),
    "cut-redis": Kind("redis", lasts=(0.0, 0.0)),
    "hole-kafka": Kind("kafka", lasts=(0.5, 5.0)),
    "hole-postgres": Kind("postgres", lasts=(0.5, 5.0)),
    "hole-redis": Kind("redis", lasts=(0.5, 5.0)),
    "slow-kafka": Kind("kafka", lasts=(1.0, 5.0)),
    "slow-postgres": Kind("postgres", lasts=(1.0, 5.0)),
}
KILLS = frozenset({"kill-service", "point-service", "kill-kafka", "kill-postgres", "kill-redis"})


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """One fault. `at` (from the first moment of trouble, at the earliest) and `lasts` (until it is undone) are seconds.

    `patient` ones have the next wait for recovery. `chance` seeds whatever else there is to choose; `point` and
    `passage` say where a process kills itself.
    """

    number: int
    kind: str
    target: str
    at: float
    lasts: float
    patient: bool = True
    chance: int
    point: str = ""
    passage: int = 0


def draw(
    seed: int, seconds: float, processes: Sequence[str], kinds: Sequence[str], points: Sequence[str] = POINTS
) -> list[Fault]:
    """The faults of `seconds` of trouble for these service processes, one after another.

    Each kind comes once before any comes twice; after that as often as it weighs.
    """
    random_ = random.Random(seed)
    dealt = _deal(random_, kinds)
    faults: list[Fault] = []
    at = 0.0
    while kinds:
        fault = _fault(random_, len(faults) + 1, next(dealt), processes, points, at)
        if fault.at + fault.lasts > seconds:
            break
        faults.append(fault)
        at = fault.at + fault.lasts + random_.uniform(*KINDS[fault.kind].quiet)
    return faults


def _deal(random_: random.Random, kinds: Sequence[str]) -> Iterator[str]:
    hand = list(kinds)
    while True:
        random_.shuffle(hand)
        yield from hand
        hand = [kind for kind in kinds for _ in range(KINDS[kind].weight)]


def _fault(
    random_: random.Random, number: int, name: str, processes: Sequence[str], points: Sequence[str], at: float
) -> Fault:
    kind, on_point = KINDS[name], name == "point-service"
    point, passage = random_.choice(points), random_.randint(1, 5)
    victim = random_.choice([one for one in processes if not on_point or _passes(one, point)])
    return Fault(
        number=number,
        kind=name,
        target=victim if kind.strikes == "service" else kind.strikes,
        at=round(at, 3),
        lasts=round(random_.uniform(*kind.lasts), 3),
        patient=random_.random() < PATIENT,
        chance=random_.getrandbits(32),
        point=point if on_point else "",
        passage=passage if on_point else 0,
    )


def _passes(process: str, point: str) -> bool:
    """Whether the service of this process comes to this point in a run."""
    service, _, _ = process.partition(".")
    return service not in WITHOUT_DATABASE and not (service in WITHOUT_EVENTS and point in READING)


def one_of_each(names: str | None) -> list[str]:
    """The kinds that a comma-separated list names; all without one. Raises UnknownFault."""
    chosen = [name.strip() for name in names.split(",")] if names else list(KINDS)
    if unknown := sorted(set(chosen) - KINDS.keys()):
        raise UnknownFault(f"There is no fault {', '.join(unknown)}. There are: {', '.join(KINDS)}.")
    return chosen
