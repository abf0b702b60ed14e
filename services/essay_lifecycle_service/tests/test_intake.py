"""Files become essays, in whatever order files, failures, registration and deadline come; over both stores."""

from collections.abc import Sequence
from typing import Any, TypeVar

from common_core.message import Message
from common_core.messages.batch import (
    BatchContentProvisioningCompletedV1,
    BatchEssaysReady,
    BatchEssaysRegistered,
    BatchValidationErrorsV1,
)
from common_core.messages.content import (
    EssayContentProvisionedV1,
    EssaySlotAssignedV1,
    EssayValidationFailedV1,
    ExcessContentProvisionedV1,
)
from essay_lifecycle_service.implementations.intake_handlers import IntakeHandler
from essay_lifecycle_service.tests.said import deadline, enveloped, id_of, provisioned, registered, unusable
from essay_lifecycle_service.tests.stores import Heard, Store
from huleedu_service_libs.runtime import Cause

M = TypeVar("M", bound=Message)


class Intake:
    """The handlers of one store, and what they have said."""

    def __init__(self, store: Store) -> None:
        self._store, self.heard = store, Heard()
        self._handler = IntakeHandler(store.intakes, lambda: self.heard)

    async def takes(self, *messages: Message) -> None:
        """Each in a transaction of its own."""
        for message in messages:
            await self.takes_at_once(message)

    async def takes_at_once(self, *messages: Message) -> None:
        """Messages of one kind in one transaction."""
        handlers: dict[type[Message], Any] = {
            BatchEssaysRegistered: self._handler.register,
            EssayContentProvisionedV1: self._handler.receive,
            EssayValidationFailedV1: self._handler.receive,
        }
        handle = handlers.get(type(messages[0]), self._handler.close)
        await self._store.run(lambda: handle([enveloped(message) for message in messages]))

    def said(self, kind: type[M]) -> list[M]:
        """What was said of this kind."""
        return [message for message in self.heard.messages if isinstance(message, kind)]


def files(said: Sequence[EssaySlotAssignedV1]) -> list[tuple[str, str]]:
    return [(slot.essay_id, slot.file_upload_id) for slot in said]


async def test_files_take_slots_in_the_order_in_which_they_come(store: Store) -> None:
    intake = Intake(store)
    await intake.takes(registered("9b", ["e1", "e2"]), provisioned("9b", "bo"), provisioned("9b", "ada"))

    assert files(intake.said(EssaySlotAssignedV1)) == [(id_of("e1"), "upload-bo"), (id_of("e2"), "upload-ada")]
    [completed] = intake.said(BatchContentProvisioningCompletedV1)
    assert [(ref.essay_id, ref.text_storage_id) for ref in completed.essays_for_processing] == [
        (id_of("e1"), "text-bo"),
        (id_of("e2"), "text-ada"),
    ]
    [ready] = intake.said(BatchEssaysReady)
    assert (ready.course_language, ready.ready_essays) == ("en", completed.essays_for_processing)
    assert not intake.said(BatchValidationErrorsV1)


async def test_the_batchs_end_is_said_because_of_its_registration(store: Store) -> None:
    intake = Intake(store)
    await intake.takes(registered("9b", ["e1"]), provisioned("9b", "ada"))

    assert intake.heard.causes == [
        Cause("upload of ada"),
        Cause("request", {"user_id": "ms-frizzle"}),
        Cause("request", {"user_id": "ms-frizzle"}),
    ]
    [completed] = intake.said(BatchContentProvisioningCompletedV1)
    assert completed.correlation_id == "request"


async def test_early_files_wait_for_their_registration(store: Store) -> None:
    intake = Intake(store)
    await intake.takes_at_once(provisioned("9b", "ada"), provisioned("9b", "bo"))
    await intake.takes(unusable("9b", "cy"))
    assert not intake.heard.messages

    await intake.takes(registered("9b", ["e1", "e2", "e3"]))

    assert [upload for _, upload in files(intake.said(EssaySlotAssignedV1))] == ["upload-ada", "upload-bo"]
    [completed] = intake.said(BatchContentProvisioningCompletedV1)
    assert (completed.provisioned_count, completed.expected_count) == (2, 3)


async def test_a_failed_file_takes_a_slot_and_is_named(store: Store) -> None:
    intake = Intake(store)
    await intake.takes(registered("9b", ["e1", "e2"]), unusable("9b", "ada"), provisioned("9b", "bo"))

    [completed] = intake.said(BatchContentProvisioningCompletedV1)
    assert [ref.essay_id for ref in completed.essays_for_processing] == [id_of("e2")]
    [errors] = intake.said(BatchValidationErrorsV1)
    [failed] = errors.failed_essays
    assert (failed.essay_id, failed.file_name) == (id_of("e1"), "ada.docx")
    assert failed.error_detail.message == "Nothing is written in this file."
    assert errors.error_summary.error_categories == {"EMPTY_CONTENT": 1}
    assert not errors.error_summary.critical_failure


