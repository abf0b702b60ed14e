"""What a run has shown: for people, and as one line of JSON."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

import msgspec

from chaos import checks, recovery
from chaos.books import Books, Violation
from chaos.checks import batches, clients, events, students, wishes
from chaos.diary import Entry
from chaos.recovery import Figures
from chaos.run import Lived


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """The figures; times are in seconds.

    `requests` were accepted and `requests_refused` refused for good, with reason, by kind; `wishes_granted` counts what
    changed a batch, an operator's wishes batch by batch. `results_discarded` came after their run had been cancelled.
    `of_a_class`: how many batches, and how many of their essays were decided on by whom. `streams` says how many there
    were, how often their clients came back, and how many events they saw.
    """

    seed: int
    seconds: float
    faults: int
    faults_missed: int
    kills: int
    registrations_acked: int
    registrations_lost: int
    requests: Mapping[str, int]
    requests_refused: Mapping[str, int]
    wishes_granted: Mapping[str, int]
    results_discarded: int
    of_a_class: Mapping[str, int]
    streams: Mapping[str, int]
    duplicate_effects: int
    stuck_batches: int
    violations: list[Violation]
    batches_ended: int
    requests_sent_again: int
    events_said: int
    duplicates_sent: int
    carried_again: int
    poison_planted: int
    processes_ended_by_themselves: list[str]
    rested_s: float | None
    calm_batch_p50_s: float | None
    recovery_p50_s: float | None
    recovery_max_s: float | None
    recovery_longest_s: float | None
    recovery: Mapping[str, Figures]

    @property
    def is_good(self) -> bool:
        """Nothing was wrong."""
        return not self.violations


def report_on(seed: int, seconds: float, lived: Lived) -> Report:
    """The run as figures."""
    books = lived.books
    struck = [fault for fault in books.struck if not fault.missed]
    found = recovery.recoveries(struck, books.entries)
    overall = recovery.figures(found)
    return Report(
        seed=seed,
        seconds=seconds,
        faults=len(struck),
        faults_missed=len(books.struck) - len(struck),
        kills=lived.kills,
        registrations_acked=len(clients.registrations(books)),
        registrations_lost=len(list(clients.registrations_lost(books))),
        requests=_by_kind(books, clients.answered),
        requests_refused=_by_kind(books, lambda entry: 400 <= entry.status < 500 and entry.status != 429),
        wishes_granted=wishes.granted(books),
        results_discarded=sum(phase.discarded for phase in books.phases),
        of_a_class=students.counted(books),
        streams=_streams(books),
        duplicate_effects=len(list(events.effects_said_twice(books))) + len(list(events.taken_twice(books))),
        stuck_batches=len(list(batches.stuck(books))),
        violations=[*checks.violations(books), *_never_rested(lived), *_never_recovered(found, len(struck))],
        batches_ended=batches.ended(books),
        requests_sent_again=_sent_again(books),
        events_said=len(books.said),
        duplicates_sent=lived.duplicates_sent,
        carried_again=sum(count - 1 for count in (books.carried or {}).values()),
        poison_planted=len(books.planted),
        processes_ended_by_themselves=list(lived.exits),
        rested_s=None if lived.rested is None else round(lived.rested, 2),
        calm_batch_p50_s=recovery.calm(books.entries, lived.troubled_at),
        recovery_p50_s=overall.recovery_p50_s,
        recovery_max_s=overall.recovery_max_s,
        recovery_longest_s=overall.longest_s,
        recovery=recovery.by_kind(found),
    )


def _by_kind(books: Books, counts: Callable[[Entry], bool]) -> Mapping[str, int]:
    """How many requests, however often each was sent."""
    found = {(entry.what, entry.key) for entry in books.entries if entry.key and counts(entry)}
    return dict(sorted(Counter(what for what, _ in found).items()))


def _streams(books: Books) -> Mapping[str, int]:
    connections: dict[tuple[str, str], int] = {}
    for seen in books.watched:
        connections[seen.user, seen.batch_id] = seen.connection
    again = sum(connections.values()) - len(connections)
    return {"watched": len(connections), "came_back": again, "events": len(books.watched)}


def _sent_again(books: Books) -> int:
    """Requests under a key that had been sent before."""
    keys = [entry.key for entry in books.entries if entry.key]
    return len(keys) - len(set(keys))


def _never_rested(lived: Lived) -> Iterator[Violation]:
    if lived.rested is None:
        yield Violation("I2", "rest", "something was still going on, or waited for, when patience was at its end")


def _never_recovered(found: Sequence[recovery.Recovery], faults: int) -> Iterator[Violation]:
    if len(found) < faults:
        yield Violation("I2", "recovery", f"after {faults - len(found)} of {faults} faults no class came through")


def lines(report: Report) -> Iterator[str]:
    """For people."""
    for name, value in msgspec.to_builtins(report).items():
        if name not in ("violations", "recovery"):
            yield f"{name:<32} {value}"
    for kind, figures in report.recovery.items():
        yield f"  {kind:<16} {figures.faults:>4} faults, recovery in seconds: {_words(figures)}"
    for violation in report.violations:
        yield f"VIOLATION {violation.invariant} ({violation.check}): {violation.found}"


def _words(figures: Figures) -> str:
    middle, longest = figures.recovery_p50_s, figures.recovery_max_s
    alone = f"p50 {middle}, longest {longest} of {figures.undisturbed} undisturbed" if figures.undisturbed else "-"
    return f"{alone}; longest of all {figures.longest_s}"
