"""The running service with everybody around it, as tests see it."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from common_core.message import Message
from common_core.messages.classes import (
    ClassCreatedV1,
    ClassDeletedV1,
    ClassUpdatedV1,
    EssayStudentAssociationUpdatedV1,
    StudentCreatedV1,
    StudentDeletedV1,
    StudentUpdatedV1,
)
from common_core.messages.matching import StudentAssociationsConfirmedV1, ValidationTimeoutProcessedV1
from common_core.messages.notification import TeacherNotificationRequestedV1
from huleedu_service_libs.app_factory import ServiceApp
from huleedu_service_libs.testing import Others

AT = datetime(2026, 3, 2, 8, tzinfo=UTC)
HEARD: tuple[type[Message], ...] = (
    ClassCreatedV1,
    ClassUpdatedV1,
    ClassDeletedV1,
    StudentCreatedV1,
    StudentUpdatedV1,
    StudentDeletedV1,
    EssayStudentAssociationUpdatedV1,
    StudentAssociationsConfirmedV1,
    ValidationTimeoutProcessedV1,
    TeacherNotificationRequestedV1,
)


class Watch:
    """A clock that tests move."""

    def __init__(self) -> None:
        self.time = AT

    def __call__(self) -> datetime:
        """What it shows."""
        return self.time

    def forward(self, **time: float) -> None:
        """Let time pass."""
        self.time += timedelta(**time)


@dataclass(frozen=True)
class World:
    """The service under test, the others, and their clock."""

    others: Others
    watch: Watch
    app: ServiceApp
    dsn: str
