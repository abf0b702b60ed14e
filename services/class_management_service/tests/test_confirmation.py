"""From matching's answer to the confirmation that BOS and ELS hear, over HTTP, on a real database and bus."""

import asyncio
from typing import Any

import pytest

from class_management_service.config import SERVICE_NAME
from class_management_service.domain.facts import ConfirmationDue
from class_management_service.tests.matches import BATCH, matches, result, suggestion
from class_management_service.tests.teacher import Teacher
from class_management_service.tests.world import AT, World
from common_core.messages.classes import EssayStudentAssociationUpdatedV1
from common_core.messages.control import BatchResumedV1, BatchRunCancelledV1
from common_core.messages.matching import (
    BatchAuthorMatchesSuggestedV1,
    StudentAssociationsConfirmedV1,
    ValidationTimeoutProcessedV1,
)
from common_core.messages.notification import TeacherNotificationRequestedV1
from huleedu_service_libs.runtime import Cause, Database
from huleedu_service_libs.testing import Others

PATH = f"/v1/batches/{BATCH}/student-associations"
BY_ANNA = Cause("c", {"user_id": "anna"})
NLP = {"X-Service-ID": "result_aggregator_service", "X-Internal-API-Key": "sesame"}


async def matched(anna: Teacher, world: World) -> tuple[str, str, str]:
    """A class, and a batch of which matching knows one author for sure, doubts one and misses one."""
    class_id = await anna.makes_class()
    asa, bo = await anna.makes_student("Åsa", "Björk", class_id), await anna.makes_student("Bo", "Ek", class_id)
    answer = matches(
        result("one", suggestion(asa)), result("two", suggestion(bo, 0.6)), result("three"), class_id=class_id
    )
    await world.others.say(answer, cause=BY_ANNA)
    await world.others.at_rest(SERVICE_NAME, BatchAuthorMatchesSuggestedV1)
    return class_id, asa, bo


def by_essay(said: Any) -> dict[str, Any]:
    """The essays of an answer."""
    return {each["essay_id"]: each for each in said["associations"]}


async def confirmations(world: World) -> list[StudentAssociationsConfirmedV1]:
    """Those that have been said."""
    await world.others.at_rest(SERVICE_NAME, BatchAuthorMatchesSuggestedV1)
    return world.others.of(StudentAssociationsConfirmedV1)


async def test_every_essay_is_shown_with_what_is_suggested_and_why(anna: Teacher, world: World) -> None:
    _, asa, _ = await matched(anna, world)
    said = await anna.told("GET", PATH)

    assert (said["status"], said["waiting"], said["version"]) == ("waiting", 3, 1)
    assert said["confirm_by"].startswith("2026-03-03T08:00:00")
    shown = by_essay(said)
    assert [shown[each]["status"] for each in shown] == ["pending_validation", "pending_validation", "no_match"]
    assert (shown["one"]["suggested_student_id"], shown["one"]["confidence_score"]) == (asa, 0.95)
    assert shown["one"]["match_reasons"] == [f"The file is named after {asa}."]
    assert shown["three"]["no_match_reason"] == "No name of the class was found."


async def test_the_teacher_decides_and_everybody_hears_of_it_once(anna: Teacher, world: World) -> None:
    class_id, asa, bo = await matched(anna, world)
    first = await anna.told("POST", PATH, {"associations": [{"essay_id": "one", "student_id": asa}]})
    assert (first["status"], first["associations_confirmed"], first["waiting"]) == ("waiting", 1, 2)
    assert await confirmations(world) == []
    rest = [{"essay_id": "two", "student_id": bo, "confirmed": True}, {"essay_id": "three", "confirmed": False}]
    for _ in range(2):
        last = await anna.told("POST", f"{PATH}/confirm", {"associations": rest, "user_id": "anna"})

    assert (last["status"], last["associations_confirmed"], last["associations_rejected"]) == ("confirmed", 2, 1)
    (whole,) = await confirmations(world)
    assert {each.essay_id: each.student_id for each in whole.associations} == {"one": asa, "two": bo, "three": None}
    assert (whole.class_id, whole.course_code, whole.timeout_triggered) == (class_id, "ENG5", False)
    told = world.others.of(EssayStudentAssociationUpdatedV1)
    assert [(each.essay_id, each.first_name) for each in told] == [("one", "Åsa"), ("two", "Bo"), ("three", None)]


