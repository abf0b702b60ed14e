"""Classes and students over HTTP, on a real database."""

from typing import Any

import pytest

from class_management_service.config import SERVICE_NAME
from class_management_service.tests.teacher import Teacher
from class_management_service.tests.world import World
from common_core.messages.classes import (
    ClassCreatedV1,
    ClassDeletedV1,
    ClassUpdatedV1,
    StudentCreatedV1,
    StudentDeletedV1,
    StudentUpdatedV1,
)


async def test_a_class_comes_changes_and_goes(anna: Teacher, world: World) -> None:
    class_id = await anna.makes_class("9A")
    await anna.told("PUT", f"/v1/classes/{class_id}", {"name": "9A English"})
    await anna.told("DELETE", f"/v1/classes/{class_id}")

    assert await anna.refused("GET", f"/v1/classes/{class_id}") == (404, "CLASS_NOT_FOUND")
    await world.others.at_rest(SERVICE_NAME)
    (created,) = world.others.of(ClassCreatedV1)
    (updated,) = world.others.of(ClassUpdatedV1)
    (deleted,) = world.others.of(ClassDeletedV1)
    assert (created.class_designation, created.course_codes, created.user_id) == ("9A", ["ENG5"], "anna")
    assert (updated.class_designation, updated.course_codes) == ("9A English", None)
    assert created.class_id == updated.class_id == deleted.class_id == class_id


async def test_a_change_that_changes_nothing_says_nothing(anna: Teacher, world: World) -> None:
    class_id = await anna.makes_class("9A")
    said = await anna.told("PUT", f"/v1/classes/{class_id}", {"name": "9A"})

    assert said["version"] == 1
    await world.others.at_rest(SERVICE_NAME)
    assert world.others.of(ClassUpdatedV1) == []


async def test_classes_are_listed_by_name_a_page_at_a_time_and_searched(anna: Teacher, bo: Teacher) -> None:
    for name in ("9B", "8Å", "9A"):
        await anna.makes_class(name)
    await bo.makes_class("9C")

    listed = await anna.told("GET", "/v1/classes/?limit=2&offset=1")
    assert [each["name"] for each in listed["classes"]] == ["9A", "9B"]
    assert listed["pagination"] == {"limit": 2, "offset": 1, "total": 3}
    found = await anna.told("GET", "/v1/classes?search=å")
    assert [each["name"] for each in found["classes"]] == ["8Å"]


async def test_a_class_has_one_course(anna: Teacher) -> None:
    body = {"name": "9A", "course_codes": ["ENG5", "SV1"]}
    assert await anna.refused("POST", "/v1/classes/", body) == (409, "MULTIPLE_COURSE_ERROR")


async def test_two_who_change_a_class_at_once_do_not_overwrite_each_other(anna: Teacher) -> None:
    class_id = await anna.makes_class("9A")
    await anna.told("PUT", f"/v1/classes/{class_id}", {"name": "9A English", "version": 1})

    late = {"course_codes": ["ENG6"], "version": 1}
    assert await anna.refused("PUT", f"/v1/classes/{class_id}", late) == (409, "CLASS_CHANGED")


async def test_what_is_anothers_does_not_exist(anna: Teacher, bo: Teacher) -> None:
    class_id = await anna.makes_class()
    student_id = await anna.makes_student("Åsa", "Björk", class_id)

    for method, body in (("GET", None), ("PUT", {"name": "mine"}), ("DELETE", None)):
        assert await bo.refused(method, f"/v1/classes/{class_id}", body) == (404, "CLASS_NOT_FOUND")
    for method, body in (("GET", None), ("PUT", {"email": "a@b.c"}), ("DELETE", None)):
        assert await bo.refused(method, f"/v1/classes/students/{student_id}", body) == (404, "STUDENT_NOT_FOUND")
    assert await bo.refused("GET", f"/v1/classes/{class_id}/roster") == (404, "CLASS_NOT_FOUND")
    mine = {"person_name": {"first_name": "Cia"}, "class_ids": [class_id]}
    assert await bo.refused("POST", "/v1/classes/students", mine) == (404, "CLASS_NOT_FOUND")
    assert await anna.roster(class_id) == [("Åsa", "Björk", None)]


async def test_without_a_name_nobody_is_told_anything(anna: Teacher, world: World) -> None:
    class_id = await anna.makes_class()
    nobody = Teacher(world.app.test_client(), "")

    assert await nobody.refused("GET", f"/v1/classes/{class_id}/roster") == (401, "USER_UNKNOWN")
    assert await nobody.refused("GET", "/v1/classes/") == (401, "USER_UNKNOWN")


