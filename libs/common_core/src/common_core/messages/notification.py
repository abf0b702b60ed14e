"""What a teacher should hear of, whoever says it."""

from datetime import datetime
from typing import Any, ClassVar

from common_core.enums import NotificationPriority, WebSocketEventCategory
from common_core.message import Message


class TeacherNotificationRequestedV1(Message, frozen=True, kw_only=True):
    """BOS, CMS, ELS, File Service, RAS: this teacher should hear of this; `payload` has a `message` to be shown."""

    topic: ClassVar[str] = "huleedu.notification.teacher.requested.v1"
    producer: ClassVar[str] = "batch_orchestrator_service"
    also_said_by: ClassVar[tuple[str, ...]] = (
        "class_management_service",
        "essay_lifecycle_service",
        "file_service",
        "result_aggregator_service",
    )

    teacher_id: str
    notification_type: str
    category: WebSocketEventCategory
    priority: NotificationPriority
    payload: dict[str, Any] = {}
    action_required: bool = False
    deadline_timestamp: datetime | None = None
    correlation_id: str
    batch_id: str | None = None
    class_id: str | None = None
    timestamp: datetime

    @property
    def key(self) -> str:
        """Its batch; what is about none is ordered among its teacher's."""
        return self.batch_id or self.teacher_id