async def test_a_correction_is_said_again_with_the_request_that_made_it(anna: Teacher, world: World) -> None:
    _, asa, bo = await matched(anna, world)
    await anna.told("POST", PATH, {"accept_suggestions": True, "finish": True})
    swap = [{"essay_id": "one", "student_id": bo}, {"essay_id": "two", "student_id": asa}]
    request = "c4f1b1de-0000-4000-8000-000000000000"
    await anna.told("POST", PATH, {"associations": swap}, X_Correlation_ID=request)

    before, after = await confirmations(world)
    assert before.version is not None
    assert after.version == before.version + 1
    assert {each.essay_id: each.student_id for each in after.associations} == {"one": bo, "two": asa, "three": None}
    said = [each for each in world.others.heard if isinstance(each.data, StudentAssociationsConfirmedV1)]
    assert said[-1].correlation_id == request


async def test_when_time_is_up_what_is_sure_is_confirmed_and_the_rest_unknown(anna: Teacher, world: World) -> None:
    class_id, asa, _ = await matched(anna, world)
    world.watch.forward(hours=23)
    assert await confirmations(world) == []
    world.watch.forward(hours=1, seconds=1)
    while not (said := world.others.of(StudentAssociationsConfirmedV1)):
        await asyncio.sleep(0.01)

    (whole,) = said
    assert whole.timeout_triggered is True
    (event,) = world.others.of(ValidationTimeoutProcessedV1)
    assert [each.student_last_name for each in event.auto_confirmed_associations] == ["Björk"]
    assert event.guest_essays == ["two", "three"]
    assert world.others.of(TeacherNotificationRequestedV1)[-1].notification_type == "validation_timeout_processed"
    shown = by_essay(await anna.told("GET", PATH))
    assert [shown[each]["status"] for each in shown] == ["timeout_confirmed", "no_match", "no_match"]
    assert shown["one"]["student"]["student_id"] == asa
    assert shown["two"]["student"]["email"] == f"unknown.{class_id}@huleedu.system"
    assert len(await anna.roster(class_id)) == 2
    assert (await anna.told("GET", "/v1/classes/students"))["pagination"]["total"] == 2


async def test_the_answer_again_or_for_a_class_that_is_gone_does_no_harm(anna: Teacher, world: World) -> None:
    class_id, _, _ = await matched(anna, world)
    await anna.told("POST", PATH, {"finish": True})
    again, gone = matches(result("one"), class_id=class_id), matches(result("x"), class_id="gone", batch_id="b2")
    await world.others.say(again, gone, cause=BY_ANNA)

    assert len(await confirmations(world)) == 1
    assert await world.others.dead_letters() == []


async def test_a_batch_of_a_class_that_nobody_knows_belongs_to_who_registered_it(anna: Teacher, world: World) -> None:
    await world.others.say(matches(result("one"), class_id="gone"), cause=BY_ANNA)
    await world.others.at_rest(SERVICE_NAME, BatchAuthorMatchesSuggestedV1)

    assert (await anna.told("POST", PATH, {"finish": True}))["status"] == "confirmed"


async def test_whoever_names_anothers_class_learns_of_nobody_in_it(anna: Teacher, bo: Teacher, world: World) -> None:
    """I16: neither by suggestions nor by decisions, and the batch is nothing to the class's teacher."""
    class_id = await anna.makes_class()
    asa = await anna.makes_student("Åsa", "Björk", class_id)
    answer = matches(result("one", suggestion(asa)), class_id=class_id)
    await world.others.say(answer, cause=Cause("c", {"user_id": "bo"}))
    await world.others.at_rest(SERVICE_NAME, BatchAuthorMatchesSuggestedV1)

    (shown,) = (await bo.told("GET", PATH))["associations"]
    assert (shown["suggestions"], shown["suggested_student_name"]) == ([], None)
    assert shown["no_match_reason"] == "The batch was registered for a class of another teacher."
    taken = {"associations": [{"essay_id": "one", "student_id": asa}]}
    assert (await (await bo.ask("POST", PATH, taken)).get_json())["code"] == "STUDENTS_NOT_IN_CLASS"
    assert (await anna.ask("GET", PATH)).status_code == 404
    assert (await bo.told("POST", PATH, {"finish": True}))["status"] == "confirmed"


