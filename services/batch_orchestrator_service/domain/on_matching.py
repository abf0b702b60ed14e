"""Decisions on who wrote a class's essays: to ask, what was suggested and confirmed, and not to wait for ever."""

from datetime import datetime, timedelta

from msgspec.structs import replace

from batch_orchestrator_service.domain import notifications as tell
from batch_orchestrator_service.domain.announcements import matching_command
from batch_orchestrator_service.domain.batch import Batch
from batch_orchestrator_service.domain.facts import ConfirmationLimited, StudentsDeadlinePassed
from batch_orchestrator_service.domain.matching import Confirmation, Matching, TeachersTime
from batch_orchestrator_service.domain.steps import Step
from batch_orchestrator_service.domain.wait import Wait
from common_core.enums import ClassType
from common_core.messages.batch import BatchEssaysReady
from common_core.messages.matching import StudentAssociationsConfirmedV1


def begun(batch: Batch, at: datetime) -> Step:
    """The students of the class are to be found, if the batch waits for that and nobody has asked to wait."""
    matching = batch.matching
    if not batch.awaits_students or batch.paused or matching.began_at:
        return batch, ()
    batch = _with(batch, replace(matching, began_at=at, wait=_next_wait(batch, matching, at)))
    answered = matching.confirmation or matching.essays_ready_at
    return batch, () if answered else (matching_command(batch, at),)


def taken_up(batch: Batch, at: datetime) -> Step:
    """What a cancellation has stopped is waited for once more, and asked for if that never was."""
    if batch.matching.began_at is None:
        return begun(batch, at)
    return _with(batch, replace(batch.matching, wait=_next_wait(batch, batch.matching, at))), ()


def suggested(batch: Batch, at: datetime) -> Step:
    """From now on it is the teacher who is waited for; class management tells them."""
    matching = batch.matching
    if not batch.is_regular or matching.suggested_at or matching.confirmation or matching.is_over:
        return batch, ()
    return _moved(batch, replace(matching, suggested_at=at), at), ()


def limited(batch: Batch, limit: ConfirmationLimited) -> Step:
    """So long the teacher has. Matching has been heard of as well: that says its own message."""
    matching, known = batch.matching, batch.matching.teachers_time
    if not batch.is_regular or matching.confirmation or matching.is_over or (known and known.version >= limit.version):
        return batch, ()
    return _with(batch, replace(matching, teachers_time=TeachersTime(limit.until, limit.version))), ()


def confirmed(batch: Batch, said: StudentAssociationsConfirmedV1, at: datetime) -> Step:
    """It is decided who wrote what. What corrects that later is kept, and moves nothing here."""
    matching, known = batch.matching, batch.matching.confirmation
    news = Confirmation(at, said.timestamp, said.version or 0, said.timeout_triggered)
    if not batch.is_regular or (known and not known.is_older_than(news)):
        return batch, ()
    if known:
        corrected = replace(known, said_at=news.said_at, version=news.version)
        return _with(batch, replace(matching, confirmation=corrected)), ()
    return _moved(batch, replace(matching, confirmation=news), at), ()


def with_essays_ready(batch: Batch, ready: BatchEssaysReady, at: datetime) -> Batch:
    """ELS has taken up who wrote what."""
    matching = batch.matching
    if not batch.is_regular or ready.class_type is not ClassType.REGULAR or matching.essays_ready_at:
        return batch
    return _moved(batch, replace(matching, essays_ready_at=at), at)


def overdue(batch: Batch, deadline: StudentsDeadlinePassed, at: datetime) -> Step:
    """The batch goes on without students: whoever is confirmed later still reaches its results."""
    matching, wait = batch.matching, batch.matching.wait
    if wait is None or batch.paused or deadline.due != wait.until:
        return batch, ()
    if longer := wait.extended(at, _limit(batch, matching), done=0):
        return _with(batch, replace(matching, wait=longer)), ()
    given_up = _with(batch, replace(matching, wait=None, given_up_at=at))
    return given_up, tell.students_given_up(batch, at)


def resumed(batch: Batch, paused_at: datetime, at: datetime) -> Step:
    """The wait has what was left of it; what could not begin during the pause begins now."""
    if wait := batch.matching.wait:
        batch = _with(batch, replace(batch.matching, wait=wait.resumed(paused_at, at)))
    return begun(batch, at)


def _moved(batch: Batch, matching: Matching, at: datetime) -> Batch:
    """A step further, with the time that the next one has; none where nothing is waited for."""
    if matching.wait is not None:
        matching = replace(matching, wait=None if matching.is_over else _next_wait(batch, matching, at))
    return _with(batch, matching)


def _next_wait(batch: Batch, matching: Matching, at: datetime) -> Wait:
    return Wait(at, at + _limit(batch, matching))


def _limit(batch: Batch, matching: Matching) -> timedelta:
    registration = batch.registration
    is_els = matching.awaits == "essays_ready"
    return timedelta(seconds=registration.silence_seconds if is_els else registration.validation_seconds)


def _with(batch: Batch, matching: Matching) -> Batch:
    return replace(batch, matching=matching)
