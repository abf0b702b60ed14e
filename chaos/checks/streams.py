"""What streams showed, joined over all reconnections, against the log and the timelines."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from chaos.books import Books
from chaos.diary import Watched

Stream = tuple[str, str]
"""Whose it is, or of which batch; of everything if both are empty."""


def facts_not_shown(books: Books) -> Iterator[str]:
    """What BOS has put into its log to be shown of a batch is not each fact of its timeline, once and in order."""
    seqs: defaultdict[str, list[int]] = defaultdict(list)
    for event in books.shown:
        if event.event == "fact":
            seqs[event.batch_id].append(event.seq)
    for batch_id, kept in books.batches.items():
        if seqs[batch_id] != [seq for seq, _, _ in kept.timeline]:
            yield f"of batch {batch_id} the facts {seqs[batch_id]} are shown, its timeline has {len(kept.timeline)}"


def streamed_otherwise(books: Books) -> Iterator[str]:
    """From a client's first snapshot on, all that it was sent is not the log: something lacks, or came twice."""
    for stream, seen in _streams(books).items():
        first, sent = seen[0], [(each.offset, each.event, each.digest) for each in seen if each.event != "snapshot"]
        due = [
            (event.next, event.event, event.digest)
            for event in books.shown
            if event.is_for(*stream) and event.next > first.offset
        ]
        if sent != due:
            yield f"{_name(stream)}, from {first.id} on: {_difference(sent, due)}"


def snapshots_out_of_place(books: Books) -> Iterator[str]:
    """A client got none at first, or another one later; or it is not of the place at which it stands."""
    for stream, seen in _streams(books).items():
        places = [place for place, each in enumerate(seen) if each.event == "snapshot"]
        if places != [0] or seen[0].gap:
            yield f"{_name(stream)} has snapshots at {places} of its {len(seen)} events, with a gap: {seen[0].gap}"
        user, batch_id = stream
        facts = [each for each in books.shown if each.event == "fact" and each.is_for(user, batch_id)]
        version = sum(each.next <= seen[0].offset for each in facts)
        if batch_id and places == [0] and seen[0].version != version:
            yield f"{_name(stream)} begins with version {seen[0].version}; {version} facts stand before {seen[0].id}"


def _streams(books: Books) -> dict[Stream, list[Watched]]:
    """What each client saw, in order."""
    found: defaultdict[Stream, list[Watched]] = defaultdict(list)
    for each in books.watched:
        found[each.user, each.batch_id].append(each)
    return found


def _name(stream: Stream) -> str:
    user, batch_id = stream
    return f"the stream of batch {batch_id}" if batch_id else f"the stream of {user or 'everybody'}"


def _difference(sent: Sequence[tuple[int, str, str]], due: Sequence[tuple[int, str, str]]) -> str:
    lacking, more = sorted(set(due) - set(sent)), sorted(set(sent) - set(due))
    if lacking or more:
        return f"{len(lacking)} lack, the first {lacking[:1]}; {len(more)} are not in the log, the first {more[:1]}"
    return f"{len(sent)} events for {len(due)}: again, or in another order"
