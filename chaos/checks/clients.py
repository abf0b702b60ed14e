"""What clients were told, against what is there."""

from collections import Counter, defaultdict
from collections.abc import Iterator

import msgspec

from chaos.books import Books
from chaos.diary import Entry

DRAIN_SECONDS = 10.0


class _Registered(msgspec.Struct):
    batch_id: str


_registered = msgspec.json.Decoder(_Registered).decode


def answered(entry: Entry) -> bool:
    """The request was accepted."""
    return 200 <= entry.status < 300


def registrations(books: Books) -> dict[str, Entry]:
    """Every batch that a client was told it has, with the entry that says so."""
    told = (entry for entry in books.entries if entry.what == "register" and answered(entry))
    return {_registered(entry.answer).batch_id: entry for entry in told}


def registrations_lost(books: Books) -> Iterator[str]:
    """A batch that a client was promised is not there."""
    for batch_id, entry in registrations(books).items():
        if batch_id not in books.batches:
            yield f"batch {batch_id}, answered to {entry.who} at {entry.ended:.3f}, is not there"


def answered_differently(books: Books) -> Iterator[str]:
    """One key brought two answers, or two keys one batch."""
    answers: dict[str, set[str]] = defaultdict(set)
    keys: dict[str, set[str]] = defaultdict(set)
    for entry in books.entries:
        if entry.key and answered(entry):
            answers[entry.key].add(entry.answer)
            if entry.what == "register":
                keys[_registered(entry.answer).batch_id].add(entry.key)
    for key, given in answers.items():
        if len(given) > 1:
            yield f"Idempotency-Key {key} was answered in {len(given)} ways: {'; '.join(sorted(given))[:300]}"
    for batch_id, used in keys.items():
        if len(used) > 1:
            yield f"batch {batch_id} was given to {len(used)} keys"


def more_batches_than_keys(books: Books) -> Iterator[str]:
    """A teacher has more batches than asked for: a request that was sent again was carried out again."""
    keys = Counter(who for who, _ in {(e.who, e.key) for e in books.entries if e.what == "register"})
    batches = Counter(kept.batch.registration.user_id for kept in books.batches.values())
    for who, count in batches.items():
        if count > keys[who]:
            yield f"{who} asked for {keys[who]} batches and has {count}"


def uploads_kept_wrongly(books: Books) -> Iterator[str]:
    """A file that was accepted is not there, is there twice, or was never dealt with."""
    sent = {entry.key: entry for entry in books.entries if entry.what == "upload" and answered(entry)}
    accepted = Counter((entry.batch_id, name) for entry in sent.values() for name in entry.sent["files"])
    kept = Counter((upload.batch_id, upload.file_name) for upload in books.uploads)
    for (batch_id, name), count in accepted.items():
        if kept[batch_id, name] != count:
            yield f"{name!r} of batch {batch_id} was accepted {count} times and is kept {kept[batch_id, name]} times"
    for upload in books.uploads:
        if upload.status == "accepted":
            yield f"{upload.file_name!r} of batch {upload.batch_id} was accepted and never dealt with"


def strangers_answered(books: Books) -> Iterator[str]:
    """Somebody was shown a batch that is not theirs."""
    for entry in books.entries:
        if entry.what == "peek" and answered(entry):
            yield f"{entry.who}'s neighbour was shown batch {entry.batch_id}: {entry.answer[:200]}"


def drained_badly(books: Books) -> Iterator[str]:
    """A process that was asked to stop took too long, or did not end by itself."""
    for struck in books.struck:
        if struck.kind == "drain-service" and not struck.missed:
            if struck.drained_in is None or struck.drained_in > DRAIN_SECONDS:
                yield f"{struck.target} did not drain within {DRAIN_SECONDS:g} s (fault {struck.number})"
            elif struck.exit_code != 0:
                yield f"{struck.target} drained with exit code {struck.exit_code} (fault {struck.number})"
