"""The ports of the Batch Orchestrator Service."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from batch_orchestrator_service.api_models import (
    BatchRegistrationRequestV1,
    BatchRegistrationResponse,
    ControlResponse,
    PipelineRequest,
    PipelineRequestResponse,
    PromptRequest,
    PromptResponse,
    RetryRequest,
    RetryResponse,
    TimelineResponse,
    WishRequest,
)
from batch_orchestrator_service.domain.asked import ResolvedPhase
from batch_orchestrator_service.domain.batch import Batch
from batch_orchestrator_service.domain.facts import Fact
from batch_orchestrator_service.domain.operation import Operation
from batch_orchestrator_service.status_models import BatchStatusResponse, PipelineStateResponse
from common_core.enums import BatchStatus, CourseCode, PhaseName
from common_core.messages.pipeline import ELSBatchPhaseProgressV1
from huleedu_service_libs.runtime.effects import Effect
from huleedu_service_libs.runtime.unit_of_work import Cause


class Clock(Protocol):
    """What time it is for whatever is being done: one reading for a whole unit of work."""

    def __call__(self) -> datetime:
        """UTC."""


class Look(Protocol):
    """What whoever only reads can see of the process, outside any unit of work."""

    def now(self) -> datetime:
        """UTC."""

    def trouble(self) -> str | None:
        """Why its readers of events do not get on; None if they do."""


class NewId(Protocol):
    """Makes ids."""

    def __call__(self) -> str:
        """A new UUID; later ones sort after earlier ones."""


class BatchFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which batches to list: the newest first, from after `cursor` on.

    `since`: changed no earlier than that. `unmoved_since`: not changed since then, nor has any report on a phase come.
    """

    user_id: str | None = None
    class_id: str | None = None
    statuses: tuple[BatchStatus, ...] = tuple(BatchStatus)
    since: datetime | None = None
    unmoved_since: datetime | None = None
    cursor: str | None = None
    limit: int = 50


class ListedBatch(msgspec.Struct, frozen=True):
    """A batch in one line."""

    batch_id: str
    status: BatchStatus
    user_id: str
    class_id: str | None
    course_code: CourseCode
    essay_count: int
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, batch: Batch) -> "ListedBatch":
        """The line for this one."""
        registration = batch.registration
        return cls(
            batch_id=batch.batch_id,
            status=batch.status,
            user_id=registration.user_id,
            class_id=registration.class_id,
            course_code=registration.course_code,
            essay_count=len(registration.essay_ids),
            created_at=batch.registered_at,
            updated_at=batch.changed_at,
        )


class TimelineEntry(msgspec.Struct, frozen=True):
    """A fact that changed a batch: the `seq`-th of its life."""

    seq: int
    at: datetime
    fact: Fact


class PhaseProgress(msgspec.Struct, frozen=True):
    """How far an attempt of a phase is, as ELS last said, and when it last said something new."""

    attempt: int
    succeeded: int
    failed: int
    total: int
    reported_at: datetime | None = None


class SetAside(msgspec.Struct, frozen=True):
    """So many messages about a batch could not be handled by a group; and why the last one could not."""

    group: str
    count: int
    reason: str


class BatchRepositoryProtocol(Protocol):
    """Keeps batches, and of each the facts that made it what it is."""

    async def get_for_update(self, batch_id: str) -> Batch | None:
        """The batch, locked until the running unit of work ends, which sees its own changes."""

    async def save(self, batch: Batch, fact: Fact) -> None:
        """Keep the batch as this fact has made it, and the fact, when the unit of work commits."""

    async def get(self, batch_id: str) -> Batch | None:
        """The batch as last committed; locks nothing."""

    async def owners(self, batch_ids: Sequence[str]) -> Mapping[str, str]:
        """The users whose batches these are, of those that there are; within the unit of work, and locks nothing."""

    async def list(self, wanted: BatchFilter) -> Sequence[ListedBatch]:
        """The batches that fit, newest first."""

    async def count(self, wanted: BatchFilter) -> int:
        """How many fit, from after the cursor on; no more than the limit are counted."""

    async def get_all(self, batch_ids: Sequence[str]) -> Sequence[Batch]:
        """Those there are, as last committed, in this order; locks nothing."""

    async def timeline(self, batch_id: str, after: int, limit: int) -> Sequence[TimelineEntry]:
        """The batch's facts with a greater `seq` than `after`, in order."""

    async def record_progress(self, reports: Sequence[ELSBatchPhaseProgressV1]) -> None:
        """Keep how far phases are, within the unit of work. What belongs to no active run is dropped."""

    async def progress(self, batch_id: str, run_id: str) -> Mapping[PhaseName, PhaseProgress]:
        """How far the phases of this run are."""

    async def progress_of_all(self, batches: Sequence[Batch]) -> Mapping[str, Mapping[PhaseName, PhaseProgress]]:
        """How far the phases of the active run of each of these are, by batch."""

    async def set_aside(self, batch_ids: Sequence[str]) -> Mapping[str, Sequence[SetAside]]:
        """Messages about these batches among the dead letters of BOS's database."""


