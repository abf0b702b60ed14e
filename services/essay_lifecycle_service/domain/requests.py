"""What each phase asks of its specialised service, and how that service's answers read: a phase is data."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

from common_core.enums import EssayStatus, PhaseName, ProcessingStage
from common_core.message import Message
from common_core.messages.ai_feedback import (
    AIFeedbackInputDataV1,
    AIFeedbackResultDataV1,
    EssayLifecycleAIFeedbackRequestV1,
)
from common_core.messages.nlp import BatchNlpAnalysisCompletedV1, BatchNlpProcessingRequestedV2
from common_core.messages.spellcheck import EssayLifecycleSpellcheckRequestV1, SpellcheckPhaseCompletedV1
from common_core.shared import SystemProcessingMetadata
from essay_lifecycle_service.domain.phases import UNNAMED_ERROR, Address, Answer, Plan, Release, Verdict

PHASE_NOT_AVAILABLE = "PHASE_NOT_AVAILABLE"
_SPELLCHECK_SUCCEEDED = "completed"
_PASSED = Verdict()


def spellcheck_requests(release: Release, at: datetime) -> Iterator[Message]:
    """One request for each essay."""
    plan = release.plan
    for ref in release.essays:
        yield EssayLifecycleSpellcheckRequestV1(
            entity_id=ref.essay_id,
            parent_id=plan.batch_id,
            timestamp=at,
            system_metadata=_essay_metadata(plan, ref.essay_id, "essay.spellcheck.requested", at),
            text_storage_id=ref.text_storage_id,
            language=plan.language,
            run_id=plan.run_id,
            attempt=plan.attempt,
        )


def nlp_requests(release: Release, at: datetime) -> Iterator[Message]:
    """One request for all essays of the batch that are released together."""
    plan = release.plan
    yield BatchNlpProcessingRequestedV2(
        entity_id=plan.batch_id,
        timestamp=at,
        essays_to_process=list(release.essays),
        language=plan.language,
        batch_id=plan.batch_id,
        student_prompt_ref=plan.student_prompt_ref,
        run_id=plan.run_id,
        attempt=plan.attempt,
    )


def ai_feedback_requests(release: Release, at: datetime) -> Iterator[Message]:
    """One request for each essay. Raises ValueError for a plan without its course."""
    plan = release.plan
    if plan.course_code is None:
        raise ValueError("feedback is written for a course")
    for ref in release.essays:
        yield EssayLifecycleAIFeedbackRequestV1(
            entity_id=ref.essay_id,
            parent_id=plan.batch_id,
            timestamp=at,
            system_metadata=_essay_metadata(plan, ref.essay_id, "essay.aifeedback.requested", at),
            processing_input=AIFeedbackInputDataV1(
                text_storage_id=ref.text_storage_id,
                course_code=plan.course_code,
                student_prompt_ref=plan.student_prompt_ref,
                language=plan.language,
                user_id_of_batch_owner=plan.owner_user_id,
            ),
            run_id=plan.run_id,
            attempt=plan.attempt,
        )


def _essay_metadata(plan: Plan, essay_id: str, event: str, at: datetime) -> SystemProcessingMetadata:
    return SystemProcessingMetadata(
        entity_id=essay_id,
        entity_type="essay",
        parent_id=plan.batch_id,
        timestamp=at,
        processing_stage=ProcessingStage.PENDING,
        event=event,
    )


REQUESTS: Mapping[PhaseName, Callable[[Release, datetime], Iterator[Message]]] = {
    PhaseName.SPELLCHECK: spellcheck_requests,
    PhaseName.NLP: nlp_requests,
    PhaseName.AI_FEEDBACK: ai_feedback_requests,
}
"""The phases that a service here works on; a command for any other fails at once."""


def spellcheck_answers(message: SpellcheckPhaseCompletedV1) -> Iterator[Answer]:
    """One essay a message."""
    if message.status == _SPELLCHECK_SUCCEEDED:
        verdict = Verdict(text_storage_id=message.corrected_text_storage_id, metrics=message.spellcheck_metrics)
    else:
        verdict = Verdict(error_code=message.error_code or UNNAMED_ERROR)
    yield Answer(
        address=Address(message.batch_id, message.run_id, message.attempt),
        essay_id=message.entity_id,
        verdict=verdict,
    )


def nlp_answers(message: BatchNlpAnalysisCompletedV1) -> Iterator[Answer]:
    """Every essay that the message names; a large request is answered in parts."""
    for essay_id in message.processing_summary.successful_essay_ids:
        yield _nlp_answer(message, essay_id, _PASSED)
    for essay_id in message.processing_summary.failed_essay_ids:
        yield _nlp_answer(message, essay_id, Verdict(error_code=message.error_codes.get(essay_id) or UNNAMED_ERROR))


def _nlp_answer(message: BatchNlpAnalysisCompletedV1, essay_id: str, verdict: Verdict) -> Answer:
    return Answer(
        address=Address(message.batch_id, message.run_id, message.attempt),
        essay_id=essay_id,
        verdict=verdict,
    )


def ai_feedback_answers(message: AIFeedbackResultDataV1) -> Iterator[Answer]:
    """One essay a message; the text goes on as it came."""
    succeeded = message.status is EssayStatus.AI_FEEDBACK_SUCCESS
    yield Answer(
        address=Address(message.parent_id, message.run_id, message.attempt),
        essay_id=message.entity_id,
        verdict=_PASSED if succeeded else Verdict(error_code=message.error_code or UNNAMED_ERROR),
    )


def refusals(release: Release) -> Iterator[Answer]:
    """What is answered for a phase that no service here works on."""
    plan, verdict = release.plan, Verdict(error_code=PHASE_NOT_AVAILABLE)
    for ref in release.essays:
        yield Answer(address=plan.address, essay_id=ref.essay_id, verdict=verdict)
