"""After a cancellation and during a pause: what was commanded and sent, and what became of results that came late."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

from batch_orchestrator_service.domain.batch import Batch

from chaos.books import Books, Said, Taken
from chaos.lives import commands
from common_core.enums import PhaseName
from common_core.enums import PipelineExecutionStatus as PhaseStatus
from common_core.messages.control import BatchPausedV1, BatchResumedV1, BatchRunCancelledV1
from common_core.messages.matching import BatchServiceStudentMatchingInitiateCommandDataV1
from common_core.messages.nlp import BatchNlpProcessingRequestedV2
from common_core.messages.pipeline import (
    BatchServiceNLPInitiateCommandDataV1,
    BatchServiceSpellcheckInitiateCommandDataV1,
    ELSBatchPhaseOutcomeV1,
)
from common_core.messages.spellcheck import EssayLifecycleSpellcheckRequestV1, SpellcheckPhaseCompletedV1

PAUSED, RESUMED, CANCELLED = BatchPausedV1.topic, BatchResumedV1.topic, BatchRunCancelledV1.topic
COMMANDS = frozenset({BatchServiceSpellcheckInitiateCommandDataV1.topic, BatchServiceNLPInitiateCommandDataV1.topic})
REQUESTS = frozenset({EssayLifecycleSpellcheckRequestV1.topic, BatchNlpProcessingRequestedV2.topic})
BEGUN = COMMANDS | {BatchServiceStudentMatchingInitiateCommandDataV1.topic}
ELS = "essay_lifecycle_service"


def commanded_otherwise(books: Books) -> Iterator[str]:
    """The orchestrator said other commands than its timelines call for."""
    said = Counter(effect for event in books.said if event.topic in COMMANDS for effect in event.effects)
    due: Counter[tuple[str, ...]] = Counter(
        (command.topic, command.entity_id, str(command.run_id), str(command.attempt))
        for kept in books.batches.values()
        for command in commands(kept)
    )
    for effect in said.keys() | due.keys():
        if said[effect] != due[effect]:
            yield f"{' '.join(effect)} was said {said[effect]} times, and called for {due[effect]} times"


def commanded_while_halted(books: Books) -> Iterator[str]:
    """In the order of its log, the orchestrator commanded a cancelled run, or a batch between pause and resumption."""
    for batch_id, events in _by_key(books.said, BEGUN | {PAUSED, RESUMED, CANCELLED}).items():
        over: set[str] = set()
        is_paused = False
        for event in events:
            if event.topic in BEGUN and (is_paused or event.run_id in over):
                why = "is paused" if is_paused else f"has cancelled run {event.run_id}"
                yield f"{event.topic} at {event.offset} of batch {batch_id}, which {why}"
            elif event.topic == CANCELLED:
                over.add(event.run_id)
            if event.topic not in BEGUN:
                is_paused = event.topic == PAUSED


def _by_key(said: Sequence[Said], topics: frozenset[str]) -> Mapping[str, Sequence[Said]]:
    """The events of these topics, which one service says, in the order of its log."""
    found: defaultdict[str, list[Said]] = defaultdict(list)
    for event in said:
        if event.topic in topics:
            found[event.key].append(event)
    return {key: sorted(events, key=lambda event: event.offset) for key, events in found.items()}


def sent_while_halted(books: Books) -> Iterator[str]:
    """ELS sent essays out after it had taken up that their run is cancelled, or that their batch waits."""
    events = {event.event_id: event for event in books.said}
    heard: defaultdict[str, list[tuple[Taken, Said]]] = defaultdict(list)
    for taken in sorted(books.taken, key=lambda taken: taken.order):
        if taken.group == ELS and taken.topic in (PAUSED, RESUMED, CANCELLED) and taken.event_id in events:
            heard[taken.key].append((taken, events[taken.event_id]))
    for batch_id, requests in _by_key(books.said, REQUESTS).items():
        for request in requests:
            if _is_cancelled(request, heard[batch_id]) or _is_held(request, heard[batch_id]):
                yield f"{request.topic} at {request.offset} of batch {batch_id}, run {request.run_id}, which is halted"


def _is_cancelled(request: Said, heard: Sequence[tuple[Taken, Said]]) -> bool:
    return any(
        said.topic == CANCELLED and said.run_id == request.run_id and _was_known(taken, request)
        for taken, said in heard
    )


def _is_held(request: Said, heard: Sequence[tuple[Taken, Said]]) -> bool:
    """Of what was known of the batch when it was sent, the latest word was to wait."""
    known = [said for taken, said in heard if _was_known(taken, request)]
    happened_together = any(taken.transaction == request.transaction for taken, _ in heard)
    latest = max(known, key=lambda said: said.version, default=None)
    return latest is not None and latest.topic == PAUSED and not happened_together


def _was_known(taken: Taken, request: Said) -> bool:
    """In an earlier transaction; within one, nobody can tell what came first."""
    return taken.head <= request.offset and taken.transaction != request.transaction


def late_outcomes_dropped(books: Books) -> Iterator[str]:
    """The outcome of a phase whose run was cancelled meanwhile is not kept, or not as discarded."""
    told = {effect for event in books.said if event.topic == ELSBatchPhaseOutcomeV1.topic for effect in event.effects}
    for batch_id, kept in books.batches.items():
        known = {_place(fact) for _, _, fact in kept.timeline if isinstance(fact, ELSBatchPhaseOutcomeV1)}
        for place, is_discarded in _owed_when_cancelled(kept.batch):
            came = (ELSBatchPhaseOutcomeV1.topic, batch_id, *place) in told
            if (came, came) != (place in known, is_discarded):
                what = f"came: {came}, is in the timeline: {place in known}, is discarded: {is_discarded}"
                yield f"batch {batch_id}: the outcome of {' '.join(place)}, which was cancelled, {what}"


def _place(outcome: ELSBatchPhaseOutcomeV1) -> tuple[str, str, str]:
    return str(outcome.run_id), str(outcome.phase_name), str(outcome.attempt)


def _owed_when_cancelled(batch: Batch) -> Iterator[tuple[tuple[str, str, str], bool]]:
    """The phases that ELS had not answered then, and whether the answer is known to have been discarded."""
    for run in batch.runs:
        for phase in run.phases:
            if phase.status is PhaseStatus.CANCELLED and (phase.discarded or phase.wait is not None):
                yield (run.run_id, str(phase.name), str(phase.attempt)), phase.discarded


def answers_unaccounted_for(books: Books) -> Iterator[str]:
    """ELS has neither counted an essay's answer in nor kept it as discarded, or has done so with what nobody said."""
    topic = SpellcheckPhaseCompletedV1.topic
    told = {effect for event in books.said if event.topic == topic for effect in event.effects}
    answers = Counter((batch_id, run_id, attempt) for _, batch_id, run_id, _, attempt in told)
    for phase in books.phases:
        if phase.phase == PhaseName.SPELLCHECK:
            counted = phase.rows_succeeded + phase.rows_failed - phase.timed_out
            due = answers[phase.batch_id, phase.run_id, str(phase.attempt)]
            if counted + phase.discarded != due:
                place = f"batch {phase.batch_id}, run {phase.run_id}, attempt {phase.attempt}"
                yield f"{place}: {due} essays were answered, {counted} counted in and {phase.discarded} discarded"