class BatchEventPublisherProtocol(Protocol):
    """Says what a decision calls for."""

    def publish(self, *effects: Effect, cause: Cause | None = None) -> None:
        """Said when the running unit of work commits, and only then; because of `cause`, or else of what is handled."""


class PipelineQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """What BCS needs to know to resolve a pipeline for a batch."""

    batch_id: str
    requested_pipeline: str
    correlation_id: str
    prompt_attached: bool
    prompt_source: str
    assignment_id: str | None
    completed_phases: tuple[PhaseName, ...]
    essay_states: dict[PhaseName, dict[str, int]]


class BatchConductorClientProtocol(Protocol):
    """Asks the Batch Conductor Service."""

    async def resolve(self, question: PipelineQuestion) -> tuple[ResolvedPhase, ...]:
        """The phases, in order. Raises PipelineRefused with BCS's reason, or Unavailable while BCS is away."""


class BatchProcessingServiceProtocol(Protocol):
    """What clients can do with batches. `user_id` is who asks, when known: another's batch does not exist for them."""

    async def register_new_batch(
        self, request: BatchRegistrationRequestV1, correlation_id: str
    ) -> BatchRegistrationResponse:
        """Durable when it returns. Raises a RefusedCommand."""

    async def request_pipeline(
        self, batch_id: str, request: PipelineRequest, user_id: str | None, correlation_id: str
    ) -> PipelineRequestResponse:
        """Start a run. Raises a RefusedCommand, or Unavailable while BCS is away, and then nothing has happened."""

    async def status(self, batch_id: str, user_id: str | None) -> BatchStatusResponse:
        """Where the batch stands. Raises BatchNotFound."""

    async def pipeline_state(self, batch_id: str) -> PipelineStateResponse:
        """The phases, the owner, and whether files may still come. Raises BatchNotFound."""

    async def timeline(self, batch_id: str, user_id: str | None, after: int, limit: int) -> TimelineResponse:
        """Every fact, in order. Raises BatchNotFound."""

    async def set_prompt(
        self, batch_id: str, request: PromptRequest, user_id: str, correlation_id: str
    ) -> PromptResponse:
        """Give the batch its prompt. Raises a RefusedCommand."""


class BatchControlProtocol(Protocol):
    """What can be asked about a batch that is there. `user_id` is who asks, when known.

    Each raises BatchNotFound, or another RefusedCommand that says why the batch does not take it now.
    """

    async def cancel(
        self, batch_id: str, request: WishRequest, user_id: str | None, correlation_id: str
    ) -> ControlResponse:
        """Work on it no longer. Cancelled twice is cancelled once."""

    async def pause(
        self, batch_id: str, request: WishRequest, user_id: str | None, correlation_id: str
    ) -> ControlResponse:
        """Start nothing more for it. Paused twice is paused once."""

    async def resume(
        self, batch_id: str, request: WishRequest, user_id: str | None, correlation_id: str
    ) -> ControlResponse:
        """Go on where it stands; what is not paused goes on anyhow."""

    async def retry(
        self, batch_id: str, phase: str, request: RetryRequest, user_id: str | None, correlation_id: str
    ) -> RetryResponse:
        """Try essays again that failed in a phase: all of them if none is named."""


class OperationsProtocol(Protocol):
    """Keeps what operators have asked of many batches."""

    async def begin(self, operation: Operation) -> Operation:
        """Keep it, within a unit of work; or where one for the same action, owner and phase runs, have that begin anew.

        With the newer rate and reason, and about all that either was about.
        """

    async def get_for_update(self, operation_id: str) -> Operation | None:
        """The operation, locked until the running unit of work ends."""

    async def save(self, operation: Operation) -> None:
        """Keep it as it is now, within the unit of work."""

    async def get(self, operation_id: str) -> Operation | None:
        """The operation as last committed; locks nothing."""

    async def newest(self, limit: int) -> Sequence[Operation]:
        """Those begun last, the newest first."""
