"""What BOS says about a batch besides commands, and the timers it sets."""

from datetime import datetime, timedelta

from batch_orchestrator_service.domain.facts import (
    BatchRegistered,
    ContentDeadlinePassed,
    ContentSilencePassed,
    PhaseDeadlinePassed,
)
from batch_orchestrator_service.domain.run import COMPLETED, PhaseRun, Run
from common_core.messages.batch import (
    BatchContentDeadlinePassedV1,
    BatchEssaysRegistered,
    BatchPipelineCompletedV1,
)
from common_core.shared import SystemProcessingMetadata
from huleedu_service_libs.runtime.effects import Later


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


def content_timer(fact: BatchRegistered, at: datetime) -> Later:
    """When content has to be there."""
    deadline = ContentDeadlinePassed(batch_id=fact.batch_id)
    return Later(deadline, f"{fact.batch_id} content", at + timedelta(seconds=fact.content_seconds))


def silence_timer(fact: BatchRegistered, at: datetime) -> Later:
    """When to go on without ELS, which has been asked to close what there is."""
    deadline = ContentSilencePassed(batch_id=fact.batch_id)
    return Later(deadline, f"{fact.batch_id} silence", at + timedelta(seconds=fact.silence_seconds))


def phase_timer(batch_id: str, run: Run, phase: PhaseRun, at: datetime) -> Later:
    """When the phase has had its time."""
    deadline = PhaseDeadlinePassed(batch_id=batch_id, run_id=run.run_id, phase_name=phase.name, attempt=phase.attempt)
    return Later(deadline, f"{batch_id} {run.run_id} {phase.name} {phase.attempt}", at)
