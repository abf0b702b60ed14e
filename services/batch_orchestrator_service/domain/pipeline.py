"""The phases as data: how each is commanded, which text it reads and gives, how long it takes, what is tried again."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import msgspec

from batch_orchestrator_service.domain.asked import BatchRegistered
from common_core.enums import COURSE_LANGUAGE, PhaseName
from common_core.messages.control import PHASE_TIMED_OUT
from common_core.messages.pipeline import (
    BatchServiceAIFeedbackInitiateCommandDataV1,
    BatchServiceCJAssessmentInitiateCommandDataV1,
    BatchServiceNLPInitiateCommandDataV1,
    BatchServiceSpellcheckInitiateCommandDataV1,
    PhaseCommand,
)
from common_core.shared import EssayProcessingInputRefV1, StorageReferenceMetadata


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What a phase command is made of."""

    registration: BatchRegistered
    prompt: StorageReferenceMetadata | None
    assignment_id: str | None
    refs: list[EssayProcessingInputRefV1]
    run_id: str
    attempt: int
    at: datetime


class RetryPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """Essays that failed with one of these codes are sent again, so many times, each after twice the pause before."""

    times: int = 2
    pause: timedelta = timedelta(seconds=30)
    codes: frozenset[str] = frozenset({PHASE_TIMED_OUT, "TIMEOUT", "CONTENT_SERVICE_ERROR"})

    def pause_after(self, retries: int, jitter: float) -> timedelta:
        """How long to wait after so many retries; `jitter` from 0 to 1 makes it longer by up to a half."""
        return self.pause * (2.0**retries * (1 + jitter / 2))


class Phase(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of processing, which teachers know by its `title`.

    It may take `patience` for the batch and `patience_per_essay` for each essay in it. After that ELS is asked to close
    it, and has `silence` to do so. `reads` is the phase whose text it wants; an essay that has none from there comes
    with the text handed in.
    """

    name: PhaseName
    title: str
    command: Callable[[Order], PhaseCommand]
    reads: PhaseName | None = None
    gives_text: bool = False
    patience: timedelta = timedelta(minutes=30)
    patience_per_essay: timedelta = timedelta(seconds=30)
    silence: timedelta = timedelta(minutes=10)
    retries: RetryPolicy = RetryPolicy()

    def time_limit(self, essays: int) -> timedelta:
        """How long this phase may take over so many essays."""
        return self.patience + essays * self.patience_per_essay


def _shared(order: Order) -> dict[str, Any]:
    """What every phase command says."""
    return {
        "entity_id": order.registration.batch_id,
        "timestamp": order.at,
        "essays_to_process": order.refs,
        "language": COURSE_LANGUAGE[order.registration.course_code],
        "user_id": order.registration.user_id,
        "org_id": order.registration.org_id,
        "run_id": order.run_id,
        "attempt": order.attempt,
    }


def _spellcheck(order: Order) -> PhaseCommand:
    return BatchServiceSpellcheckInitiateCommandDataV1(**_shared(order))


def _nlp(order: Order) -> PhaseCommand:
    return BatchServiceNLPInitiateCommandDataV1(**_shared(order), student_prompt_ref=order.prompt)


def _cj_assessment(order: Order) -> PhaseCommand:
    return BatchServiceCJAssessmentInitiateCommandDataV1(
        **_shared(order),
        course_code=order.registration.course_code,
        student_prompt_ref=order.prompt,
        class_type=order.registration.class_type,
        assignment_id=order.assignment_id,
    )


def _ai_feedback(order: Order) -> PhaseCommand:
    return BatchServiceAIFeedbackInitiateCommandDataV1(
        **_shared(order),
        course_code=order.registration.course_code,
        student_prompt_ref=order.prompt,
        class_type=order.registration.class_type,
        owner_user_id=order.registration.user_id,
    )


PHASES: dict[PhaseName, Phase] = {
    phase.name: phase
    for phase in (
        Phase(name=PhaseName.SPELLCHECK, title="spell-checking", command=_spellcheck, gives_text=True),
        Phase(name=PhaseName.NLP, title="linguistic analysis", command=_nlp, reads=PhaseName.SPELLCHECK),
        Phase(
            name=PhaseName.CJ_ASSESSMENT,
            title="ranking",
            command=_cj_assessment,
            reads=PhaseName.SPELLCHECK,
            patience=timedelta(hours=4),
        ),
        Phase(
            name=PhaseName.AI_FEEDBACK,
            title="feedback",
            command=_ai_feedback,
            reads=PhaseName.SPELLCHECK,
            patience_per_essay=timedelta(minutes=2),
        ),
    )
}
