"""Batches: their ends, their timelines, and whether everybody counts alike."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from batch_orchestrator_service.domain.batch import Batch
from batch_orchestrator_service.domain.decide import decide
from batch_orchestrator_service.domain.run import PhaseRun, Run

from chaos.books import Books, KeptBatch, PhaseCounts
from chaos.checks.clients import registrations
from common_core.enums import CLIENT_STATUS, BatchClientStatus, BatchStatus, PhaseName

TERMINAL = frozenset(
    {
        BatchStatus.CONTENT_INGESTION_FAILED,
        BatchStatus.COMPLETED_SUCCESSFULLY,
        BatchStatus.COMPLETED_WITH_FAILURES,
        BatchStatus.FAILED_CRITICALLY,
        BatchStatus.CANCELLED,
    }
)


def ended(books: Books) -> int:
    """How many batches have come to an end."""
    return sum(kept.batch.status in TERMINAL for kept in books.batches.values())


def stuck(books: Books) -> Iterator[str]:
    """A batch that has not ended, and does not wait for its client alone."""
    finished = {entry.batch_id for entry in books.entries if entry.what == "finished" and entry.sent["pipelines"]}
    left = {entry.batch_id for entry in books.entries if entry.what in ("finished", "left")} - finished
    for batch_id in registrations(books):
        kept = books.batches.get(batch_id)
        if kept is None or kept.batch.status in TERMINAL:
            continue
        waits_for_its_client = kept.batch.ingestion.is_open or kept.batch.accepts_pipeline
        if batch_id not in left or not waits_for_its_client:
            yield f"batch {batch_id} is still {kept.batch.status}{_phases_under_way(kept.batch)}"


def _phases_under_way(batch: Batch) -> str:
    run = batch.active_run
    names = [phase.name.value for phase in run.phases if not phase.has_ended] if run else []
    return f", in {' and '.join(names)}" if names else ""


def unlike_their_timeline(books: Books) -> Iterator[str]:
    """The state is not what the facts of the timeline make of it, or its row says something else."""
    for batch_id, kept in books.batches.items():
        if [seq for seq, _, _ in kept.timeline] != list(range(1, len(kept.timeline) + 1)):
            yield f"the timeline of batch {batch_id} has gaps"
        elif _folded(kept) != kept.batch:
            yield f"batch {batch_id} is not what its {len(kept.timeline)} facts make of it"
        elif (kept.status, kept.version) != (kept.batch.status, kept.batch.version):
            yield f"the row of batch {batch_id} says {kept.status} {kept.version}, its state {kept.batch.status}"


def _folded(kept: KeptBatch) -> Batch | None:
    batch: Batch | None = None
    for _, at, fact in kept.timeline:
        batch, _effects = decide(batch, fact, at)
    return batch


def changed_after_the_end(books: Books) -> Iterator[str]:
    """A client saw that a batch had ended, and then another status, though nobody had asked for more."""
    ends: dict[tuple[str, int], str] = {}
    for entry in books.entries:
        if entry.what == "saw":
            place, status = (entry.batch_id, entry.sent["runs"]), entry.sent["status"]
            if ends.get(place, status) != status:
                yield f"batch {entry.batch_id} was {ends[place]}, then {status}, after {place[1]} runs"
            elif status in TERMINAL:
                ends[place] = status
    for (batch_id, runs), status in ends.items():
        kept = books.batches.get(batch_id)
        if kept is not None and len(kept.batch.runs) == runs and kept.batch.status != status:
            yield f"batch {batch_id} was seen to be {status}, and is {kept.batch.status}"


def started_too_early(books: Books) -> Iterator[str]:
    """A phase began before one that it depends on was over."""
    for batch_id, kept in books.batches.items():
        for run in kept.batch.runs:
            for phase in run.phases:
                if not phase.reuse and _early(run, phase):
                    yield f"{phase.name} of batch {batch_id}, run {run.run_id}, began too early"


def _early(run: Run, phase: PhaseRun) -> bool:
    needed = [run.phase(name) for name in phase.depends_on]
    return phase.started_at is not None and any(
        one is None or one.ended_at is None or one.ended_at > phase.started_at for one in needed
    )


def miscounted_by_orchestrator(books: Books) -> Iterator[str]:
    """In a phase that has ended, succeeded and failed are not the essays that were sent."""
    for batch_id, kept in books.batches.items():
        for run in kept.batch.runs:
            for phase in run.phases:
                counted = sorted([*phase.succeeded, *phase.failed])
                if phase.has_ended and not phase.reuse and counted != sorted(phase.sent):
                    yield f"{phase.name} of batch {batch_id}: {len(counted)} essays ended, {len(phase.sent)} were sent"


def miscounted_by_essays(books: Books) -> Iterator[str]:
    """ELS's counters are not its rows, or not what the orchestrator was told."""
    known: defaultdict[tuple[str, str, str], list[PhaseCounts]] = defaultdict(list)
    for attempt in sorted(books.phases, key=lambda one: one.attempt):
        yield from _miscounted(attempt)
        known[attempt.batch_id, attempt.run_id, attempt.phase].append(attempt)
    sent = {
        (batch_id, run.run_id, phase.name.value): phase
        for batch_id, kept in books.batches.items()
        for run in kept.batch.runs
        for phase in run.phases
        if not phase.reuse and phase.sent
    }
    for place in known.keys() | sent.keys():
        yield from _told_otherwise(place, known[place], sent.get(place))
    if books.in_flight:
        yield f"ELS takes {books.in_flight} essays for under way, at rest"


