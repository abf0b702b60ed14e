"""A batch as facts that have come in any order, and what follows from them."""

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from common_core.enums import BatchStatus, CourseCode, PhaseName, ProcessingStage
from common_core.message import Message
from common_core.messages.batch import (
    BatchContentProvisioningCompletedV1,
    BatchEssaysReady,
    BatchEssaysRegistered,
    BatchPipelineCompletedV1,
    BatchValidationErrorsV1,
    EssayValidationError,
)
from common_core.messages.control import PHASE_TIMED_OUT, BatchResumedV1, BatchRunCancelledV1, BatchWaitGivenUpV1
from common_core.messages.pipeline import ELSBatchPhaseOutcomeV1, PhaseCommand
from common_core.messages.results import BatchResultsReadyV1, PhaseResultSummary
from common_core.shared import StorageReferenceMetadata, SystemProcessingMetadata
from result_aggregator_service.domain.results import NO_RUN, Edition, edition_of

FAILED_WITHOUT_CODE = "PROCESSING_FAILED"

RESULT_PHASES = (PhaseName.SPELLCHECK, PhaseName.NLP)
"""The phases whose results are kept here, essay by essay."""


class Registration(Struct, frozen=True, kw_only=True):
    """Whose batch it is, and for how many essays."""

    user_id: str
    course_code: CourseCode
    expected_essay_count: int
    registered_at: datetime
    class_id: str | None = None
    student_prompt_ref: StorageReferenceMetadata | None = None


class Provisioning(Struct, frozen=True, order=True):
    """That no more files are waited for, and how many essays there are."""

    completed_at: datetime
    usable: int


class SlotFailure(Struct, frozen=True, kw_only=True):
    """A slot that stays empty."""

    file_name: str
    code: str
    reason: str
    failed_at: datetime


class Outcome(Struct, frozen=True, kw_only=True):
    """How a phase ended: how many essays succeeded, and the code of each one's failure.

    A further attempt takes only essays that those before it were not done with; it names who has `passed`.
    """

    status: BatchStatus
    succeeded: int
    failures: dict[str, str]
    passed: list[str] = []

    def followed_by(self, further: "Outcome") -> "Outcome":
        """Both as one: what was done stands, and who failed may have passed now."""
        kept = {essay: code for essay, code in self.failures.items() if essay not in further.passed}
        succeeded, failures = self.succeeded + further.succeeded, kept | further.failures
        return Outcome(status=_phase_ended_as(succeeded, len(failures)), succeeded=succeeded, failures=failures)


class Try(Struct, frozen=True, kw_only=True):
    """One try of one phase; started or ended may be what is heard of it first.

    If BOS has `given_up` to wait for its outcome, that stands, whatever ELS says.
    """

    phase: PhaseName
    edition: Edition
    started_at: datetime | None = None
    outcome: Outcome | None = None
    given_up: bool = False


class End(Struct, frozen=True, kw_only=True):
    """How a pipeline run ended; the duration is in seconds."""

    status: BatchStatus
    completed_phases: list[str]
    succeeded: int
    duration: float
    ended_at: datetime


class Batch(Struct, frozen=True, kw_only=True):
    """All that is known of a batch as a whole. Nothing in it depends on the order in which it became known.

    `tries` are in the order of their editions. `cancelled` (before any run) and `resumed` are BOS's versions that last
    said so.
    """

    registration: Registration | None = None
    provisioning: Provisioning | None = None
    essays_ready: bool = False
    ingestion_failed: bool = False
    slot_failures: dict[str, SlotFailure] = {}
    tries: list[Try] = []
    ends: dict[str, End] = {}
    announced: list[str] = []
    cancelled: int = 0
    resumed: int = 0

    @property
    def newest_run(self) -> str | None:
        """The run that was asked for last, as far as is known."""
        return max({each.edition.run_id for each in self.tries} | set(self.ends), default=None)

    @property
    def newest_tries(self) -> dict[PhaseName, Try]:
        """Each phase's newest try; if it is a further attempt, its outcome is that of all attempts together."""
        newest: dict[PhaseName, Try] = {}
        together: dict[PhaseName, Outcome] = {}
        for each in self.tries:
            newest[each.phase] = each
            if each.outcome is not None:
                before = together.get(each.phase) if each.edition.attempt > 1 else None
                together[each.phase] = before.followed_by(each.outcome) if before else each.outcome
                newest[each.phase] = replace(each, outcome=together[each.phase])
        return {phase: newest[phase] for phase in PhaseName if phase in newest}


