"""Every status that a batch can have, found by letting everything happen to one that can."""

from collections import deque
from collections.abc import Iterator, Sequence
from datetime import timedelta
from functools import cache
from typing import cast

from batch_orchestrator_service.domain import timers
from batch_orchestrator_service.domain.batch import UNENDED, Batch
from batch_orchestrator_service.domain.decide import decide
from batch_orchestrator_service.domain.facts import Fact, PhaseDeadlinePassed, RetryDue, StudentsDeadlinePassed
from batch_orchestrator_service.tests.life import after
from batch_orchestrator_service.tests.said import (
    CLASS,
    NLP,
    SPELLCHECK,
    cancel,
    confirmed,
    outcome,
    pause,
    phase,
    provisioned,
    ready,
    registered,
    resolved,
    resume,
    retry,
    suggested,
)

from common_core.enums import CLIENT_STATUS, BatchStatus, ClassType
from tests.reference.files import REGENERATE

ESSAYS = "ab"
Edge = tuple[str, str, str]

_TITLE = """# The statuses of a batch

Found by trying BOS's rules (`domain/decide.py`) with all that can happen to a batch of two essays and two phases,
the second of which depends on the first: one of a guest, and one of a class, whose essays belong to students.
A test says when the rules do something else: {regenerate}.

A pause is no status of its own: the batch keeps the one that it has, and shows since when it is `paused`, by whom, why.
"""


@cache
def edges() -> tuple[Edge, ...]:
    """What leads from where to where, each once."""
    first = [after(registered(ESSAYS)), after(registered(ESSAYS, class_id=CLASS))]
    seen, queue, found = set(map(_key, first)), deque(first), {("[*]", "registered", _label(each)) for each in first}
    while queue:
        batch = queue.popleft()
        for words, fact, wait in _what_can_happen(batch):
            changed, _ = decide(batch, fact, batch.changed_at + timedelta(seconds=1) + wait)
            assert changed is not None
            if _label(changed) != _label(batch):
                found.add((_label(batch), words, _label(changed)))
            if _key(changed) not in seen and len(changed.runs) < 4:
                seen.add(_key(changed))
                queue.append(changed)
    return tuple(sorted(found))


def _what_can_happen(batch: Batch) -> Iterator[tuple[str, Fact, timedelta]]:
    now = timedelta()
    yield "files are in", provisioned(ESSAYS), now
    yield "no file can be used", provisioned(""), now
    for timer in timers.running(batch).values():
        yield _clock(timer.message), cast(Fact, timer.message), max(now, timer.at - batch.changed_at)
    if batch.is_regular:
        yield "students suggested", suggested(ESSAYS), now
        yield "students confirmed", confirmed(), now
        yield "students confirmed by the time limit", confirmed(by_time_limit=True), now
        yield "ELS has the students", ready(ESSAYS, class_type=ClassType.REGULAR), now
    further = f"run-{len(batch.runs) + 1}"
    yield "pipeline requested", resolved(phase(SPELLCHECK), phase(NLP, SPELLCHECK), run=further), now
    if SPELLCHECK in batch.done:  # in this run, whether it is shorter or longer than those before
        reused = phase(SPELLCHECK, reuse=True)
        yield "pipeline requested", resolved(reused, run=further), now
        yield "pipeline requested", resolved(reused, phase(NLP, SPELLCHECK, reuse=NLP in batch.done), run=further), now
    for name in (SPELLCHECK, NLP):
        yield "failed essays retried", retry(name, run=further), now
    yield from ((words, fact, now) for words, fact in _answers(batch))
    yield "cancelled", cancel(), now
    yield "paused", pause(), now
    yield "resumed", resume(), now


def _clock(message: object) -> str:
    if isinstance(message, RetryDue):
        return "next attempt due"
    if isinstance(message, StudentsDeadlinePassed):
        return "students overdue"
    return "phase overdue" if isinstance(message, PhaseDeadlinePassed) else "content overdue"


def _answers(batch: Batch) -> Iterator[tuple[str, Fact]]:
    run = batch.active_run
    for found in run.phases if run else ():
        if run and found.awaits_outcome:
            for survivors in (ESSAYS, ESSAYS[:1], ""):
                failed = {essay: "EMPTY_CONTENT" for essay in ESSAYS if essay not in survivors}
                yield "last phase over", outcome(found.name, survivors, failed, run=run.run_id, attempt=found.attempt)


def _key(batch: Batch) -> object:
    """Batches that differ in nothing else have the same future."""
    run = batch.runs[-1] if batch.runs else None
    phases = [
        (each.status, each.succeeded, tuple(each.failed), each.retries, each.wait and each.wait.overdue)
        for each in (run.phases if run else ())
    ]
    ingestion, matching = batch.ingestion, batch.matching
    return (
        batch.is_regular,
        bool(matching.wait),
        matching.awaits,
        matching.status,
        bool(matching.essays_ready_at),
        bool(matching.began_at),
        batch.next_run is not None,
        _label(batch),
        ingestion.is_open,
        ingestion.wait.overdue,
        batch.essays.ready,
        bool(run and run.is_active),
        tuple(sorted((name, bool(found.failed)) for name, found in batch.done.items())),
        tuple(phases),
    )


def _label(batch: Batch) -> str:
    return f"{batch.status} (paused)" if batch.paused else str(batch.status)


def page() -> str:
    """The page: a diagram, and a table of what leads to each status and what leaves it."""
    found = edges()
    lines = [_TITLE.format(regenerate=REGENERATE), "```mermaid", "stateDiagram-v2"]
    lines += [f"    {_node(source)} --> {_node(target)}: {words}" for source, words, target in found]
    lines += ["```", "", "| status | for clients | ends | what leads to it | what leaves it |", "|---|---|---|---|---|"]
    lines += [_row(status, found) for status in BatchStatus]
    return "\n".join(lines) + "\n"


def _node(label: str) -> str:
    return label.replace(" (paused)", "__paused")


def _row(status: BatchStatus, found: Sequence[Edge]) -> str:
    to = sorted({words for _, words, target in found if target.startswith(status)})
    away = sorted({words for source, words, _ in found if source.startswith(status)})
    ends = "yes" if to and status not in UNENDED else ""
    reached = ", ".join(to) or "nothing yet: no service here needs it"
    return f"| `{status}` | `{CLIENT_STATUS[status]}` | {ends} | {reached} | {', '.join(away)} |"
