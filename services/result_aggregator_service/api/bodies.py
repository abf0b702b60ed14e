"""From what is known to the bodies of answers."""

from collections.abc import Iterable
from datetime import datetime

import msgspec

from common_core.enums import CLIENT_STATUS, COURSE_LANGUAGE, PhaseName
from result_aggregator_service.api_models import (
    BatchFrameBody,
    BatchSummaryBody,
    CorrectionBody,
    ErrorBody,
    EssayResultBody,
    EssayStatusBody,
    FailureBody,
    FeatureBody,
    LeftOutBody,
    PhaseBody,
    StudentBody,
)
from result_aggregator_service.batch_report import BatchReport
from result_aggregator_service.domain import batch as rules
from result_aggregator_service.domain.batch import Batch, Registration, Try
from result_aggregator_service.domain.essays import Essay
from result_aggregator_service.domain.results import NO_RUN
from result_aggregator_service.exports.features import key_features


def summary_body(batch_id: str, batch: Batch, registration: Registration) -> BatchSummaryBody:
    """Where a batch stands."""
    status, counted = rules.overall_status(batch), rules.counts(batch)
    return BatchSummaryBody(
        batch_id=batch_id,
        user_id=registration.user_id,
        overall_status=status,
        client_status=CLIENT_STATUS[status],
        essay_count=counted.essays,
        completed_essay_count=counted.completed,
        failed_essay_count=counted.failed,
        current_phase=rules.current_phase(batch),
        created_at=registration.registered_at,
        last_updated=rules.last_change(batch) or registration.registered_at,
        processing_started_at=rules.started_at(batch),
        processing_completed_at=rules.ended_at(batch),
        student_prompt_ref=msgspec.to_builtins(registration.student_prompt_ref),
    )


def essay_status_body(essay: Essay) -> EssayStatusBody:
    """Where an essay stands."""
    spelling = essay.spelling
    return EssayStatusBody(
        essay_id=essay.slot.essay_id,
        filename=essay.slot.file_name,
        file_upload_id=essay.slot.file_upload_id,
        spellcheck_status=essay.stages.get(PhaseName.SPELLCHECK),
        spellcheck_correction_count=spelling.corrections if spelling else None,
        spellcheck_corrected_text_storage_id=spelling.corrected_text_storage_id if spelling else None,
        spellcheck_error_detail=_error(essay, PhaseName.SPELLCHECK),
        nlp_status=essay.stages.get(PhaseName.NLP),
        nlp_error_detail=_error(essay, PhaseName.NLP),
        cj_assessment_status=essay.stages.get(PhaseName.CJ_ASSESSMENT),
        cj_assessment_error_detail=_error(essay, PhaseName.CJ_ASSESSMENT),
        last_updated=_last_updated(essay),
    )


def _error(essay: Essay, phase: PhaseName) -> ErrorBody | None:
    failed = (each for each in essay.failures if each.phase is phase)
    return next((ErrorBody(error_code=each.code, message=each.reason) for each in failed), None)


def _last_updated(essay: Essay) -> datetime | None:
    times: Iterable[datetime | None] = (essay.slot.assigned_at, *(each.at for each in essay.results.values()))
    return max((time for time in times if time), default=None)


def frame_body(report: BatchReport) -> BatchFrameBody:
    """A batch's results, but for its essays."""
    language = COURSE_LANGUAGE[report.registration.course_code]
    summary = summary_body(report.batch_id, report.batch, report.registration)
    return BatchFrameBody(
        **summary.model_dump(),
        course_code=report.registration.course_code,
        class_id=report.registration.class_id,
        language=language,
        phases=[_phase_body(report.batch, each) for each in report.batch.newest_tries.values()],
        key_features=[FeatureBody(name=f.name, label=f.label, unit=f.unit) for f in key_features(language)],
        missing_essay_count=report.missing,
        left_out=[LeftOutBody.model_validate(each, from_attributes=True) for each in report.left_out],
    )


def _phase_body(batch: Batch, each: Try) -> PhaseBody:
    outcome = each.outcome
    return PhaseBody(
        phase_name=each.phase,
        status=rules.phase_status(batch, each),
        completed_count=outcome.succeeded if outcome else None,
        failed_count=len(outcome.failures) if outcome else None,
        run_id=None if each.edition.run_id == NO_RUN else each.edition.run_id,
        attempt=each.edition.attempt,
    )


def _student(essay: Essay) -> StudentBody:
    known = essay.student
    return StudentBody(
        name=essay.student_name,
        student_id=known.student_id if known else None,
        first_name=known.first_name if known else None,
        last_name=known.last_name if known else None,
        email=known.email if known else None,
        method=known.method if known else None,
    )


def essay_result_body(essay: Essay, *, of_a_class: bool) -> EssayResultBody:
    """All that is known of an essay."""
    spelling, slot = essay.spelling, essay.slot
    return EssayResultBody(
        essay_id=slot.essay_id,
        student=_student(essay) if of_a_class else None,
        file_name=slot.file_name,
        file_upload_id=slot.file_upload_id,
        original_text_storage_id=slot.text_storage_id,
        corrected_text_storage_id=spelling.corrected_text_storage_id if spelling else None,
        language_detected=essay.language_detected,
        words=essay.words,
        correction_count=spelling.corrections if spelling else None,
        learner_correction_count=spelling.learner_corrections if spelling else None,
        corrections_per_100_words=spelling.corrections_per_100_words if spelling else None,
        corrections=[CorrectionBody.model_validate(each, from_attributes=True) for each in essay.corrections],
        features=essay.features,
        phases=essay.stages,
        failures=[FailureBody.model_validate(each, from_attributes=True) for each in essay.failures],
    )
