"""Why a batch does not move, and what would move it: in sentences for whoever has to act."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from batch_orchestrator_service.domain.batch import Batch
from batch_orchestrator_service.implementations.phase_view import view_of
from batch_orchestrator_service.implementations.status_view import waiting_for
from batch_orchestrator_service.list_models import StuckBody
from batch_orchestrator_service.protocols import PhaseProgress, SetAside
from batch_orchestrator_service.status_models import WaitingFor
from common_core.enums import PhaseName

Words = tuple[str, str]
"""A reason and its remedy."""


@dataclass(frozen=True)
class Seen:
    """A batch that has not moved, and what is known about it: ELS's reports, dead letters, BOS's trouble, the time."""

    batch: Batch
    progress: Mapping[PhaseName, PhaseProgress]
    letters: Sequence[SetAside]
    trouble: str | None
    now: datetime

    @property
    def moved_at(self) -> datetime:
        """When something last happened to it."""
        reported = (progress.reported_at for progress in self.progress.values())
        return max([self.batch.changed_at, *(at for at in reported if at is not None)])


def stuck(seen: Seen) -> StuckBody:
    """All that keeps it where it is; what has gone wrong comes first."""
    reasons, remedies = zip(*_words(seen), strict=True)
    return StuckBody(since=seen.moved_at, reason=" ".join(reasons), remedy=" ".join(dict.fromkeys(remedies)))


def _words(seen: Seen) -> Iterator[Words]:
    if seen.trouble is not None:
        yield (f"BOS itself does not get on: {seen.trouble}.", "Mend that (/readyz of BOS shows it) and restart BOS.")
    for letters in seen.letters:
        yield _set_aside(letters)
    for wait in waiting_for(seen.batch):
        yield _WAITS[wait.what](seen, wait)


def _set_aside(letters: SetAside) -> Words:
    what = "A message" if letters.count == 1 else f"{letters.count} messages"
    return (
        f"{what} about it could not be handled by {letters.group}: {letters.reason}.",
        "Mend the cause, then `huleedu dead-letters list` and `replay`.",
    )


def _content(seen: Seen, wait: WaitingFor) -> Words:
    ingestion, expected = seen.batch.ingestion, len(seen.batch.registration.essay_ids)
    if ingestion.wait.overdue:
        return (
            "Its time for content is up, and ELS has not closed it yet.",
            f"ELS has to answer (/readyz of essay_lifecycle_service); {_else(seen, wait, 'it ends without content')}",
        )
    bad = len(ingestion.failures)
    unusable = f", {bad} that came could not be used" if bad else ""
    return (
        f"It waits for files: {expected} are expected{unusable}.",
        f"Upload what is missing; {_else(seen, wait, 'it goes on with what is there')}",
    )


def _student_matching(seen: Seen, wait: WaitingFor) -> Words:
    return (
        "Matching has not said yet which students may have written its essays.",
        f"nlp_service and class_management_service have to answer (their /readyz); {_without_names(seen, wait)}",
    )


def _teacher_confirmation(seen: Seen, wait: WaitingFor) -> Words:
    return (
        "It is not confirmed yet who wrote its essays.",
        f"POST /v1/batches/{seen.batch.batch_id}/student-associations of class_management_service,"
        f" which decides by itself {_at_its_time(wait)}; {_without_names(seen, wait)}",
    )


def _at_its_time(wait: WaitingFor) -> str:
    return "after its CONFIRMATION_SECONDS" if wait.until is None else f"at {_time(wait.until)}"


def _essays_ready(seen: Seen, wait: WaitingFor) -> Words:
    return (
        "It is confirmed who wrote its essays, and ELS has not taken that up yet.",
        f"ELS has to answer (/readyz of essay_lifecycle_service); {_without_names(seen, wait)}",
    )


def _without_names(seen: Seen, wait: WaitingFor) -> str:
    """The limit is BOS's own, which is later than the teacher's."""
    limit = seen.batch.matching.wait
    assert limit is not None
    return _else(seen, wait.model_copy(update={"until": limit.until}), "the batch goes on without that")


def _pipeline_request(seen: Seen, _: WaitingFor) -> Words:
    return (
        "Its essays are ready, and nobody has asked for a pipeline.",
        f"POST /v1/batches/{seen.batch.batch_id}/pipelines, or .../cancel.",
    )


def _phase_outcome(seen: Seen, wait: WaitingFor) -> Words:
    run = seen.batch.active_run
    phase = run.phase(wait.phase) if run and wait.phase else None
    assert phase is not None
    view = view_of(phase, seen.progress)
    reported = seen.progress.get(phase.name)
    last = reported.reported_at if reported and reported.attempt == phase.attempt else None
    done = view.succeeded + view.failed
    closing = phase.wait is not None and phase.wait.overdue
    asked = ", and ELS has not closed it though its time is up" if closing else ""
    return (
        f"{phase.name}, attempt {phase.attempt}: {done} of {view.total} essays are answered,"
        f" none since {_time(last or wait.since)}{asked}.",
        f"The service of {phase.name} has to answer (its /readyz and work items, and ELS's);"
        f" {_else(seen, wait, 'what is missing fails' if closing else 'ELS is asked to close it')}",
    )


def _next_attempt(seen: Seen, wait: WaitingFor) -> Words:
    return (
        f"{wait.phase} waits for its next attempt.",
        f"Nothing to do; {_else(seen, wait, 'the attempt begins')}",
    )


def _resume(seen: Seen, _: WaitingFor) -> Words:
    halt = seen.batch.paused
    assert halt is not None
    who = f" by {halt.asked_by}" if halt.asked_by else ""
    why = f": {halt.reason}" if halt.reason else ""
    return (
        f"It was paused{who}{why}.",
        f"POST /v1/batches/{seen.batch.batch_id}/resume (`huleedu resume {seen.batch.batch_id}`).",
    )


_WAITS = {
    "content": _content,
    "student_matching": _student_matching,
    "teacher_confirmation": _teacher_confirmation,
    "essays_ready": _essays_ready,
    "pipeline_request": _pipeline_request,
    "phase_outcome": _phase_outcome,
    "next_attempt": _next_attempt,
    "resume": _resume,
}


def _else(seen: Seen, wait: WaitingFor, what: str) -> str:
    """What happens by itself, and when; a clock that is late does not run."""
    assert wait.until is not None
    if wait.until < seen.now:
        return f"by itself {what}, overdue since {_time(wait.until)}: BOS's timers do not run (/readyz of BOS)."
    return f"by itself {what} at {_time(wait.until)}."


def _time(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}Z"
