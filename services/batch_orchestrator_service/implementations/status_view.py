"""A batch as its clients see it: built from its state, and from how far ELS says its phases are."""

from collections.abc import Mapping

from batch_orchestrator_service.domain.batch import Batch, Halt
from batch_orchestrator_service.domain.matching import TIMED_OUT
from batch_orchestrator_service.domain.run import PhaseRun, Run
from batch_orchestrator_service.implementations.phase_view import (
    PhaseView,
    pipeline_state,
    view_of,
)
from batch_orchestrator_service.protocols import PhaseProgress
from batch_orchestrator_service.status_models import (
    BatchContext,
    BatchProgress,
    BatchStatusResponse,
    FailedEssay,
    FileFailureBody,
    HaltBody,
    IngestionProgress,
    KeptPrompt,
    KeptReference,
    NextRunBody,
    PhaseProgressBody,
    RunBody,
    RunPhaseBody,
    StudentMatchingBody,
    WaitingFor,
)
from common_core.enums import CLIENT_STATUS, PhaseName
from common_core.enums import PipelineExecutionStatus as PhaseStatus
from common_core.shared import StorageReferenceMetadata

Progress = Mapping[PhaseName, PhaseProgress]


def status_of(batch: Batch, progress: Progress) -> BatchStatusResponse:
    """The whole answer to "where is my batch, and why"."""
    return BatchStatusResponse(
        batch_id=batch.batch_id,
        status=batch.status,
        client_status=CLIENT_STATUS[batch.status],
        batch_context=_context(batch),
        pipeline_state=pipeline_state(batch, progress),
        progress=_progress(batch, progress),
        waiting_for=waiting_for(batch),
        paused=_halt(batch.paused),
        cancelled=_halt(batch.cancelled),
        runs=[_run(batch, run) for run in batch.runs],
        next_run=_next_run(batch),
        student_matching=_matching(batch) if batch.is_regular else None,
        failures=_failures(batch),
        created_at=batch.registered_at,
        updated_at=batch.changed_at,
        version=batch.version,
    )


def _prompt(prompt: StorageReferenceMetadata) -> KeptPrompt:
    references = {
        kind: KeptReference(storage_id=reference.storage_id, path=reference.path)
        for kind, reference in prompt.references.items()
    }
    return KeptPrompt(references=references)


def _context(batch: Batch) -> BatchContext:
    registration = batch.registration
    return BatchContext(
        course_code=registration.course_code,
        expected_essay_count=len(registration.essay_ids),
        user_id=registration.user_id,
        org_id=registration.org_id,
        class_id=registration.class_id,
        assignment_id=batch.assignment_id,
        student_prompt_ref=None if batch.prompt is None else _prompt(batch.prompt),
    )


def _progress(batch: Batch, progress: Progress) -> BatchProgress:
    phases = [view_of(phase, progress) for phase in batch.runs[-1].phases] if batch.runs else []
    return BatchProgress(
        content=_ingestion(batch),
        phases=[phase_progress(view) for view in phases],
        percentage=round(sum(view.percentage for view in phases) / len(phases), 1) if phases else 0.0,
    )


def _ingestion(batch: Batch) -> IngestionProgress:
    return IngestionProgress(
        expected=len(batch.registration.essay_ids),
        provisioned=len(batch.essays.ready),
        failed=len(batch.ingestion.failures),
        is_open=batch.ingestion.is_open,
        error_code=batch.ingestion.error_code,
    )


def _matching(batch: Batch) -> StudentMatchingBody:
    matching, confirmation = batch.matching, batch.matching.confirmation
    return StudentMatchingBody(
        began_at=matching.began_at,
        suggested_at=matching.suggested_at,
        confirmed_at=confirmation.at if confirmation else None,
        by_time_limit=confirmation is not None and confirmation.by_time_limit,
        error_code=TIMED_OUT if matching.given_up_at and confirmation is None else None,
    )


def phase_progress(view: PhaseView) -> PhaseProgressBody:
    """How far the phase is."""
    return PhaseProgressBody(
        phase=view.phase.name,
        status=view.status,
        reuse=view.phase.reuse,
        total=view.total,
        succeeded=view.succeeded,
        failed=view.failed,
        percentage=view.percentage,
    )


def waiting_for(batch: Batch) -> list[WaitingFor]:
    """What would move the batch on; nothing does once it has ended."""
    if batch.has_ended:
        return []
    if batch.paused:
        return [WaitingFor(what="resume", since=batch.paused.at)]
    if (run := batch.active_run) is not None:
        return [wait for phase in run.phases if (wait := _phase_wait(phase))]
    if batch.ingestion.is_open:
        return [WaitingFor(what="content", since=batch.ingestion.wait.since, until=batch.ingestion.wait.until)]
    if (step := batch.matching.wait) is not None:
        return [WaitingFor(what=batch.matching.awaits, since=step.since, until=batch.matching.ends_by)]
    since = batch.matching.over_at or batch.ingestion.closed_at or batch.registered_at
    return [WaitingFor(what="pipeline_request", since=since)]


def _phase_wait(phase: PhaseRun) -> WaitingFor | None:
    if phase.wait is None:
        return None
    return WaitingFor(
        what="phase_outcome" if phase.awaits_outcome else "next_attempt",
        phase=phase.name,
        attempt=phase.attempt,
        since=phase.wait.since,
        until=phase.wait.until,
    )


def _halt(halt: Halt | None) -> HaltBody | None:
    return None if halt is None else HaltBody(since=halt.at, asked_by=halt.asked_by, reason=halt.reason)


def _next_run(batch: Batch) -> NextRunBody | None:
    if (asked := batch.next_run) is None:
        return None
    return NextRunBody(run_id=asked.run_id, requested_pipeline=asked.requested_pipeline)


def _run(batch: Batch, run: Run) -> RunBody:
    return RunBody(
        run_id=run.run_id,
        retry_of=run.retry_of,
        requested_pipeline=run.pipeline,
        status=run.status,
        started_at=run.started_at,
        ended_at=run.ended_at,
        essays=len(run.essays),
        successful_essay_count=None if run.is_active else run.successful,
        failed_essay_count=None if run.is_active else len(run.essays) - run.successful,
        phases=[_run_phase(batch, phase) for phase in run.phases],
    )


def _run_phase(batch: Batch, phase: PhaseRun) -> RunPhaseBody:
    return RunPhaseBody(
        name=phase.name,
        depends_on=list(phase.depends_on),
        reuse=phase.reuse,
        status=phase.status,
        attempt=phase.attempt,
        retries=phase.retries,
        sent=len(phase.sent),
        succeeded=len(phase.succeeded),
        failed=len(phase.failed),
        cancelled=len(phase.outstanding) if phase.status is PhaseStatus.CANCELLED else 0,
        discarded=phase.discarded,
        failed_essays=[
            FailedEssay(essay_id=batch.essays.ids[essay], error_code=code) for essay, code in phase.failed.items()
        ],
        started_at=phase.started_at,
        ended_at=phase.ended_at,
    )


def _failures(batch: Batch) -> list[FileFailureBody]:
    return [
        FileFailureBody(
            essay_id=failure.essay_id,
            file_name=failure.file_name,
            error_code=failure.error_code,
            message=failure.message,
            failed_at=failure.failed_at,
        )
        for failure in batch.ingestion.failures
    ]
