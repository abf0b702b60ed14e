"""The ports: where files and phases are kept, where facts are read, and where things are said."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from common_core.enums import PhaseName
from essay_lifecycle_service.domain.essay_status import BatchFacts, EssayFacts
from essay_lifecycle_service.domain.intake import EndedIntake, IntakeStep, Registration, Upload
from essay_lifecycle_service.domain.matching import Confirmation, FileNote
from essay_lifecycle_service.domain.phases import Address, Answer, Cancellation, Hold, PhaseStep, Plan
from huleedu_service_libs.runtime import Cause, Effect


class OutboxProtocol(Protocol):
    """The running unit of work, as far as handlers see it: its time, and what it says when it commits."""

    @property
    def now(self) -> datetime:
        """One reading of the clock for all of it."""

    def say(self, *effects: Effect, cause: Cause | None = None) -> None:
        """Say these because of `cause`."""


Outbox = Callable[[], OutboxProtocol]


class IntakeRepositoryProtocol(Protocol):
    """Batches and the files that fill their slots. What arrives again changes nothing; order does not matter."""

    async def register(self, batches: Sequence[Registration], at: datetime) -> IntakeStep:
        """Make the slots, and place the files that were early."""

    async def receive(self, uploads: Sequence[Upload], at: datetime) -> IntakeStep:
        """Keep these, and place those whose batch is registered."""

    async def close(self, batch_ids: Sequence[str], at: datetime) -> IntakeStep:
        """Wait no longer for files of these batches."""


class MatchingRepositoryProtocol(Protocol):
    """Which students wrote the essays of a class's batch. What comes again changes nothing; order does not matter."""

    async def ask(self, batch_ids: Sequence[str], at: datetime) -> Mapping[str, Mapping[str, FileNote]]:
        """Of these batches, those that matching was not asked about: what each essay's file says about its author."""

    async def confirm(self, confirmations: Sequence[Confirmation], at: datetime) -> Sequence[EndedIntake]:
        """Keep these. The intakes of a class that had ended, and whose students nobody had confirmed before."""


class PhaseRepositoryProtocol(Protocol):
    """Phases of all batches, sent within a window each: so many essays of a phase are out at any time."""

    async def open(self, phase: PhaseName, plans: Sequence[Plan], at: datetime) -> PhaseStep:
        """Take up what is new among these, all of this phase. It takes the place of what the batch has open in it."""

    async def record(self, phase: PhaseName, answers: Sequence[Answer], at: datetime) -> PhaseStep:
        """Count these in, each essay once, and let as many out as came back."""

    async def close(self, phase: PhaseName, addresses: Sequence[Address], at: datetime) -> PhaseStep:
        """Wait no longer for these: the essays that are not answered have failed, whether they were sent or not."""

    async def hold(self, holds: Sequence[Hold]) -> Mapping[PhaseName, PhaseStep]:
        """Send out nothing of batches that wait; what is out is counted in. Let out what waits no longer."""

    async def cancel(self, cancelled: Sequence[Cancellation], at: datetime) -> Mapping[PhaseName, PhaseStep]:
        """Forget these runs, give back the room that they took, and take up none of their commands that come late."""


class EssayFactsProtocol(Protocol):
    """What is known of essays, for those who ask."""

    async def of_essay(self, essay_id: str) -> EssayFacts | None:
        """None if there is no such essay."""

    async def of_batch(self, batch_id: str) -> BatchFacts | None:
        """None if there is no such batch."""