def decide(batch: Batch, message: Message) -> Batch:
    """The batch with this fact in it; itself if the fact is known."""
    match message:
        case BatchEssaysRegistered() if batch.registration is None:
            return replace(batch, registration=_registration(message))
        case BatchContentProvisioningCompletedV1():
            told = Provisioning(message.timestamp, message.provisioned_count)
            return replace(batch, provisioning=max(batch.provisioning or told, told))
        case BatchEssaysReady():
            return replace(batch, essays_ready=True)
        case BatchValidationErrorsV1():
            return _with_slot_failures(batch, message)
        case PhaseCommand():
            known = _try(batch, message.phase, edition_of(message.run_id, message.attempt))
            started = min(known.started_at or message.timestamp, message.timestamp)
            return _with_try(batch, replace(known, started_at=started))
        case ELSBatchPhaseOutcomeV1():
            known = _try(batch, message.phase_name, edition_of(message.run_id, message.attempt))
            return _with_try(batch, replace(known, outcome=known.outcome or _outcome(message)))
        case BatchWaitGivenUpV1(phase_name=None):
            return replace(batch, ingestion_failed=True)
        case BatchWaitGivenUpV1(phase_name=PhaseName() as phase):
            known = _try(batch, phase, edition_of(message.run_id, message.attempt))
            return _with_try(batch, replace(known, outcome=_no_outcome(message), given_up=True))
        case BatchPipelineCompletedV1():
            return _with_end(batch, message)
        case BatchRunCancelledV1(run_id=None):
            return replace(batch, cancelled=max(batch.cancelled, message.version))
        case BatchResumedV1():
            return replace(batch, resumed=max(batch.resumed, message.version))
        case _:
            return batch


def _registration(message: BatchEssaysRegistered) -> Registration:
    return Registration(
        user_id=message.user_id,
        course_code=message.course_code,
        expected_essay_count=message.expected_essay_count,
        registered_at=message.metadata.timestamp,
        class_id=message.class_id,
        student_prompt_ref=message.student_prompt_ref,
    )


def _with_slot_failures(batch: Batch, message: BatchValidationErrorsV1) -> Batch:
    failures = dict(batch.slot_failures)
    for failed in message.failed_essays:
        told = _slot_failure(failed)
        known = failures.get(failed.essay_id, told)
        failures[failed.essay_id] = max(known, told, key=lambda each: (each.failed_at, each.code))
    critical = batch.ingestion_failed or message.error_summary.critical_failure
    return replace(batch, slot_failures=failures, ingestion_failed=critical)


def _slot_failure(failed: EssayValidationError) -> SlotFailure:
    return SlotFailure(
        file_name=failed.file_name,
        code=failed.error_detail.error_code,
        reason=failed.error_detail.message,
        failed_at=failed.failed_at,
    )


def _outcome(message: ELSBatchPhaseOutcomeV1) -> Outcome:
    codes = message.error_codes
    return Outcome(
        status=message.phase_status,
        succeeded=len(message.processed_essays),
        failures={essay_id: codes.get(essay_id, FAILED_WITHOUT_CODE) for essay_id in message.failed_essay_ids},
        passed=[ref.essay_id for ref in message.processed_essays] if (message.attempt or 1) > 1 else [],
    )


def _no_outcome(message: BatchWaitGivenUpV1) -> Outcome:
    failures = dict.fromkeys(message.essay_ids, PHASE_TIMED_OUT)
    return Outcome(status=BatchStatus.FAILED_CRITICALLY, succeeded=0, failures=failures)


def _phase_ended_as(succeeded: int, failed: int) -> BatchStatus:
    if not succeeded:
        return BatchStatus.FAILED_CRITICALLY
    return BatchStatus.COMPLETED_WITH_FAILURES if failed else BatchStatus.COMPLETED_SUCCESSFULLY


def _try(batch: Batch, phase: PhaseName, edition: Edition) -> Try:
    """What is known of that try."""
    known = (each for each in batch.tries if each.phase is phase and each.edition == edition)
    return next(known, Try(phase=phase, edition=edition))


def _with_try(batch: Batch, learnt: Try) -> Batch:
    others = [each for each in batch.tries if each.phase is not learnt.phase or each.edition != learnt.edition]
    return replace(batch, tries=sorted([*others, learnt], key=lambda each: (each.edition, each.phase)))


def _with_end(batch: Batch, message: BatchPipelineCompletedV1) -> Batch:
    run_id, end = message.run_id or NO_RUN, _end(message)
    known = batch.ends.get(run_id)
    if known is not None and known.ended_at >= end.ended_at:
        return batch
    return replace(batch, ends=batch.ends | {run_id: end})


def _end(message: BatchPipelineCompletedV1) -> End:
    return End(
        status=message.final_status,
        completed_phases=message.completed_phases,
        succeeded=message.successful_essay_count,
        duration=message.processing_duration_seconds,
        ended_at=message.metadata.timestamp,
    )


