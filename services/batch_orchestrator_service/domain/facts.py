"""What can happen to a batch, as messages: those of other services, those people ask for, and timers."""

from datetime import datetime
from typing import ClassVar

from batch_orchestrator_service.domain.asked import (
    BatchRegistered,
    CancelAsked,
    OwnMessage,
    PauseAsked,
    PipelineResolved,
    PromptSet,
    ResumeAsked,
    RetryAsked,
)
from common_core.enums import PhaseName
from common_core.messages.batch import (
    BatchContentProvisioningCompletedV1,
    BatchEssaysReady,
    BatchValidationErrorsV1,
)
from common_core.messages.matching import StudentAssociationsConfirmedV1
from common_core.messages.pipeline import ELSBatchPhaseOutcomeV1


class ContentDeadlinePassed(OwnMessage, frozen=True, kw_only=True):
    """A timer, set for `due`: what has come of the content by now is all there will be.

    Those of 0.1.0 do not say when.
    """

    topic: ClassVar[str] = "batch_orchestrator.content.deadline.passed"

    batch_id: str
    due: datetime | None = None


class ContentSilencePassed(ContentDeadlinePassed, frozen=True, kw_only=True):
    """A timer of 0.1.0: ELS has not even closed a batch whose deadline passed."""

    topic: ClassVar[str] = "batch_orchestrator.content.silence.passed"


class StudentsSuggested(OwnMessage, frozen=True, kw_only=True):
    """Matching has answered: for so many essays it suggests students, for the others nobody."""

    topic: ClassVar[str] = "batch_orchestrator.students.suggested"

    batch_id: str
    matched: int
    unmatched: int


class ConfirmationLimited(OwnMessage, frozen=True, kw_only=True):
    """Class management has asked the teacher who wrote what, and decides by itself at `until`.

    `version` is that of its associations: of several such the highest holds.
    """

    topic: ClassVar[str] = "batch_orchestrator.confirmation.limited"

    batch_id: str
    until: datetime
    version: int


class StudentsDeadlinePassed(OwnMessage, frozen=True, kw_only=True):
    """A timer, set for `due`: who wrote what is waited for no longer."""

    topic: ClassVar[str] = "batch_orchestrator.students.deadline.passed"

    batch_id: str
    due: datetime


class PhaseDeadlinePassed(OwnMessage, frozen=True, kw_only=True):
    """A timer, set for `due`: this phase has had its time. `done` is how many of its essays ELS has counted in.

    Those of 0.1.0 do not say when.
    """

    topic: ClassVar[str] = "batch_orchestrator.phase.deadline.passed"

    batch_id: str
    run_id: str
    phase_name: PhaseName
    attempt: int
    due: datetime | None = None
    done: int = 0


class RetryDue(OwnMessage, frozen=True, kw_only=True):
    """A timer, set for `due`: the essays that this phase's attempt failed on are worth another one now."""

    topic: ClassVar[str] = "batch_orchestrator.retry.due"

    batch_id: str
    run_id: str
    phase_name: PhaseName
    attempt: int
    due: datetime


Timer = ContentDeadlinePassed | StudentsDeadlinePassed | PhaseDeadlinePassed | RetryDue
Fact = (
    BatchRegistered
    | PromptSet
    | BatchContentProvisioningCompletedV1
    | BatchValidationErrorsV1
    | BatchEssaysReady
    | ContentDeadlinePassed
    | ContentSilencePassed
    | StudentsSuggested
    | ConfirmationLimited
    | StudentAssociationsConfirmedV1
    | StudentsDeadlinePassed
    | PipelineResolved
    | ELSBatchPhaseOutcomeV1
    | PhaseDeadlinePassed
    | RetryDue
    | RetryAsked
    | CancelAsked
    | PauseAsked
    | ResumeAsked
)
