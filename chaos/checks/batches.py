"""Batches: their ends, their timelines, and whether everybody counts alike."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from batch_orchestrator_service.domain.batch import Batch
from batch_orchestrator_service.domain.run import PhaseRun, Run

from chaos.books import Books, KeptBatch, PhaseCounts
from chaos.checks.clients import registrations
from chaos.lives import commands, life
from common_core.enums import CLIENT_STATUS, BatchClientStatus, BatchStatus, PhaseName
from common_core.enums import PipelineExecutionStatus as PhaseStatus
from common_core.messages.pipeline import PhaseCommand

Place = tuple[str, str, str]
"""A batch, a run and a phase."""

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
        if batch_id not in left or not waits_for_its_client or kept.batch.paused:
            yield f"batch {batch_id} is still {kept.batch.status}{_where(kept.batch)}"


def _where(batch: Batch) -> str:
    run, pause = batch.active_run, ", paused" if batch.paused else ""
    names = [phase.name.value for phase in run.phases if not phase.has_ended] if run else []
    return f", in {' and '.join(names)}{pause}" if names else pause


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
    return next((moment.after for moment in reversed(list(life(kept)))), None)


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
    """In a phase that has ended, succeeded and failed are not the essays that were sent; cancelled, more than those."""
    for batch_id, kept in books.batches.items():
        for run in kept.batch.runs:
            for phase in run.phases:
                if phase.has_ended and not phase.reuse and not _adds_up(phase):
                    counted = len(phase.succeeded) + len(phase.failed)
                    yield f"{phase.name} of batch {batch_id}: {counted} essays ended, {len(phase.sent)} were sent"


def _adds_up(phase: PhaseRun) -> bool:
    counted = Counter([*phase.succeeded, *phase.failed])
    return counted <= Counter(phase.sent) if phase.status is PhaseStatus.CANCELLED else counted == Counter(phase.sent)


def miscounted_by_essays(books: Books) -> Iterator[str]:
    """ELS's counters are not its rows, or not what the orchestrator commanded and was told."""
    known: defaultdict[Place, list[PhaseCounts]] = defaultdict(list)
    for attempt in sorted(books.phases, key=lambda one: one.attempt):
        yield from _miscounted(attempt)
        known[attempt.batch_id, attempt.run_id, attempt.phase].append(attempt)
    commanded: defaultdict[Place, list[PhaseCommand]] = defaultdict(list)
    for batch_id, kept in books.batches.items():
        for command in commands(kept):
            commanded[batch_id, str(command.run_id), command.phase.value].append(command)
    for place in known.keys() | commanded.keys():
        yield from _told_otherwise(place, known[place], commanded[place], books)
    if books.in_flight:
        yield f"ELS takes {books.in_flight} essays for under way, at rest"


def _miscounted(attempt: PhaseCounts) -> Iterator[str]:
    place = attempt.batch_id, attempt.run_id, attempt.phase, attempt.attempt
    counters, rows = (attempt.succeeded, attempt.failed), (attempt.rows_succeeded, attempt.rows_failed)
    if counters != rows:
        yield f"phase {place}: succeeded and failed are {counters} by the counters, {rows} by the rows"
    if attempt.ended and not attempt.superseded and attempt.succeeded + attempt.failed != attempt.total:
        yield f"phase {place} has ended with {attempt.succeeded}+{attempt.failed} of {attempt.total} essays"


def _told_otherwise(
    place: Place, known: Sequence[PhaseCounts], commanded: Sequence[PhaseCommand], books: Books
) -> Iterator[str]:
    """ELS takes up every command, but for those that it hears after their run was cancelled."""
    sizes = {command.attempt: len(command.essays_to_process) for command in commanded}
    totals = {attempt.attempt: attempt.total for attempt in known}
    run = _run(books, place)
    if not totals.items() <= sizes.items():
        yield f"ELS has attempts and essays {totals} at phase {place}, the orchestrator has commanded {sizes}"
    elif run is None or run.is_cancelled:
        return
    elif totals != sizes:
        yield f"the orchestrator has commanded attempts and essays {sizes} at phase {place}, ELS has {totals}"
    elif not run.is_active:
        yield from _came_through_otherwise(place, known, commanded, books)


def _run(books: Books, place: Place) -> Run | None:
    batch_id, run_id, _ = place
    runs = books.batches[batch_id].batch.runs if batch_id in books.batches else ()
    return next((run for run in runs if run.run_id == run_id), None)


def _came_through_otherwise(
    place: Place, known: Sequence[PhaseCounts], commanded: Sequence[PhaseCommand], books: Books
) -> Iterator[str]:
    """Each attempt takes essays that those before it were not done with, so that all of them add up to the phase."""
    batch, run = books.batches[place[0]].batch, _run(books, place)
    phase = run.phase(PhaseName(place[2])) if run else None
    sent = {ref.essay_id for command in commanded for ref in command.essays_to_process}
    passed = {batch.essays.ids[essay] for essay in phase.succeeded} & sent if phase else set()
    if sum(attempt.succeeded for attempt in known) != len(passed):
        succeeded = sum(attempt.succeeded for attempt in known)
        yield f"phase {place}: ELS {succeeded} of {len(sent)}, BOS {len(passed)} of {len(sent)}"


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
            has_more = any(run.is_cancelled for run in kept.batch.runs)  # some came too late for the orchestrator
            if known < due or (known > due and not has_more):
                yield f"batch {batch_id}: the aggregator has {known} of {due} results of {name}"


def _client_word(status: str) -> str:
    return CLIENT_STATUS[BatchStatus(status)] if status in set(BatchStatus) else BatchClientStatus(status)
