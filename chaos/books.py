"""The final state of all databases, and what every client was told: what the checks are made on."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from batch_orchestrator_service.domain.batch import Batch

from chaos.authorship import Authorship
from chaos.diary import Entry, Planted, Struck, Watched


class KeptBatch(msgspec.Struct, frozen=True, kw_only=True):
    """A batch as BOS keeps it: the row's columns, its state, and its timeline as (seq, at, fact)."""

    batch: Batch
    status: str
    version: int
    timeline: Sequence[tuple[int, datetime, Any]]


class PhaseCounts(msgspec.Struct, frozen=True, kw_only=True):
    """A phase as ELS counts it, beside the rows that it counted.

    `superseded`: it was closed without an outcome. `timed_out` ones have failed without an answer; `discarded` answers
    came after the phase had been closed.
    """

    batch_id: str
    run_id: str
    phase: str
    attempt: int
    total: int
    waiting: int
    succeeded: int
    failed: int
    ended: bool
    rows_succeeded: int
    rows_failed: int
    superseded: bool = False
    timed_out: int = 0
    discarded: int = 0


class Gathered(msgspec.Struct, frozen=True, kw_only=True):
    """A batch as the result aggregator has it: how many essays it knows to have come through each phase."""

    status: str
    results: Mapping[str, int]


class Upload(msgspec.Struct, frozen=True):
    """A file as File Service keeps it."""

    batch_id: str
    file_name: str
    status: str


class Said(msgspec.Struct, frozen=True, gc=False):
    """An event in a database's log; `effects` name what must happen once, empty for what may happen often.

    It is about a run and a version of its batch, if it names them; `transaction` is the one that said it, `database`
    the number of the one whose log that is: offsets are of that log.
    """

    offset: int
    topic: str
    key: str
    event_id: str
    effects: tuple[tuple[str, ...], ...] = ()
    run_id: str = ""
    version: int = 0
    transaction: int = 0
    database: int = 0


class Shown(msgspec.Struct, frozen=True, gc=False):
    """What stands in BOS's log to be streamed: whose it is, of which batch, and the place after it.

    A fact of a batch is the `seq`-th.
    """

    next: int
    user_id: str
    batch_id: str
    event: str
    digest: str
    seq: int = 0

    def is_for(self, user: str, batch_id: str) -> bool:
        """Whether a stream of this user, of this batch, or of everything, has it."""
        return batch_id == self.batch_id if batch_id else user in ("", self.user_id)


class Taken(msgspec.Struct, frozen=True, gc=False):
    """An event that took effect in a group, put down in the effect's own transaction.

    What that transaction and later ones say stands at `head` and after it in the log. What is `idempotent` may be taken
    again: what that leaves is for other checks to see.
    """

    order: int
    group: str
    topic: str
    key: str
    event_id: str
    head: int = 0
    transaction: int = 0
    idempotent: bool = False


class Letter(msgspec.Struct, frozen=True):
    """A dead letter."""

    group: str
    topic: str
    reason: str
    raw: bytes


class Books(msgspec.Struct, frozen=True, kw_only=True):
    """Everything there is to check. `said` is in the order of each topic's log; `readers` are groups by topic."""

    entries: Sequence[Entry] = ()
    struck: Sequence[Struck] = ()
    planted: Sequence[Planted] = ()
    batches: Mapping[str, KeptBatch] = {}
    phases: Sequence[PhaseCounts] = ()
    in_flight: int = 0
    gathered: Mapping[str, Gathered] = {}
    authorship: Authorship = Authorship()
    uploads: Sequence[Upload] = ()
    said: Sequence[Said] = ()
    taken: Sequence[Taken] = ()
    shown: Sequence[Shown] = ()
    watched: Sequence[Watched] = ()
    readers: Mapping[str, Sequence[str]] = {}
    letters: Sequence[Letter] = ()
    carried: Mapping[str, int] | None = None  # how often each event stands in Kafka; None without Kafka
    in_dlq: Sequence[tuple[str, bytes]] | None = None  # topic and original bytes of what stands in `.dlq` topics
    work_left: int = 0
    cursors_moved_back: int = 0
    timers_due: int = 0
    behind: Mapping[str, int] = {}


class Violation(msgspec.Struct, frozen=True):
    """Something that must never be so: which invariant, which check found it, and what it found."""

    invariant: str
    check: str
    found: str
