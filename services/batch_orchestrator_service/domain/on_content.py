"""Decisions on a batch's content: it has come, it has failed, it has taken too long."""

from datetime import datetime, timedelta

from msgspec.structs import replace

from batch_orchestrator_service.domain import notifications as tell
from batch_orchestrator_service.domain import on_matching
from batch_orchestrator_service.domain.announcements import announcement, content_deadline, content_given_up
from batch_orchestrator_service.domain.asked import BatchRegistered
from batch_orchestrator_service.domain.batch import Batch
from batch_orchestrator_service.domain.essays import Essays
from batch_orchestrator_service.domain.facts import ContentDeadlinePassed
from batch_orchestrator_service.domain.ingestion import Ingestion
from batch_orchestrator_service.domain.inherited import content_wait
from batch_orchestrator_service.domain.steps import Step
from batch_orchestrator_service.domain.wait import Wait
from common_core.messages.batch import BatchValidationErrorsV1
from common_core.shared import EssayProcessingInputRefV1


def registered(fact: BatchRegistered, at: datetime) -> Step:
    """There is a batch now, and it waits for its content."""
    batch = Batch(
        registration=fact,
        registered_at=at,
        changed_at=at,
        prompt=fact.student_prompt_ref,
        assignment_id=fact.assignment_id,
        ingestion=Ingestion(Wait(at, at + timedelta(seconds=fact.content_seconds))),
        essays=Essays(fact.essay_ids),
    )
    return batch, (announcement(fact, at),)


def closed(batch: Batch, refs: list[EssayProcessingInputRefV1], at: datetime) -> Step:
    """These essays have a text, and no more will come; who wrote them is asked next, if they belong to a class."""
    if not batch.ingestion.is_open:
        return batch, ()
    essays = batch.essays.with_content(refs)
    batch = replace(batch, essays=essays, ingestion=batch.ingestion.closed(at, usable=bool(essays.ready)))
    told = tell.content_closed(batch, at)
    batch, effects = on_matching.begun(batch, at)
    return batch, (*told, *effects)


def failed(batch: Batch, errors: BatchValidationErrorsV1, at: datetime) -> Step:
    """These files could not be used."""
    ingestion = batch.ingestion.with_failures(errors)
    known = batch if ingestion is batch.ingestion else replace(batch, ingestion=ingestion)
    return closed(known, [], at) if errors.error_summary.critical_failure else (known, ())


def overdue(batch: Batch, deadline: ContentDeadlinePassed, at: datetime) -> Step:
    """First ELS is asked to close what is there, and answers as it does when all slots are filled; then go without."""
    wait, due = batch.ingestion.wait, deadline.due or content_wait(batch).until
    if not batch.ingestion.is_open or batch.paused or due != wait.until:
        return batch, ()
    if wait.overdue:
        ended, said = closed(batch, [], at)
        return ended, (content_given_up(batch.registration, at), *said)
    if longer := wait.extended(at, _silence(batch), done=0):
        return replace(batch, ingestion=replace(batch.ingestion, wait=longer)), ()
    return waited_for_no_longer(batch, at)


def waited_for_no_longer(batch: Batch, at: datetime) -> Step:
    """ELS is to close what is there."""
    if not batch.ingestion.is_open or batch.ingestion.wait.overdue:
        return batch, ()
    wait = batch.ingestion.wait.closing(at, _silence(batch))
    return replace(batch, ingestion=replace(batch.ingestion, wait=wait)), (content_deadline(batch.registration, at),)


def _silence(batch: Batch) -> timedelta:
    return timedelta(seconds=batch.registration.silence_seconds)
