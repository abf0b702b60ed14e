"""What BOS says about a batch besides phase commands."""

from datetime import datetime

from batch_orchestrator_service.domain.asked import Asked, BatchRegistered
from batch_orchestrator_service.domain.batch import Batch, Halt
from batch_orchestrator_service.domain.run import COMPLETED, PhaseRun, Run
from common_core.messages.batch import (
    BatchContentDeadlinePassedV1,
    BatchEssaysRegistered,
    BatchPipelineCompletedV1,
)
from common_core.messages.control import (
    BatchPausedV1,
    BatchPhaseDeadlinePassedV1,
    BatchResumedV1,
    BatchRunCancelledV1,
    BatchWaitGivenUpV1,
)
from common_core.messages.matching import BatchServiceStudentMatchingInitiateCommandDataV1
from common_core.shared import SystemProcessingMetadata


def announcement(fact: BatchRegistered, at: datetime) -> BatchEssaysRegistered:
    """There is a new batch."""
    return BatchEssaysRegistered(
        entity_id=fact.batch_id,
        expected_essay_count=len(fact.essay_ids),
        essay_ids=list(fact.essay_ids),
        metadata=SystemProcessingMetadata(entity_id=fact.batch_id, entity_type="batch", timestamp=at),
        course_code=fact.course_code,
        student_prompt_ref=fact.student_prompt_ref,
        user_id=fact.user_id,
        org_id=fact.org_id,
        class_id=fact.class_id,
    )


def content_deadline(fact: BatchRegistered, at: datetime) -> BatchContentDeadlinePassedV1:
    """This batch waits for content no longer."""
    return BatchContentDeadlinePassedV1(batch_id=fact.batch_id, correlation_id=fact.correlation_id, timestamp=at)


def matching_command(batch: Batch, at: datetime) -> BatchServiceStudentMatchingInitiateCommandDataV1:
    """Find out which students of the class wrote the essays."""
    registration = batch.registration
    assert registration.class_id is not None
    return BatchServiceStudentMatchingInitiateCommandDataV1(
        entity_id=batch.batch_id,
        timestamp=at,
        essays_to_process=batch.essays.refs(batch.essays.ready, None),
        class_id=registration.class_id,
        course_code=registration.course_code,
        user_id=registration.user_id,
        org_id=registration.org_id,
    )


def phase_deadline(batch: Batch, run: Run, phase: PhaseRun, at: datetime) -> BatchPhaseDeadlinePassedV1:
    """This phase has had its time."""
    return BatchPhaseDeadlinePassedV1(
        batch_id=batch.batch_id,
        phase_name=phase.name,
        run_id=run.run_id,
        attempt=phase.attempt,
        correlation_id=run.correlation_id,
        timestamp=at,
    )


def content_given_up(fact: BatchRegistered, at: datetime) -> BatchWaitGivenUpV1:
    """Not even ELS has said what has come."""
    return BatchWaitGivenUpV1(batch_id=fact.batch_id, correlation_id=fact.correlation_id, timestamp=at)


def phase_given_up(batch: Batch, run: Run, phase: PhaseRun, at: datetime) -> BatchWaitGivenUpV1:
    """Not even after its deadline has this attempt been answered."""
    return BatchWaitGivenUpV1(
        batch_id=batch.batch_id,
        phase_name=phase.name,
        run_id=run.run_id,
        attempt=phase.attempt,
        essay_ids=[batch.essays.ids[essay] for essay in phase.outstanding],
        correlation_id=run.correlation_id,
        timestamp=at,
    )


def pause(asked: Asked, halt: Halt) -> BatchPausedV1:
    """Wait with this batch."""
    return BatchPausedV1(
        batch_id=asked.batch_id,
        version=halt.version,
        asked_by=halt.asked_by,
        reason=halt.reason,
        correlation_id=asked.correlation_id,
        timestamp=halt.at,
    )


def resumption(asked: Asked, version: int, at: datetime) -> BatchResumedV1:
    """Go on with this batch."""
    return BatchResumedV1(
        batch_id=asked.batch_id,
        version=version,
        asked_by=asked.asked_by,
        reason=asked.reason,
        correlation_id=asked.correlation_id,
        timestamp=at,
    )


def cancellation(asked: Asked, run: Run | None, halt: Halt) -> BatchRunCancelledV1:
    """Stop working on this batch."""
    return BatchRunCancelledV1(
        batch_id=asked.batch_id,
        run_id=None if run is None else run.run_id,
        version=halt.version,
        asked_by=halt.asked_by,
        reason=halt.reason,
        correlation_id=asked.correlation_id,
        timestamp=halt.at,
    )


def completion(batch_id: str, run: Run, at: datetime) -> BatchPipelineCompletedV1:
    """A run has ended."""
    event = "batch.pipeline.completed"
    return BatchPipelineCompletedV1(
        batch_id=batch_id,
        completed_phases=[phase.name for phase in run.phases if phase.status in COMPLETED],
        final_status=run.status,
        processing_duration_seconds=(at - run.started_at).total_seconds(),
        successful_essay_count=run.successful,
        failed_essay_count=len(run.essays) - run.successful,
        correlation_id=run.correlation_id,
        metadata=SystemProcessingMetadata(entity_id=batch_id, entity_type="batch", timestamp=at, event=event),
        run_id=run.run_id,
    )
