"""Every decision about a batch: `decide(batch, fact, at) -> (batch, effects)`."""

from datetime import datetime

from msgspec.structs import replace

from batch_orchestrator_service.domain import on_content, on_matching, on_phase, on_request, timers
from batch_orchestrator_service.domain.asked import (
    BatchRegistered,
    CancelAsked,
    PauseAsked,
    PipelineResolved,
    PromptSet,
    ResumeAsked,
    RetryAsked,
)
from batch_orchestrator_service.domain.batch import Batch
from batch_orchestrator_service.domain.facts import (
    ConfirmationLimited,
    ContentDeadlinePassed,
    Fact,
    PhaseDeadlinePassed,
    RetryDue,
    StudentsDeadlinePassed,
    StudentsSuggested,
)
from batch_orchestrator_service.domain.steps import Effects, Step
from common_core.messages.batch import (
    BatchContentProvisioningCompletedV1,
    BatchEssaysReady,
    BatchValidationErrorsV1,
)
from common_core.messages.matching import StudentAssociationsConfirmedV1
from common_core.messages.pipeline import ELSBatchPhaseOutcomeV1


def decide(batch: Batch | None, fact: Fact, at: datetime) -> tuple[Batch | None, Effects]:
    """What becomes of a batch (None: not registered), and what that calls for.

    Total: what is late, early or said twice returns the very same batch, and nothing.
    """
    changed, effects = _step(batch, fact, at)
    if changed is batch or changed is None:
        return batch, ()
    changed = replace(changed, version=changed.version + 1, changed_at=at)
    return changed, (*effects, *timers.changes(batch, changed))


def _step(batch: Batch | None, fact: Fact, at: datetime) -> tuple[Batch | None, Effects]:
    if batch is None:
        return on_content.registered(fact, at) if isinstance(fact, BatchRegistered) else (None, ())
    changed, effects = _next(batch, fact, at)
    begun, said = on_request.next_run_begun(changed, at)
    return begun, (*effects, *said)


def _next(batch: Batch, fact: Fact, at: datetime) -> Step:
    match fact:
        case BatchRegistered():
            return batch, ()  # once is enough
        case PromptSet(student_prompt_ref=prompt):
            is_news = prompt != batch.prompt and batch.accepts_prompt
            return (replace(batch, prompt=prompt) if is_news else batch), ()
        case BatchContentProvisioningCompletedV1(essays_for_processing=refs):
            return on_content.closed(batch, refs, at)
        case BatchEssaysReady(ready_essays=refs):
            return on_content.closed(on_matching.with_essays_ready(batch, fact, at), refs, at)
        case BatchValidationErrorsV1():
            return on_content.failed(batch, fact, at)
        case ContentDeadlinePassed():
            return on_content.overdue(batch, fact, at)
        case StudentsSuggested():
            return on_matching.suggested(batch, at)
        case ConfirmationLimited():
            return on_matching.limited(batch, fact)
        case StudentAssociationsConfirmedV1():
            return on_matching.confirmed(batch, fact, at)
        case StudentsDeadlinePassed():
            return on_matching.overdue(batch, fact, at)
        case ELSBatchPhaseOutcomeV1():
            return on_phase.answered(batch, fact, at)
        case PhaseDeadlinePassed():
            return on_phase.overdue(batch, fact, at)
        case RetryDue():
            return on_phase.retry_due(batch, fact, at)
        case PipelineResolved():
            return on_request.pipeline(batch, fact, at)
        case RetryAsked():
            return on_request.another_try(batch, fact, at)
        case CancelAsked():
            return on_request.cancel(batch, fact, at)
        case PauseAsked():
            return on_request.pause(batch, fact, at)
        case ResumeAsked():
            return on_request.resume(batch, fact, at)
