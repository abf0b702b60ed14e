"""Shows teachers in their streams what any service tells them, and keeps until when they have time."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from batch_orchestrator_service.domain.facts import ConfirmationLimited
from batch_orchestrator_service.implementations.decisions import BatchDecisions
from batch_orchestrator_service.implementations.stream_events import MOST_DATA_BYTES, BatchStreamEvent, stream_event
from batch_orchestrator_service.protocols import BatchEventPublisherProtocol, BatchRepositoryProtocol
from common_core.enums import NotificationPriority, WebSocketEventCategory
from common_core.message import Envelope
from common_core.messages.notification import TeacherNotificationRequestedV1
from huleedu_service_libs.runtime.unit_of_work import cause_of

SUGGESTED = "student_associations_suggested"
"""What class management tells a teacher who is to say who wrote what, and until when."""


class ShownNotification(msgspec.Struct, frozen=True, kw_only=True):
    """A notification as a teacher's client gets it; `payload` is null where it is too much for a stream."""

    notification_type: str
    category: WebSocketEventCategory
    priority: NotificationPriority
    action_required: bool
    deadline: datetime | None
    batch_id: str | None
    class_id: str | None
    correlation_id: str
    timestamp: datetime
    payload: dict[str, Any] | None


class NotificationHandler:
    """What is about a batch is shown to whoever owns it, what is about none to the teacher it is for (I16)."""

    def __init__(
        self, batches: BatchRepositoryProtocol, publisher: BatchEventPublisherProtocol, decisions: BatchDecisions
    ) -> None:
        self._batches, self._publisher, self._decisions = batches, publisher, decisions

    async def handle(self, run: Sequence[Envelope[TeacherNotificationRequestedV1]]) -> None:
        """Within the poll's unit of work. Of an unknown batch, or of another teacher's, nobody hears anything."""
        owners = await self._batches.owners([told.data.batch_id for told in run if told.data.batch_id is not None])
        for envelope in run:
            told = envelope.data
            if told.batch_id is None or owners.get(told.batch_id) == told.teacher_id:
                self._publisher.publish(_event(told), cause=cause_of(envelope))
                if (limit := _limit(told)) is not None:
                    await self._decisions.on(limit.batch_id, limit)


def _limit(told: TeacherNotificationRequestedV1) -> ConfirmationLimited | None:
    """Until when the teacher has time, if this says so."""
    until, version = told.deadline_timestamp, told.payload.get("version")
    if told.notification_type != SUGGESTED or told.batch_id is None or until is None or not isinstance(version, int):
        return None
    return ConfirmationLimited(batch_id=told.batch_id, until=until, version=version)


def _event(told: TeacherNotificationRequestedV1) -> BatchStreamEvent:
    shown = ShownNotification(
        notification_type=told.notification_type,
        category=told.category,
        priority=told.priority,
        action_required=told.action_required,
        deadline=told.deadline_timestamp,
        batch_id=told.batch_id,
        class_id=told.class_id,
        correlation_id=told.correlation_id,
        timestamp=told.timestamp,
        payload=told.payload if len(msgspec.json.encode(told.payload)) <= MOST_DATA_BYTES else None,
    )
    return stream_event("notification", shown, user_id=told.teacher_id, at=told.timestamp, batch_id=told.batch_id)