async def test_a_batch_without_any_usable_file_fails_critically(store: Store) -> None:
    intake = Intake(store)
    await intake.takes(registered("9b", ["e1"]), unusable("9b", "ada"))

    [errors] = intake.said(BatchValidationErrorsV1)
    assert errors.error_summary.critical_failure
    assert intake.said(BatchContentProvisioningCompletedV1)[0].provisioned_count == 0
    assert not intake.said(BatchEssaysReady)


async def test_a_class_whose_students_are_to_be_matched_is_not_ready_yet(store: Store) -> None:
    intake = Intake(store)
    await intake.takes(registered("9b", ["e1"], class_id="class-9b"), provisioned("9b", "ada"))

    assert intake.said(BatchContentProvisioningCompletedV1)
    assert not intake.said(BatchEssaysReady)


async def test_a_file_without_a_slot_is_excess(store: Store) -> None:
    intake = Intake(store)
    await intake.takes(registered("9b", ["e1"]))
    await intake.takes_at_once(provisioned("9b", "ada"), provisioned("9b", "bo"))
    await intake.takes(provisioned("9b", "cy"), unusable("9b", "di"))

    excess = intake.said(ExcessContentProvisionedV1)
    assert [(file.file_upload_id, file.reason) for file in excess] == [
        ("upload-bo", "NO_AVAILABLE_SLOT"),
        ("upload-cy", "NO_AVAILABLE_SLOT"),
    ]
    assert len(intake.said(BatchContentProvisioningCompletedV1)) == 1


async def test_two_pupils_may_hand_in_the_same_text(store: Store) -> None:
    intake = Intake(store)
    await intake.takes(
        registered("9b", ["e1", "e2"]), provisioned("9b", "ada", text="same"), provisioned("9b", "bo", text="same")
    )

    assert len(intake.said(EssaySlotAssignedV1)) == 2


async def test_what_is_repeated_changes_nothing(store: Store) -> None:
    intake = Intake(store)
    history = (registered("9b", ["e1", "e2"]), provisioned("9b", "ada"), unusable("9b", "bo"), deadline("9b"))
    await intake.takes(*history)
    once = list(intake.heard.messages)

    await intake.takes(*history, *reversed(history))
    await intake.takes_at_once(provisioned("9b", "ada"), provisioned("9b", "ada"))

    assert intake.heard.messages == once


async def test_at_the_deadline_the_batch_goes_on_with_what_there_is(store: Store) -> None:
    intake = Intake(store)
    await intake.takes(registered("9b", ["e1", "e2"]), provisioned("9b", "ada"), deadline("9b"))

    [completed] = intake.said(BatchContentProvisioningCompletedV1)
    assert (completed.provisioned_count, completed.expected_count) == (1, 2)

    await intake.takes(provisioned("9b", "bo"))
    assert [file.file_upload_id for file in intake.said(ExcessContentProvisionedV1)] == ["upload-bo"]


async def test_a_batch_that_nothing_came_for_fails_at_its_deadline(store: Store) -> None:
    intake = Intake(store)
    await intake.takes(registered("9b", ["e1"]), deadline("9b"))

    [errors] = intake.said(BatchValidationErrorsV1)
    assert (errors.error_summary.total_errors, errors.error_summary.critical_failure) == (0, True)


async def test_a_deadline_may_come_before_the_registration(store: Store) -> None:
    intake = Intake(store)
    await intake.takes(deadline("9b"), provisioned("9b", "ada"), registered("9b", ["e1", "e2"]))

    assert len(intake.said(EssaySlotAssignedV1)) == 1
    assert len(intake.said(BatchContentProvisioningCompletedV1)) == 1


async def test_many_batches_are_taken_at_once(store: Store) -> None:
    intake = Intake(store)
    await intake.takes_at_once(*(registered(f"class {n}", [f"essay {n}"]) for n in range(5)))
    await intake.takes_at_once(*(provisioned(f"class {n}", f"file {n}") for n in range(5)))

    assert sorted(files(intake.said(EssaySlotAssignedV1))) == sorted(
        (id_of(f"essay {n}"), f"upload-file {n}") for n in range(5)
    )
    assert len(intake.said(BatchContentProvisioningCompletedV1)) == 5
