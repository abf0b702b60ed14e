"""Facts as clients see them: what happened, who is behind it, and why."""

import msgspec

from batch_orchestrator_service.api_models import TimelineFact
from batch_orchestrator_service.domain.asked import Asked, BatchRegistered, PromptSet
from batch_orchestrator_service.domain.batch import Batch
from batch_orchestrator_service.domain.facts import (
    ConfirmationLimited,
    ContentDeadlinePassed,
    Fact,
    PhaseDeadlinePassed,
    RetryDue,
)
from batch_orchestrator_service.protocols import TimelineEntry
from common_core.messages.batch import (
    BatchContentProvisioningCompletedV1,
    BatchEssaysReady,
    BatchValidationErrorsV1,
)
from common_core.messages.pipeline import ELSBatchPhaseOutcomeV1


def fact_body(entry: TimelineEntry, batch: Batch) -> TimelineFact:
    """The fact as it came, with who and why beside it."""
    fact = entry.fact
    return TimelineFact(
        seq=entry.seq,
        at=entry.at,
        kind=fact.topic,
        who=who_said(fact, batch),
        why=why_said(fact),
        data=msgspec.to_builtins(fact, str_keys=True),
    )


def who_said(fact: Fact, batch: Batch) -> str | None:
    """A user, or the service that said it: BOS for its own clocks. None: somebody who did not say who he was."""
    match fact:
        case Asked(asked_by=user):
            return user
        case BatchRegistered() | PromptSet():  # only its owner can
            return batch.registration.user_id
        case _:
            return fact.producer


def why_said(fact: Fact) -> str | None:
    """The reason that was given, or what it comes down to."""
    match fact:
        case Asked(reason=reason):
            return reason
        case BatchContentProvisioningCompletedV1(provisioned_count=came, expected_count=expected):
            return f"{came} of {expected} essays have their text, and no more are waited for."
        case BatchEssaysReady(ready_essays=essays):
            return f"{len(essays)} essays are ready."
        case BatchValidationErrorsV1(failed_essays=failed):
            return f"{len(failed)} files could not be used."
        case ELSBatchPhaseOutcomeV1(phase_name=name, processed_essays=done, failed_essay_ids=missing):
            return f"{len(done)} essays came through {name}, {len(missing)} did not."
        case ConfirmationLimited(until=until):
            return f"Class management waits for the teacher until {until.isoformat()}."
        case ContentDeadlinePassed():
            return "The time for content was up."
        case PhaseDeadlinePassed(phase_name=name):
            return f"The time of {name} was up."
        case RetryDue(phase_name=name):
            return f"The pause before the next attempt of {name} was over."
        case _:
            return None
