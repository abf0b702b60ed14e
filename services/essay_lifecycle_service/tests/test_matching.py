"""A class's essays: matching is asked once, and readiness is said once it is confirmed who wrote what."""

import itertools
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest

from common_core.enums import AssociationValidationMethod, ClassType
from common_core.message import Message
from common_core.messages.batch import BatchEssaysReady
from common_core.messages.matching import BatchStudentMatchingRequestedV1, StudentAssociationsConfirmedV1
from essay_lifecycle_service.implementations.intake_handlers import IntakeHandler
from essay_lifecycle_service.implementations.matching_handlers import MatchingHandler
from essay_lifecycle_service.tests.said import confirmed, enveloped, id_of, match, provisioned, registered, unusable
from essay_lifecycle_service.tests.stores import Heard, Store

CLASS = "class-9a"
ASTRID, BO = {"ada": "student-astrid"}, {"ada": "student-bo"}


class Desk:
    """The service's handlers on one store."""

    def __init__(self, store: Store) -> None:
        self.store, self.heard = store, Heard()
        intake = IntakeHandler(store.intakes, lambda: self.heard)
        matching = MatchingHandler(store.matchings, lambda: self.heard)
        self.register, self.receive = self._does(intake.register), self._does(intake.receive)
        self.match, self.confirm = self._does(matching.start), self._does(matching.confirm)

    def _does(self, handler: Callable[[Any], Awaitable[None]]) -> Callable[..., Awaitable[None]]:
        async def does(*messages: Message) -> None:
            await self.store.run(lambda: handler([enveloped(message) for message in messages]))

        return does

    def said(self, kind: type[Message]) -> list[Message]:
        """What was said of this kind."""
        return [message for message in self.heard.messages if isinstance(message, kind)]

    async def student_of(self, essay: str) -> tuple[str | None, AssociationValidationMethod] | None:
        """Who wrote it, and who has decided that."""
        facts = await self.store.facts.of_essay(id_of(essay))
        assert facts is not None
        return None if facts.student is None else (facts.student.student_id, facts.student.method)


@pytest.fixture
def desk(store: Store) -> Desk:
    return Desk(store)


async def test_matching_is_told_what_the_files_say(desk: Desk) -> None:
    await desk.register(registered("9a", ["ada", "bo"], class_id=CLASS))
    await desk.receive(provisioned("9a", "ada", author="Ada Berg"), provisioned("9a", "bo"))
    await desk.match(match("9a", ["ada", "bo"]))

    (request,) = desk.said(BatchStudentMatchingRequestedV1)
    assert isinstance(request, BatchStudentMatchingRequestedV1)
    assert (request.class_id, request.user_id) == (CLASS, "ms-frizzle")
    assert [(each.text_storage_id, each.file_name, each.document_author) for each in request.essays_to_process] == [
        ("text-ada", "ada.docx", "Ada Berg"),
        ("text-bo", "bo.docx", None),
    ]


async def test_matching_is_asked_once(desk: Desk) -> None:
    await desk.match(match("9a", ["ada"]), match("9a", ["ada"]))
    await desk.match(match("9a", ["ada"]))

    assert len(desk.said(BatchStudentMatchingRequestedV1)) == 1


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
async def test_essays_are_ready_once_they_are_there_and_confirmed(desk: Desk, order: Sequence[int]) -> None:
    steps = [
        lambda: desk.register(registered("9a", ["ada"], class_id=CLASS)),
        lambda: desk.receive(provisioned("9a", "ada")),
        lambda: desk.match(match("9a", ["ada"])),
        lambda: desk.confirm(confirmed("9a", ASTRID)),
    ]
    for place in order:
        assert desk.said(BatchEssaysReady) == []
        await steps[place]()
        if {0, 1, 3} <= set(order[: order.index(place) + 1]):
            break

    (ready,) = desk.said(BatchEssaysReady)
    assert isinstance(ready, BatchEssaysReady)
    assert ready.class_type is ClassType.REGULAR
    assert [ref.text_storage_id for ref in ready.ready_essays] == ["text-ada"]
    assert await desk.student_of("ada") == ("student-astrid", AssociationValidationMethod.HUMAN)


async def test_a_correction_is_kept_and_nothing_said_again(desk: Desk) -> None:
    await desk.register(registered("9a", ["ada"], class_id=CLASS))
    await desk.receive(provisioned("9a", "ada"))
    await desk.confirm(confirmed("9a", {"ada": None}, by_time_limit=True))
    assert await desk.student_of("ada") == (None, AssociationValidationMethod.TIMEOUT)

    await desk.confirm(confirmed("9a", BO, version=2))
    assert await desk.student_of("ada") == ("student-bo", AssociationValidationMethod.HUMAN)
    assert len(desk.said(BatchEssaysReady)) == 1


@pytest.mark.parametrize("together", [True, False])
async def test_the_newest_correction_holds_in_whatever_order_they_come(desk: Desk, together: bool) -> None:
    await desk.register(registered("9a", ["ada"], class_id=CLASS))
    newest: list[StudentAssociationsConfirmedV1] = [confirmed("9a", BO, version=2), confirmed("9a", ASTRID, version=1)]
    for said in [newest] if together else [[each] for each in newest]:
        await desk.confirm(*said)

    assert await desk.student_of("ada") == ("student-bo", AssociationValidationMethod.HUMAN)


async def test_what_has_no_usable_essay_is_never_ready(desk: Desk) -> None:
    await desk.register(registered("9a", ["ada"], class_id=CLASS))
    await desk.receive(unusable("9a", "ada"))
    await desk.confirm(confirmed("9a", ASTRID))

    assert desk.said(BatchEssaysReady) == []


async def test_a_guests_batch_is_ready_without_anybody_and_only_once(desk: Desk) -> None:
    """I9."""
    await desk.register(registered("9a", ["ada"]))
    await desk.receive(provisioned("9a", "ada"))
    await desk.confirm(confirmed("9a", ASTRID))

    (ready,) = desk.said(BatchEssaysReady)
    assert isinstance(ready, BatchEssaysReady)
    assert ready.class_type is ClassType.GUEST