def _miscounted(attempt: PhaseCounts) -> Iterator[str]:
    place = attempt.batch_id, attempt.run_id, attempt.phase, attempt.attempt
    counters, rows = (attempt.succeeded, attempt.failed), (attempt.rows_succeeded, attempt.rows_failed)
    if counters != rows:
        yield f"phase {place}: succeeded and failed are {counters} by the counters, {rows} by the rows"
    if attempt.ended and attempt.succeeded + attempt.failed != attempt.total:
        yield f"phase {place} has ended with {attempt.succeeded}+{attempt.failed} of {attempt.total} essays"


def _told_otherwise(place: object, known: Sequence[PhaseCounts], sent: PhaseRun | None) -> Iterator[str]:
    """Each attempt takes essays that the one before it was not done with, so that all of them add up to the phase."""
    numbers = [attempt.attempt for attempt in known]
    if sent is None:
        yield f"ELS has a phase {place} that the orchestrator has not sent"
    elif numbers != list(range(1, sent.attempt + 1)):
        yield f"the orchestrator made {sent.attempt} attempts at a phase {place}, ELS knows those of number {numbers}"
    elif sent.has_ended:
        total, succeeded = known[0].total, sum(attempt.succeeded for attempt in known)
        if (total, succeeded) != (len(sent.sent), len(sent.succeeded)):
            yield f"phase {place}: ELS {succeeded} of {total}, BOS {len(sent.succeeded)} of {len(sent.sent)}"


def gathered_otherwise(books: Books) -> Iterator[str]:
    """The result aggregator knows another end, or other results, than the orchestrator."""
    for batch_id, kept in books.batches.items():
        if kept.batch.status not in TERMINAL:
            continue
        told = books.gathered.get(batch_id)
        if told is None:
            yield f"the aggregator does not know batch {batch_id}"
            continue
        if _client_word(told.status) != CLIENT_STATUS[kept.batch.status]:
            yield f"batch {batch_id} is {kept.batch.status} for the orchestrator, {told.status} for the aggregator"
        for name, phase in kept.batch.done.items():
            known, due = told.results.get(name.value, 0), len(phase.succeeded)
            if known != due:
                yield f"batch {batch_id}: the aggregator has {known} of {due} results of {name}"


def _client_word(status: str) -> str:
    return CLIENT_STATUS[BatchStatus(status)] if status in set(BatchStatus) else BatchClientStatus(status)


def guests_matched(books: Books) -> Iterator[str]:
    """Essays of a batch without a class were matched to students."""
    for phase in books.phases:
        if phase.phase == PhaseName.STUDENT_MATCHING:
            yield f"batch {phase.batch_id} entered student matching"
