"""What streams show, as messages of BOS to itself, said in the transaction that makes it true on a topic that stays."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar, Literal

import msgspec

from batch_orchestrator_service.domain.asked import OwnMessage
from batch_orchestrator_service.domain.batch import Batch
from batch_orchestrator_service.domain.facts import Fact
from batch_orchestrator_service.implementations.phase_view import view_of
from batch_orchestrator_service.implementations.status_view import phase_progress, waiting_for
from batch_orchestrator_service.implementations.timeline_view import who_said, why_said
from batch_orchestrator_service.protocols import PhaseProgress
from batch_orchestrator_service.status_models import WaitingFor
from common_core.enums import CLIENT_STATUS, BatchClientStatus, BatchStatus
from common_core.messages.pipeline import ELSBatchPhaseProgressV1

MOST_DATA_BYTES = 16 * 1024  # of a fact; a larger one is shown without it, so that what waits in streams stays bounded

StreamEventName = Literal["fact", "progress", "notification"]

_encode = msgspec.json.Encoder().encode


class BatchStreamEvent(OwnMessage, frozen=True, kw_only=True):
    """Something that streams show: those of the batch, if it is about one, and those of the user whose it is.

    `data` is the JSON object that clients get, as it is.
    """

    topic: ClassVar[str] = "batch_orchestrator.stream.event"

    batch_id: str | None = None
    user_id: str
    event: StreamEventName
    at: datetime
    data: msgspec.Raw

    @property
    def key(self) -> str:
        """One for all: what a transaction shows is one record batch, and their order is the log's."""
        return "streams"


class ShownFact(msgspec.Struct, frozen=True, kw_only=True):
    """A fact as the timeline has it, and where the batch stands after it.

    `data` is null where it is too much for a stream: the timeline has it, from after `seq` - 1 on.
    """

    batch_id: str
    seq: int
    at: datetime
    kind: str
    who: str | None
    why: str | None
    data: msgspec.Raw | None
    status: BatchStatus
    client_status: BatchClientStatus
    waiting_for: Sequence[dict[str, Any]]


class ShownProgress(msgspec.Struct, frozen=True, kw_only=True):
    """How far a phase of the active run is: `progress` is what the status has of it under `progress.phases`."""

    batch_id: str
    run_id: str
    at: datetime
    attempt: int
    progress: dict[str, Any]


def stream_event(
    event: StreamEventName, data: msgspec.Struct, *, user_id: str, at: datetime, batch_id: str | None = None
) -> BatchStreamEvent:
    """To be published, in the transaction that makes it true; clients get `data` as JSON."""
    raw = msgspec.Raw(_encode(data))
    return BatchStreamEvent(batch_id=batch_id, user_id=user_id, event=event, at=at, data=raw)


def fact_shown(batch: Batch, fact: Fact) -> BatchStreamEvent:
    """That this fact has made the batch what it is."""
    raw = _encode(fact)
    shown = ShownFact(
        batch_id=batch.batch_id,
        seq=batch.version,
        at=batch.changed_at,
        kind=fact.topic,
        who=who_said(fact, batch),
        why=why_said(fact),
        data=msgspec.Raw(raw) if len(raw) <= MOST_DATA_BYTES else None,
        status=batch.status,
        client_status=CLIENT_STATUS[batch.status],
        waiting_for=[_plain(wait) for wait in waiting_for(batch)],
    )
    return _of_batch(batch, "fact", shown, batch.changed_at)


def progress_shown(batch: Batch, report: ELSBatchPhaseProgressV1, at: datetime) -> BatchStreamEvent | None:
    """That ELS has come so far with a phase; None if nobody waits for it any longer."""
    run = batch.active_run
    phase = run.phase(report.phase_name) if run else None
    attempt = report.attempt or 1
    if run is None or report.run_id not in (None, run.run_id):
        return None
    if phase is None or not phase.awaits_outcome or phase.attempt != attempt:
        return None
    known = PhaseProgress(attempt, report.succeeded, report.failed, report.total)
    body = phase_progress(view_of(phase, {phase.name: known})).model_dump(mode="json")
    shown = ShownProgress(batch_id=batch.batch_id, run_id=run.run_id, at=at, attempt=attempt, progress=body)
    return _of_batch(batch, "progress", shown, at)


def _of_batch(batch: Batch, event: StreamEventName, shown: msgspec.Struct, at: datetime) -> BatchStreamEvent:
    return stream_event(event, shown, user_id=batch.registration.user_id, at=at, batch_id=batch.batch_id)


def _plain(wait: WaitingFor) -> dict[str, Any]:
    return wait.model_dump(mode="json")