async def test_a_student_comes_moves_and_goes(anna: Teacher, world: World) -> None:
    first, second = await anna.makes_class("9A"), await anna.makes_class("9B")
    student_id = await anna.makes_student("Åsa", "Björk", first, email="Asa@School.example")
    path = f"/v1/classes/students/{student_id}"
    moved = {"person_name": {"first_name": "Åsa", "last_name": "Björk Ek"}}
    said = await anna.told("PUT", path, moved | {"add_class_ids": [second], "remove_class_ids": [first]})

    assert (said["class_ids"], said["email"], said["version"]) == ([second], "asa@school.example", 2)
    assert await anna.roster(first) == []
    assert await anna.roster(second) == [("Åsa", "Björk Ek", "asa@school.example")]
    await anna.told("DELETE", path)
    assert await anna.roster(second) == []
    await world.others.at_rest(SERVICE_NAME)
    (created,) = world.others.of(StudentCreatedV1)
    (updated,) = world.others.of(StudentUpdatedV1)
    (deleted,) = world.others.of(StudentDeletedV1)
    assert (created.class_ids, created.student_email) == ([first], "asa@school.example")
    assert (updated.last_name, updated.student_email) == ("Björk Ek", None)
    assert (updated.add_class_ids, updated.remove_class_ids) == ([second], [first])
    assert deleted.student_id == student_id


async def test_an_address_can_be_taken_away(anna: Teacher) -> None:
    student_id = await anna.makes_student("Åsa", "Björk", email="a@b.example")
    said = await anna.told("PUT", f"/v1/classes/students/{student_id}", {"email": None})

    assert said["email"] is None


async def test_two_students_of_a_teacher_do_not_share_an_address(anna: Teacher, bo: Teacher) -> None:
    await anna.makes_student("Åsa", "Björk", email="a@b.example")
    await bo.makes_student("Åsa", "Björk", email="a@b.example")
    other = await anna.makes_student("Bo", "Ek")

    path = f"/v1/classes/students/{other}"
    assert await anna.refused("PUT", path, {"email": "A@B.example"}) == (409, "EMAIL_TAKEN")
    assert await anna.refused("PUT", path, {"email": "unknown@HuleEdu.system"}) == (400, "VALIDATION_ERROR")


async def test_students_are_listed_by_last_name_and_searched(anna: Teacher) -> None:
    class_id = await anna.makes_class()
    for first, last in (("Bo", "Öberg"), ("Cia", "Alm"), ("Åsa", "Ek")):
        await anna.makes_student(first, last, class_id, email=f"{last.lower()}@school.example")
    await anna.makes_student("Ute", "Alm")

    listed = await anna.told("GET", f"/v1/classes/students?class_id={class_id}")
    assert [each["person_name"]["last_name"] for each in listed["students"]] == ["Alm", "Ek", "Öberg"]
    found = await anna.told("GET", "/v1/classes/students?search=öberg")
    assert [each["person_name"]["first_name"] for each in found["students"]] == ["Bo"]
    assert [last for _, last, _ in await anna.roster(class_id)] == ["Alm", "Ek", "Öberg"]


async def test_a_key_makes_a_class_once(anna: Teacher, world: World) -> None:
    body = {"name": "9A", "course_codes": ["ENG5"]}
    first = await anna.told("POST", "/v1/classes/", body, Idempotency_Key="k")
    again = await anna.told("POST", "/v1/classes/", body, Idempotency_Key="k")

    assert first == again
    assert (await anna.told("GET", "/v1/classes/"))["pagination"]["total"] == 1


@pytest.mark.parametrize(
    ("method", "body"), [("PUT", {"name": "9A English", "version": 1}), ("DELETE", None)], ids=["change", "removal"]
)
async def test_a_change_whose_answer_was_lost_can_be_sent_again(anna: Teacher, method: str, body: Any) -> None:
    path = f"/v1/classes/{await anna.makes_class('9A')}"
    first = await anna.told(method, path, body, Idempotency_Key="k")

    assert await anna.told(method, path, body, Idempotency_Key="k") == first
    assert (await anna.ask(method, path, body)).status_code in (404, 409)


async def test_a_key_is_for_one_change(anna: Teacher) -> None:
    student = f"/v1/classes/students/{await anna.makes_student('Bo', 'Ek')}"
    await anna.told("PUT", student, {"email": "bo@school.example"}, Idempotency_Key="k")

    assert await anna.refused("PUT", student, {"email": None}, Idempotency_Key="k") == (422, "IDEMPOTENCY_KEY_REUSED")
    assert await anna.refused("DELETE", student, Idempotency_Key="k") == (422, "IDEMPOTENCY_KEY_REUSED")


async def test_services_read_rosters_with_the_key_and_nobody_else(anna: Teacher, world: World) -> None:
    class_id = await anna.makes_class()
    await anna.makes_student("Åsa", "Björk", class_id)
    path, client = f"/internal/v1/classes/{class_id}/roster", world.app.test_client()

    strangers = await client.get(path)
    assert (strangers.status_code, (await strangers.get_json())["code"]) == (401, "INVALID_API_KEY")
    told = await client.get(path, headers={"X-Service-ID": "nlp_service", "X-Internal-API-Key": "sesame"})
    assert [each["full_legal_name"] for each in (await told.get_json())["students"]] == ["Åsa Björk"]
