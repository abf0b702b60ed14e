"""What clients wished for: done once however often it was asked, refused only with reason, and only that."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence

import msgspec
from batch_orchestrator_service.domain import admission
from batch_orchestrator_service.domain.asked import (
    Asked,
    CancelAsked,
    PauseAsked,
    PipelineResolved,
    ResumeAsked,
    RetryAsked,
)
from batch_orchestrator_service.domain.batch import Batch
from batch_orchestrator_service.errors import BatchCancelled

from chaos.books import Books
from chaos.checks.clients import answered
from chaos.checks.students import is_refused_with_reason
from chaos.diary import Entry
from chaos.lives import life, states_between
from common_core.enums import PhaseName
from common_core.messages.pipeline import ELSBatchPhaseOutcomeV1
from huleedu_service_libs.errors import RefusedCommand

WISHES: Mapping[str, type[Asked]] = {
    "request": PipelineResolved,
    "cancel": CancelAsked,
    "pause": PauseAsked,
    "resume": ResumeAsked,
    "retry": RetryAsked,
}
_SO_ALREADY: Mapping[str, Callable[[Batch], bool]] = {
    "cancel": lambda batch: batch.cancelled is not None,
    "pause": lambda batch: batch.paused is not None,
    "resume": lambda batch: batch.paused is None,
}


def _refusal_of_request(batch: Batch) -> RefusedCommand | None:
    """One that was worked out before a cancellation, and comes after it, is refused as well."""
    return admission.refusal(batch) or (BatchCancelled() if batch.cancelled else None)


_REFUSALS: Mapping[str, Callable[[Batch], RefusedCommand | None]] = {
    "request": _refusal_of_request,
    "cancel": admission.refusal_of_cancel,
    "pause": admission.refusal_of_pause,
    "resume": admission.refusal_of_resume,
}


class _Problem(msgspec.Struct):
    code: str = ""


class _Retried(msgspec.Struct):
    run_id: str
    essay_ids: list[str]


_problem = msgspec.json.Decoder(_Problem).decode
_retried = msgspec.json.Decoder(_Retried).decode


def granted(books: Books) -> Mapping[str, int]:
    """How often each kind of wish has changed a batch."""
    kinds = {kind: what for what, kind in WISHES.items()}
    facts = [type(fact) for kept in books.batches.values() for _, _, fact in kept.timeline]
    return dict(sorted(Counter(kinds[kind] for kind in facts if kind in kinds).items()))


def done_more_than_once(books: Books) -> Iterator[str]:
    """A request, however often it was sent, changed a batch twice."""
    done = Counter(
        (batch_id, fact.correlation_id, type(fact).__name__)
        for batch_id, kept in books.batches.items()
        for _, _, fact in kept.timeline
        if isinstance(fact, Asked)
    )
    for (batch_id, key, name), times in done.items():
        if times > 1:
            yield f"batch {batch_id}: {name} under {key} took effect {times} times"


def accepted_and_not_done(books: Books) -> Iterator[str]:
    """A wish was accepted, nothing came of it, and it was not so already."""
    done = {
        (fact.correlation_id, type(fact))
        for kept in books.batches.values()
        for _, _, fact in kept.timeline
        if isinstance(fact, Asked)
    }
    for key, tries in _wishes(books).items():
        entry = tries[-1]
        if any(map(answered, tries)) and (key, WISHES[entry.what]) not in done and not _was_so(books, tries):
            yield f"{entry.who} was promised {entry.what} of batch {entry.batch_id} under {key}, and it was not done"


def _wishes(books: Books) -> dict[str, list[Entry]]:
    """All tries of each, by key."""
    tries: defaultdict[str, list[Entry]] = defaultdict(list)
    for entry in books.entries:
        if entry.what in WISHES:
            tries[entry.key].append(entry)
    return tries


def _was_so(books: Books, tries: Sequence[Entry]) -> bool:
    is_so, kept = _SO_ALREADY.get(tries[0].what), books.batches.get(tries[0].batch_id)
    if is_so is None or kept is None:
        return False
    began, ended = min(entry.began for entry in tries), max(entry.ended for entry in tries)
    return any(map(is_so, states_between(kept, began, ended)))


def retried_otherwise(books: Books) -> Iterator[str]:
    """A retry sent an essay that had come through, or others than were named, or others than the answer names."""
    answers = {
        (answer := _retried(entry.answer)).run_id: sorted(answer.essay_ids)
        for entry in books.entries
        if entry.what == "retry" and answered(entry)
    }
    for batch_id, kept in books.batches.items():
        passed: defaultdict[str, set[str]] = defaultdict(set)
        for moment in life(kept):
            match moment.fact:
                case ELSBatchPhaseOutcomeV1() as outcome if _counts(moment.before, outcome):
                    passed[outcome.phase_name].update(ref.essay_id for ref in outcome.processed_essays)
                case RetryAsked() as asked:
                    sent = {ref.essay_id for command in moment.commands for ref in command.essays_to_process}
                    named = set(asked.essay_ids) or sent
                    told = answers.get(asked.run_id, sorted(sent))
                    if sent & passed[asked.phase_name] or sent != named or sorted(sent) != told:
                        yield f"batch {batch_id}, run {asked.run_id}: {asked.phase_name} was retried for {sorted(sent)}"


def _counts(batch: Batch | None, outcome: ELSBatchPhaseOutcomeV1) -> bool:
    """It was not discarded: its run went on."""
    run = batch.active_run if batch else None
    return run is not None and run.run_id == outcome.run_id


def refused_without_reason(books: Books) -> Iterator[str]:
    """A request was refused for good although it was in order; looking too early is."""
    for entry in books.entries:
        too_early = entry.what in ("results", "associations") and entry.status == 404
        refused = 400 <= entry.status < 500 and entry.status != 429
        if refused and entry.what != "peek" and not too_early and not _has_reason(books, entry):
            asked = f"{entry.what} of {entry.batch_id or entry.sent}"
            yield f"{entry.who} was refused {asked}: {entry.status} {entry.answer[:200]}"


def _has_reason(books: Books, entry: Entry) -> bool:
    """The batch stood meanwhile where this is refused."""
    kept = books.batches.get(entry.batch_id)
    if kept is None or entry.status != 409:
        return False
    states, code = states_between(kept, entry.began, entry.ended), _problem(entry.answer).code
    if entry.what == "confirm":
        return is_refused_with_reason(books, entry, code)
    if entry.what == "upload":
        return code == "BATCH_LOCKED" and any(batch.cancelled or not batch.ingestion.is_open for batch in states)
    return any(refusal.code == code for batch in states if (refusal := _refusal(entry, batch)) is not None)


def _refusal(entry: Entry, batch: Batch) -> RefusedCommand | None:
    if entry.what == "retry":
        essays = admission.essays_to_retry(batch, PhaseName.SPELLCHECK, entry.sent.get("essay_ids", ()))
        return essays if isinstance(essays, RefusedCommand) else None
    refusal = _REFUSALS.get(entry.what)
    return refusal(batch) if refusal else None
