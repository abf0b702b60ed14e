"""What each message says has been done: the same said in two events is an effect that took place twice."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from common_core.message import Message
from common_core.messages import (
    batch,
    classes,
    content,
    control,
    matching,
    nlp,
    notification,
    pipeline,
    results,
    spellcheck,
)

ONCE: Mapping[type[Message], tuple[str, ...]] = {
    batch.BatchEssaysRegistered: ("entity_id",),
    batch.BatchContentProvisioningCompletedV1: ("batch_id",),
    batch.BatchValidationErrorsV1: ("batch_id",),
    batch.BatchEssaysReady: ("batch_id",),
    batch.BatchContentDeadlinePassedV1: ("batch_id",),
    batch.BatchPipelineCompletedV1: ("batch_id", "run_id"),
    control.BatchPausedV1: ("batch_id", "version"),
    control.BatchResumedV1: ("batch_id", "version"),
    control.BatchRunCancelledV1: ("batch_id", "version"),
    control.BatchPhaseDeadlinePassedV1: ("batch_id", "run_id", "phase_name", "attempt"),
    control.BatchWaitGivenUpV1: ("batch_id", "run_id", "phase_name", "attempt"),
    content.EssayContentProvisionedV1: ("entity_id", "file_upload_id"),
    content.EssayValidationFailedV1: ("entity_id", "file_upload_id"),
    content.BatchFileAddedV1: ("batch_id", "file_upload_id"),
    content.EssaySlotAssignedV1: ("batch_id", "essay_id"),
    content.ExcessContentProvisionedV1: ("batch_id", "file_upload_id"),
    pipeline.BatchServiceSpellcheckInitiateCommandDataV1: ("entity_id", "run_id", "attempt"),
    pipeline.BatchServiceNLPInitiateCommandDataV1: ("entity_id", "run_id", "attempt"),
    pipeline.ELSBatchPhaseOutcomeV1: ("batch_id", "run_id", "phase_name", "attempt"),
    spellcheck.EssayLifecycleSpellcheckRequestV1: ("parent_id", "run_id", "entity_id", "attempt"),
    spellcheck.SpellcheckPhaseCompletedV1: ("batch_id", "run_id", "entity_id", "attempt"),
    spellcheck.SpellcheckResultV1: ("batch_id", "run_id", "entity_id", "attempt"),
    nlp.EssayNlpCompletedV1: ("parent_id", "run_id", "essay_id", "attempt"),
    matching.BatchServiceStudentMatchingInitiateCommandDataV1: ("entity_id",),
    matching.BatchStudentMatchingRequestedV1: ("batch_id",),
    matching.BatchAuthorMatchesSuggestedV1: ("batch_id",),
    matching.StudentAssociationsConfirmedV1: ("batch_id", "version"),
    matching.ValidationTimeoutProcessedV1: ("batch_id",),
    classes.EssayStudentAssociationUpdatedV1: ("batch_id", "essay_id", "version"),
    results.BatchResultsReadyV1: ("batch_id", "run_id"),
    notification.TeacherNotificationRequestedV1: ("batch_id", "notification_type", "correlation_id", "payload"),
}
_FIELDS = {message.topic: fields for message, fields in ONCE.items()}


class _Essay(msgspec.Struct):
    essay_id: str


class _Subject(msgspec.Struct):
    batch_id: str | None = None
    entity_id: str | None = None
    parent_id: str | None = None
    essay_id: str | None = None
    run_id: str | None = None
    attempt: int | None = None
    version: int | None = None
    phase_name: str | None = None
    file_upload_id: str | None = None
    notification_type: str | None = None
    correlation_id: str | None = None
    payload: dict[str, Any] = {}
    essays_to_process: list[_Essay] = []


class _Envelope(msgspec.Struct):
    event_id: str
    data: _Subject


class Told(NamedTuple):
    """An event's id, the run and the version of its batch that it is about, if any, and what must be done once."""

    event_id: str
    run_id: str
    version: int
    once: tuple[tuple[str, ...], ...]


_decode = msgspec.json.Decoder(_Envelope).decode


def read(topic: str, raw: bytes) -> Told:
    """What an event tells; mere progress is nothing that must be done once.

    Raises msgspec.MsgspecError for what is no event.
    """
    envelope = _decode(raw)
    data = envelope.data
    return Told(envelope.event_id, data.run_id or "", data.version or 0, _once(topic, data))


def _once(topic: str, data: _Subject) -> tuple[tuple[str, ...], ...]:
    if topic == nlp.BatchNlpProcessingRequestedV2.topic:  # a batch is asked for in parts, each essay once
        part = (topic, str(data.batch_id), str(data.run_id), str(data.attempt))
        return tuple((*part, essay.essay_id) for essay in data.essays_to_process)
    fields = _FIELDS.get(topic, ())
    return ((topic, *(str(getattr(data, field)) for field in fields)),) if fields else ()