async def test_two_teachers_at_once_do_not_overwrite_each_other(anna: Teacher, world: World) -> None:
    _, asa, bo = await matched(anna, world)
    await anna.told("POST", PATH, {"associations": [{"essay_id": "one", "student_id": asa}], "version": 1})
    late = {"associations": [{"essay_id": "one", "student_id": bo}], "version": 1}
    answer = await anna.ask("POST", PATH, late)
    said = await answer.get_json()

    assert (answer.status_code, said["code"]) == (409, "ASSOCIATIONS_CHANGED")
    assert said["errors"] == [
        {
            "pointer": "#/associations/one",
            "detail": "one.docx: Åsa Björk, said anna",
            "code": "ASSOCIATIONS_CHANGED",
        }
    ]


async def test_a_version_that_has_not_been_yet_is_nobodys_to_have_seen(anna: Teacher, world: World) -> None:
    await matched(anna, world)
    answer = await anna.ask("POST", f"{PATH}/confirm", {"finish": True, "version": 2})
    said = await answer.get_json()

    assert (answer.status_code, said["code"]) == (409, "VERSION_UNKNOWN")
    assert said["detail"] == (
        "Version 2 of who wrote these essays has not been yet, the newest is 1: look at them again."
    )
    assert (await anna.told("POST", PATH, {"finish": True, "version": 1}))["status"] == "confirmed"


async def test_many_at_once_are_all_decided(anna: Teacher, world: World) -> None:
    _, asa, bo = await matched(anna, world)
    wanted = [("one", asa), ("two", bo), ("three", None)]
    asked = [{"associations": [{"essay_id": essay, "student_id": student}]} for essay, student in wanted]
    await asyncio.gather(*(anna.told("POST", PATH, body) for body in asked * 2))

    (whole,) = await confirmations(world)
    assert {each.essay_id: each.student_id for each in whole.associations} == dict(wanted)


async def test_what_cannot_be_is_refused_with_a_sentence(anna: Teacher, bo: Teacher, world: World) -> None:
    _, asa, _ = await matched(anna, world)
    twice = {"associations": [{"essay_id": "one", "student_id": asa}, {"essay_id": "two", "student_id": asa}]}
    answer = await (await anna.ask("POST", PATH, twice)).get_json()
    assert answer["detail"] == "Åsa Björk would have written several essays of the batch: one.docx, two.docx."

    async def refused(**choice: object) -> tuple[int, str]:
        return await anna.refused("POST", PATH, {"associations": [choice]})

    assert await refused(essay_id="nine", student_id=asa) == (422, "ESSAYS_NOT_OF_BATCH")
    assert await refused(essay_id="one", student_id="eva") == (422, "STUDENTS_NOT_IN_CLASS")
    assert await anna.refused("POST", PATH, {"user_id": "bo"}) == (403, "IDENTITY_MISMATCH")
    assert await bo.refused("POST", PATH, {"finish": True}) == (404, "ASSOCIATIONS_NOT_FOUND")
    assert await bo.refused("GET", PATH) == (404, "ASSOCIATIONS_NOT_FOUND")
    again = {"associations": [{"essay_id": "one"}, {"essay_id": "one"}]}
    assert await anna.refused("POST", PATH, again) == (400, "VALIDATION_ERROR")
    assert (await anna.told("GET", PATH))["version"] == 1


