"""Events: said once, carried, taken once by each group, in order; and nothing in the dead letters but poison."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from chaos.books import Books, Taken
from chaos.diary import Planted
from common_core.messages.batch import BatchEssaysRegistered
from huleedu_service_libs.runtime.log import STAYS


class _Named(msgspec.Struct):
    event_id: str


_named = msgspec.json.Decoder(_Named).decode


def announced_once(books: Books) -> Iterator[str]:
    """A batch without its announcement, with two, or an announcement without its batch."""
    announced = Counter(event.key for event in books.said if event.topic == BatchEssaysRegistered.topic)
    for batch_id in books.batches.keys() | announced.keys():
        if batch_id not in books.batches:
            yield f"batch {batch_id} was announced and does not exist"
        elif announced[batch_id] != 1:
            yield f"batch {batch_id} was announced {announced[batch_id]} times"


def effects_said_twice(books: Books) -> Iterator[str]:
    """Two events say that the same was done."""
    told = Counter(effect for event in books.said for effect in event.effects)
    for effect, count in told.items():
        if count > 1:
            yield f"done {count} times: {' '.join(effect)}"


def taken_twice(books: Books) -> Iterator[str]:
    """An event took effect twice in one group, where nothing but the inbox makes it unique."""
    times = Counter((taken.group, taken.event_id) for taken in books.taken if not taken.idempotent)
    topics = {taken.event_id: taken.topic for taken in books.taken}
    for (group, event_id), count in times.items():
        if count > 1:
            yield f"{group} took event {event_id} of {topics[event_id]} {count} times"


def lost(books: Books) -> Iterator[str]:
    """An event that was said is neither taken by a group that reads it nor in the group's dead letters."""
    settled = {(taken.group, taken.event_id) for taken in books.taken} | _buried(books)
    for event in books.said:
        for group in books.readers.get(event.topic, ()):
            if (group, event.event_id) not in settled:
                yield f"{group} never took event {event.event_id} of {event.topic}, batch {event.key}"


def _buried(books: Books) -> set[tuple[str, str]]:
    found = set()
    for letter in books.letters:
        try:
            found.add((letter.group, _named(letter.raw).event_id))
        except msgspec.MsgspecError:
            continue
    return found


def never_carried(books: Books) -> Iterator[str]:
    """An event that was said never reached Kafka, though it does not stay with its service."""
    if books.carried is not None:
        for event in books.said:
            if event.event_id not in books.carried and not event.topic.startswith(STAYS):
                yield f"event {event.event_id} of {event.topic}, batch {event.key}, never reached Kafka"


def never_said(books: Books) -> Iterator[str]:
    """Something took effect that is not in any log: it was never committed, or nobody knows who said it."""
    said = {event.event_id for event in books.said}
    for taken in books.taken:
        if taken.event_id not in said:
            yield f"{taken.group} took event {taken.event_id} of {taken.topic}, which nobody has said"


def left_over(books: Books) -> Iterator[str]:
    """Something still waits, though all has come to rest."""
    if books.work_left:
        yield f"{books.work_left} work items are left"
    if books.timers_due:
        yield f"{books.timers_due} timers are due and have not fired"
    for group, count in books.behind.items():
        if count:
            yield f"{group} is {count} events behind"


def out_of_order(books: Books) -> Iterator[str]:
    """A group took an event of one topic and key for the first time after a later one of the same log."""
    places = {event.event_id: (event.database, event.offset) for event in books.said}
    last: dict[tuple[str, str, str, int], int] = defaultdict(lambda: -1)
    for taken in _first_times(books.taken):
        if taken.event_id not in places:
            continue
        database, place = places[taken.event_id]
        line = taken.group, taken.topic, taken.key, database
        if place < last[line]:
            yield f"{taken.group} took {taken.topic} {place} of batch {taken.key} after {last[line]}"
        else:
            last[line] = place


def _first_times(taken: Iterable[Taken]) -> Iterable[Taken]:
    first: dict[tuple[str, str], Taken] = {}
    for each in sorted(taken, key=lambda each: each.order):
        first.setdefault((each.group, each.event_id), each)
    return first.values()


def cursors_moved_back(books: Books) -> Iterator[str]:
    """A cursor went back to where it had been."""
    if books.cursors_moved_back:
        yield f"{books.cursors_moved_back} times"


def unplanted_letters(books: Books) -> Iterator[str]:
    """Something is in the dead letters that was not put there on purpose."""
    marks = [poison.mark.encode() for poison in books.planted]
    for letter in books.letters:
        if not any(mark in letter.raw for mark in marks):
            yield f"{letter.group} set aside an event of {letter.topic}: {letter.reason[:200]}"


def poison_not_set_aside(books: Books) -> Iterator[str]:
    """A message that nobody can handle is not in the dead letters exactly once, or not in its `.dlq` topic."""
    for poison in books.planted:
        buried = Counter(letter.group for letter in books.letters if poison.mark.encode() in letter.raw)
        for group in poison.groups:
            if buried[group] != 1:
                yield f"poison {poison.mark} in {poison.topic} is {buried[group]} times in the dead letters of {group}"
        if poison.groups and books.in_dlq is not None and not _in_dlq(books.in_dlq, poison):
            yield f"poison {poison.mark} never reached {poison.topic}.dlq"


def _in_dlq(letters: Sequence[tuple[str, bytes]], poison: Planted) -> bool:
    mark = poison.mark.encode()
    return any(topic == f"{poison.topic}.dlq" and mark in raw for topic, raw in letters)
