"""What teachers are told about the files that they hand in: once for a request, however many files it has."""

import pytest

from common_core.enums import NotificationPriority, WebSocketEventCategory
from common_core.messages.notification import TeacherNotificationRequestedV1
from file_service.domain.notifications import FilesUnusable, Tally, unusable
from file_service.tests.file_world import BROKEN, ESSAY, OTHER_ESSAY, PICTURE, TEACHER, World, hand_in, world_on
from file_service.tests.test_file_service import AT
from huleedu_service_libs.runtime import Later
from huleedu_service_libs.testing import until

CORRELATION = "0b9e8a3c-6f0e-4a57-9b0e-1f2d3c4b5a69"


def told(world: World, kind: str) -> list[TeacherNotificationRequestedV1]:
    """The notifications of that kind that were heard so far."""
    return [each for each in world.of(TeacherNotificationRequestedV1) if each.notification_type == kind]


async def told_of_failures(world: World, times: int = 1) -> list[TeacherNotificationRequestedV1]:
    """Wait until so many were heard; it takes as long as a look takes to come."""

    async def heard() -> bool:
        return len(told(world, "batch_validation_failed")) >= times

    await until(heard)
    return told(world, "batch_validation_failed")


async def test_files_that_are_handed_in_together_are_told_of_once(database_dsn: str) -> None:
    async with world_on(database_dsn) as world, world.working() as client:
        files = (("elin.txt", ESSAY), ("bo.txt", OTHER_ESSAY))
        for _ in range(2):
            await hand_in(client, *files, X_Correlation_ID=CORRELATION, Idempotency_Key="k")
        await world.settled()

        [received] = world.of(TeacherNotificationRequestedV1)
        assert (received.teacher_id, received.batch_id, received.correlation_id) == (TEACHER, "b", CORRELATION)
        assert (received.notification_type, received.priority) == (
            "batch_files_uploaded",
            NotificationPriority.STANDARD,
        )
        assert received.category is WebSocketEventCategory.FILE_OPERATIONS
        assert received.payload == {"batch_id": "b", "files_uploaded": 2, "message": "2 files received."}


async def test_what_cannot_be_used_is_told_once_when_all_is_read(database_dsn: str) -> None:
    async with world_on(database_dsn) as world, world.working() as client:
        await hand_in(
            client,
            ("photo.jpg", PICTURE),
            ("empty.txt", b""),
            ("broken.txt", BROKEN),
            ("elin.txt", ESSAY),
            user_id=None,
        )
        [failed] = await told_of_failures(world)

        assert (failed.teacher_id, failed.batch_id, failed.action_required) == (TEACHER, "b", True)
        assert (failed.priority, failed.category) == (
            NotificationPriority.IMMEDIATE,
            WebSocketEventCategory.SYSTEM_ALERTS,
        )
        codes = {"UNSUPPORTED_FILE_TYPE": 1, "EMPTY_CONTENT": 1, "UNKNOWN_VALIDATION_ERROR": 1}
        assert failed.payload == {
            "batch_id": "b",
            "total_files": 4,
            "failed_files": 3,
            "error_codes": codes,
            "message": "3 of 4 files cannot be used.",
        }


async def test_what_has_failed_is_told_though_the_service_is_cut_off_in_between(database_dsn: str) -> None:
    async with world_on(database_dsn) as world:
        async with world.working() as client:
            await hand_in(client, ("photo.jpg", PICTURE))
            await world.settled()
        assert told(world, "batch_validation_failed") == []

        async with world.working():
            assert len(await told_of_failures(world)) == 1


@pytest.mark.parametrize("failures", [{}, {"EMPTY_CONTENT": 1}])
def test_while_files_are_being_read_nothing_is_told(failures: dict[str, int]) -> None:
    asked = FilesUnusable(batch_id="b", user_id=TEACHER)
    again = unusable(asked, Tally(files=3, unread=1, failures=failures), AT, CORRELATION)

    assert isinstance(again, Later)
    assert again.message == asked
    assert again.at > AT