async def test_services_are_told_who_wrote_what(anna: Teacher, world: World) -> None:
    class_id, asa, _ = await matched(anna, world)
    await anna.told("POST", PATH, {"accept_suggestions": True, "at_least": 0.7})
    client = world.app.test_client()

    async def told(path: str) -> Any:
        assert (await client.get(f"/internal/v1{path}")).status_code == 401
        return await (await client.get(f"/internal/v1{path}", headers=NLP)).get_json()

    author = {
        "essay_id": "one",
        "student_id": asa,
        "student_person_name": {"first_name": "Åsa", "last_name": "Björk", "legal_full_name": "Åsa Björk"},
    }
    assert await told(f"/batches/{BATCH}/student-names") == [author]
    assert await told("/associations/essay/one") == author
    assert (await told("/associations/essay/nine"))["code"] == "ESSAY_NOT_FOUND"
    info = {BATCH: {"class_id": class_id, "class_name": "9A"}}
    assert await told(f"/batches/class-info?batch_ids={BATCH},other") == info


async def test_a_student_who_is_renamed_is_shown_by_the_new_name_and_who_is_gone_by_none(
    anna: Teacher, world: World
) -> None:
    _, asa, bo = await matched(anna, world)
    await anna.told("POST", PATH, {"accept_suggestions": True})
    await anna.told("PUT", f"/v1/classes/students/{asa}", {"person_name": {"first_name": "Åsa", "last_name": "Ek"}})
    await anna.told("DELETE", f"/v1/classes/students/{bo}")

    shown = by_essay(await anna.told("GET", PATH))
    assert (shown["one"]["student"]["last_name"], shown["two"]["student"]["last_name"]) == ("Ek", None)


CANCELLED = BatchRunCancelledV1(batch_id=BATCH, version=2, correlation_id="c", timestamp=AT)
RESUMED = BatchResumedV1(batch_id=BATCH, version=3, correlation_id="c", timestamp=AT)


async def bos_says(world: World, said: BatchRunCancelledV1 | BatchResumedV1) -> None:
    """And class management has heard it."""
    bos = await Database.connect(world.dsn, said.producer, clock=world.watch)
    await Others(bos).say(said)
    await bos.close()
    await world.others.at_rest(SERVICE_NAME, type(said))


@pytest.mark.parametrize("cancelled_first", [True, False])
async def test_of_a_cancelled_batch_the_teacher_sees_what_is_suggested_and_nothing_happens(
    anna: Teacher, world: World, cancelled_first: bool
) -> None:
    if cancelled_first:
        await bos_says(world, CANCELLED)
        assert (await anna.ask("GET", PATH)).status_code == 404
    _, asa, _ = await matched(anna, world)
    if not cancelled_first:
        await bos_says(world, CANCELLED)
    world.watch.forward(hours=25)

    assert await confirmations(world) == []
    said = await anna.told("GET", PATH)
    assert (said["status"], said["waiting"], said["confirm_by"], said["version"]) == ("cancelled", 3, None, 2)
    assert by_essay(said)["one"]["suggested_student_id"] == asa
    assert await timers(world) == 0
    assert (await anna.told("POST", PATH, {"finish": True}))["status"] == "confirmed"


async def test_of_a_batch_that_is_taken_up_again_the_teacher_has_all_the_time(anna: Teacher, world: World) -> None:
    await bos_says(world, CANCELLED)
    await matched(anna, world)
    world.watch.forward(hours=25)
    await bos_says(world, RESUMED)

    said = await anna.told("GET", PATH)
    assert (said["status"], said["waiting"]) == ("waiting", 3)
    assert said["confirm_by"].startswith("2026-03-04T09:00:00")
    told = [each.notification_type for each in world.others.of(TeacherNotificationRequestedV1)]
    assert told.count("student_associations_suggested") == 1
    assert await timers(world) == 1


async def timers(world: World) -> int:
    """How many batches' teachers are waited for."""
    database = world.app.extensions["huleedu_database"]
    count = "select count(*) from runtime.timer where topic = $1"
    return int(await database.pool.fetchval(count, ConfirmationDue.topic))


async def test_no_clock_runs_for_what_is_settled(anna: Teacher, world: World) -> None:
    await matched(anna, world)
    await anna.told("POST", PATH, {"finish": True})

    assert await timers(world) == 0