def overall_status(batch: Batch) -> BatchStatus:
    """Where the batch stands, as far as its facts tell."""
    run = batch.newest_run
    if run is not None:
        return batch.ends[run].status if run in batch.ends else BatchStatus.PROCESSING_PIPELINES
    if batch.cancelled > batch.resumed:
        return BatchStatus.CANCELLED
    if batch.ingestion_failed:
        return BatchStatus.CONTENT_INGESTION_FAILED
    if batch.provisioning is None and not batch.essays_ready:
        return BatchStatus.AWAITING_CONTENT_VALIDATION
    awaits_teacher = batch.registration is not None and batch.registration.class_id and not batch.essays_ready
    return BatchStatus.AWAITING_STUDENT_VALIDATION if awaits_teacher else BatchStatus.READY_FOR_PIPELINE_EXECUTION


class Counts(Struct, frozen=True):
    """How many essays a batch has, how many have come through its newest run, how many have failed."""

    essays: int
    completed: int
    failed: int


def counts(batch: Batch) -> Counts:
    """Once the newest run has ended, every essay is completed or failed; until then no essay is completed."""
    expected = batch.registration.expected_essay_count if batch.registration else 0
    end = batch.ends.get(batch.newest_run or "")
    if end is not None:
        return Counts(expected, end.succeeded, max(0, expected - end.succeeded))
    without_text = max(0, expected - batch.provisioning.usable) if batch.provisioning else 0
    outcomes = [each.outcome for each in batch.newest_tries.values() if each.outcome]
    return Counts(expected, 0, without_text + len({essay for outcome in outcomes for essay in outcome.failures}))


def current_phase(batch: Batch) -> PhaseName | None:
    """The phase that is going on; the earlier one of the graph if several are."""
    return next((phase for phase in PhaseName if is_going_on(batch, phase)), None)


def is_going_on(batch: Batch, phase: PhaseName) -> bool:
    """True while the phase's newest try has no outcome, and its run has not ended without one."""
    newest = batch.newest_tries.get(phase)
    return newest is not None and newest.outcome is None and newest.edition.run_id not in batch.ends


def started_at(batch: Batch) -> datetime | None:
    """When the newest run's first phase was started."""
    run = batch.newest_run
    return min((t.started_at for t in batch.tries if t.edition.run_id == run and t.started_at), default=None)


def ended_at(batch: Batch) -> datetime | None:
    """When the newest run ended."""
    end = batch.ends.get(batch.newest_run or "")
    return end.ended_at if end else None


def last_change(batch: Batch) -> datetime | None:
    """The latest time that any fact bears."""
    times = [each.started_at for each in batch.tries if each.started_at]
    times += [end.ended_at for end in batch.ends.values()]
    times += [batch.provisioning.completed_at] if batch.provisioning else []
    times += [batch.registration.registered_at] if batch.registration else []
    return max(times, default=None)


def has_all_results(batch: Batch, run_id: str, arrived: Mapping[PhaseName, int]) -> bool:
    """True when the run has ended and every success that ELS counted in its phases has come as a result.

    `arrived` is the number of successful results by phase.
    """
    end = batch.ends.get(run_id)
    if end is None or batch.registration is None:
        return False
    outcomes = {phase: each.outcome for phase, each in batch.newest_tries.items()}
    return all(
        (outcome := outcomes.get(phase)) is not None and arrived.get(phase, 0) >= outcome.succeeded
        for phase in RESULT_PHASES
        if phase in end.completed_phases
    )


def announcement(batch_id: str, batch: Batch, run_id: str, at: datetime) -> BatchResultsReadyV1 | None:
    """That the run's results are put together; None while nobody knows whose batch it is."""
    end, registration = batch.ends.get(run_id), batch.registration
    if end is None or registration is None:
        return None
    return BatchResultsReadyV1(
        entity_id=batch_id,
        timestamp=at,
        status=end.status,
        system_metadata=SystemProcessingMetadata(entity_id=batch_id, entity_type="batch", timestamp=at),
        batch_id=batch_id,
        user_id=registration.user_id,
        total_essays=registration.expected_essay_count,
        completed_essays=end.succeeded,
        phase_results={phase: _summary(batch, each) for phase, each in batch.newest_tries.items()},
        overall_status=end.status,
        processing_duration_seconds=end.duration,
        run_id=None if run_id == NO_RUN else run_id,
    )


def phase_status(batch: Batch, each: Try) -> BatchStatus | ProcessingStage:
    """How a try ended, or that it is going on, or that its run ended without it."""
    if each.outcome is not None:
        return each.outcome.status
    return ProcessingStage.CANCELLED if each.edition.run_id in batch.ends else ProcessingStage.PROCESSING


def _summary(batch: Batch, each: Try) -> PhaseResultSummary:
    outcome = each.outcome
    return PhaseResultSummary(
        phase_name=each.phase,
        status=phase_status(batch, each),
        completed_count=outcome.succeeded if outcome else 0,
        failed_count=len(outcome.failures) if outcome else 0,
    )


def with_announced(batch: Batch, run_id: str) -> Batch:
    """The batch knowing that the run's results have been announced."""
    return replace(batch, announced=sorted({*batch.announced, run_id}))
