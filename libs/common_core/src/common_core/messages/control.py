"""What BOS says when the work on a batch is to stop, to wait or to go on.

These come on topics of their own, so in no order: of what names a `version` of its batch, the greatest one holds.
"""

from datetime import datetime
from typing import ClassVar

from common_core.enums import PhaseName
from common_core.message import Message

PHASE_TIMED_OUT = "PHASE_TIMED_OUT"
"""The code of an essay that a phase was not done with in time."""


class BatchPausedV1(Message, frozen=True, kw_only=True):
    """BOS: send out no more essays of this batch until it is resumed; what is out is counted in as ever."""

    topic: ClassVar[str] = "huleedu.batch.paused.v1"
    producer: ClassVar[str] = "batch_orchestrator_service"

    event: str = "batch.paused"
    batch_id: str
    version: int
    asked_by: str | None = None
    reason: str | None = None
    correlation_id: str
    timestamp: datetime


class BatchResumedV1(Message, frozen=True, kw_only=True):
    """BOS: go on with this batch where it stood."""

    topic: ClassVar[str] = "huleedu.batch.resumed.v1"
    producer: ClassVar[str] = "batch_orchestrator_service"

    event: str = "batch.resumed"
    batch_id: str
    version: int
    asked_by: str | None = None
    reason: str | None = None
    correlation_id: str
    timestamp: datetime


class BatchRunCancelledV1(Message, frozen=True, kw_only=True):
    """BOS: work no longer on this run of the batch, whose results nobody waits for. It had none if none is named."""

    topic: ClassVar[str] = "huleedu.batch.run.cancelled.v1"
    producer: ClassVar[str] = "batch_orchestrator_service"

    event: str = "batch.run.cancelled"
    batch_id: str
    run_id: str | None = None
    version: int
    asked_by: str | None = None
    reason: str | None = None
    correlation_id: str
    timestamp: datetime


class BatchWaitGivenUpV1(Message, frozen=True, kw_only=True):
    """BOS: what was still waited for has failed, whatever comes later; content is meant where no phase is named."""

    topic: ClassVar[str] = "huleedu.batch.wait.given.up.v1"
    producer: ClassVar[str] = "batch_orchestrator_service"

    event: str = "batch.wait.given.up"
    batch_id: str
    phase_name: PhaseName | None = None
    run_id: str | None = None
    attempt: int | None = None
    essay_ids: list[str] = []
    correlation_id: str
    timestamp: datetime


class BatchPhaseDeadlinePassedV1(Message, frozen=True, kw_only=True):
    """BOS: this phase has had its time; the essays that are not answered by now have failed."""

    topic: ClassVar[str] = "huleedu.batch.phase.deadline.passed.v1"
    producer: ClassVar[str] = "batch_orchestrator_service"

    event: str = "batch.phase.deadline.passed"
    batch_id: str
    phase_name: PhaseName
    run_id: str
    attempt: int
    correlation_id: str
    timestamp: datetime
