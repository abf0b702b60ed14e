"""How long after a fault it took until the platform did its whole job again, as a client sees it."""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence

import msgspec

from chaos.diary import Entry, Struck

PROBE = "probe"


class Recovery(msgspec.Struct, frozen=True):
    """Seconds from a fault's end to the end of the class handed in then; `disturbed` by another fault meanwhile."""

    kind: str
    number: int
    seconds: float
    disturbed: bool


class Figures(msgspec.Struct, frozen=True):
    """Of one kind of fault, or of all: how many, how many were undisturbed, how long these took to recover from.

    `longest_s` counts the disturbed ones too, and so the other faults' time.
    """

    faults: int
    undisturbed: int
    recovery_p50_s: float | None
    recovery_max_s: float | None
    longest_s: float | None


def probe_name(number: int) -> str:
    """The client that hands its class in when fault `number` is over."""
    return f"{PROBE} {number}"


def recoveries(struck: Sequence[Struck], entries: Sequence[Entry]) -> list[Recovery]:
    """One for each fault whose probe has come through."""
    finished = {entry.who: entry.ended for entry in entries if entry.what == "finished"}
    return [
        _recovery(fault, finished[probe_name(fault.number)], struck)
        for fault in struck
        if not fault.missed and probe_name(fault.number) in finished
    ]


def _recovery(fault: Struck, finished: float, struck: Sequence[Struck]) -> Recovery:
    disturbed = any(fault.ended <= other.began < finished for other in struck)
    return Recovery(fault.kind, fault.number, finished - fault.ended, disturbed)


def figures(found: Sequence[Recovery]) -> Figures:
    """The median and the longest."""
    undisturbed = sorted(recovery.seconds for recovery in found if not recovery.disturbed)
    middle = undisturbed[math.ceil(len(undisturbed) / 2) - 1] if undisturbed else None
    return Figures(
        faults=len(found),
        undisturbed=len(undisturbed),
        recovery_p50_s=_rounded(middle),
        recovery_max_s=_rounded(undisturbed[-1] if undisturbed else None),
        longest_s=_rounded(max((recovery.seconds for recovery in found), default=None)),
    )


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 2)


def by_kind(found: Sequence[Recovery]) -> Mapping[str, Figures]:
    """The figures of each kind of fault."""
    kinds: dict[str, list[Recovery]] = defaultdict(list)
    for recovery in found:
        kinds[recovery.kind].append(recovery)
    return {kind: figures(kinds[kind]) for kind in sorted(kinds)}


def calm(entries: Sequence[Entry], until: float) -> float | None:
    """Median seconds that a probe's class takes while nothing is broken: those that ended before `until`."""
    begun: dict[str, float] = {}
    taken: list[float] = []
    for entry in entries:
        if entry.who.startswith(PROBE) and entry.ended < until:
            begun.setdefault(entry.who, entry.began)
            if entry.what == "finished":
                taken.append(entry.ended - begun[entry.who])
    return round(sorted(taken)[len(taken) // 2], 2) if taken else None
