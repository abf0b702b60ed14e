"""Lists of students, from the request to the class."""

import asyncio
from io import BytesIO
from typing import Any

import pytest
from quart.datastructures import FileStorage

from class_management_service.config import SERVICE_NAME
from class_management_service.tests.teacher import Teacher
from class_management_service.tests.world import World
from common_core.messages.classes import StudentCreatedV1, StudentUpdatedV1

LIST = "Förnamn;Efternamn;E-post\nÅsa;Björk;asa@school.example\nBo;Ek;\nCia;Alm;cia@school.example\n"
IMPORTED = [("Cia", "Alm", "cia@school.example"), ("Åsa", "Björk", "asa@school.example"), ("Bo", "Ek", None)]
FAULTY = "Namn,Epost\nDan Dal,dan@school.example\n,eva@school.example\n=1+1,\n"


def counts(said: Any) -> dict[str, int]:
    """What the rows came to, without what none came to."""
    return {name: count for name, count in said["counts"].items() if count}


async def test_a_preview_shows_what_an_import_then_does(anna: Teacher, world: World) -> None:
    class_id = await anna.makes_class()
    preview = await anna.imports(class_id, LIST, "preview=true")
    assert counts(preview) == {"new": 3}
    assert preview["read_as"]["columns"] == {"first_name": "Förnamn", "last_name": "Efternamn", "email": "E-post"}
    assert await anna.roster(class_id) == []

    done = await anna.imports(class_id, LIST, f"fingerprint={preview['fingerprint']}")

    assert done | {"preview": True} == preview
    assert await anna.roster(class_id) == IMPORTED
    await world.others.at_rest(SERVICE_NAME)
    assert [said.first_name for said in world.others.of(StudentCreatedV1)] == ["Åsa", "Bo", "Cia"]


async def test_the_same_file_again_changes_nothing(anna: Teacher, world: World) -> None:
    class_id = await anna.makes_class()
    await anna.imports(class_id, LIST)
    again = await anna.imports(class_id, LIST)

    assert counts(again) == {"unchanged": 3}
    assert await anna.roster(class_id) == IMPORTED
    await world.others.at_rest(SERVICE_NAME)
    assert len(world.others.of(StudentCreatedV1)) == 3
    assert world.others.of(StudentUpdatedV1) == []


async def test_what_was_exported_changes_nothing_when_it_is_imported(anna: Teacher) -> None:
    class_id = await anna.makes_class()
    await anna.imports(class_id, LIST)
    for ending in ("csv", "csv?delimiter=semicolon", "xlsx"):
        exported = await (await anna.ask("GET", f"/v1/classes/{class_id}/roster.{ending}")).get_data(as_text=False)
        assert counts(await anna.imports(class_id, exported)) == {"unchanged": 3}


async def test_two_who_import_one_file_at_once_import_it_once(anna: Teacher) -> None:
    class_id = await anna.makes_class()
    said = await asyncio.gather(*(anna.imports(class_id, LIST) for _ in range(4)))

    assert sorted(map(str, map(counts, said))) == ["{'new': 3}"] + ["{'unchanged': 3}"] * 3
    assert await anna.roster(class_id) == IMPORTED


async def test_a_student_of_another_class_joins_by_their_address(anna: Teacher, world: World) -> None:
    first, second = await anna.makes_class("9A"), await anna.makes_class("9A Swedish", "SV1")
    await anna.imports(first, LIST)
    said = await anna.imports(second, "Namn,Epost\nÅsa Björk,asa@school.example\nBo Ek,\n")

    assert counts(said) == {"enrolled": 1, "new": 1}
    await world.others.at_rest(SERVICE_NAME)
    (joined,) = world.others.of(StudentUpdatedV1)
    assert (joined.add_class_ids, joined.first_name) == ([second], None)


async def test_faulty_rows_are_named_and_nothing_is_imported(anna: Teacher) -> None:
    class_id = await anna.makes_class()
    answer = await anna.sends(class_id, FAULTY)
    said = await answer.get_json()

    assert (answer.status_code, said["code"]) == (422, "ROSTER_HAS_FAULTS")
    assert [(each["pointer"], each["code"]) for each in said["errors"]] == [
        ("#/rows/3", "NAME_MISSING"),
        ("#/rows/4/Namn", "FORMULA"),
    ]
    assert said["errors"][0]["detail"] == "Row 3: there is no name in this row."
    assert await anna.roster(class_id) == []


async def test_the_other_rows_can_be_imported(anna: Teacher) -> None:
    class_id = await anna.makes_class()
    said = await anna.imports(class_id, FAULTY, "skip_faulty=true")

    assert counts(said) == {"new": 1, "faulty": 2}
    assert await anna.roster(class_id) == [("Dan", "Dal", "dan@school.example")]


async def test_what_the_preview_did_not_show_is_not_done(anna: Teacher) -> None:
    class_id = await anna.makes_class()
    preview = await anna.imports(class_id, LIST, "preview=true")
    await anna.makes_student("Bo", "Ek", class_id)
    answer = await anna.sends(class_id, LIST, f"fingerprint={preview['fingerprint']}")

    assert (answer.status_code, (await answer.get_json())["code"]) == (409, "ROSTER_CHANGED")


@pytest.mark.parametrize(
    ("raw", "status", "code"),
    [
        (b"", 422, "ROSTER_EMPTY"),
        (b"%PDF-1.4", 415, "NOT_A_SPREADSHEET"),
        (b"Efternamn\nEk\n", 422, "COLUMNS_UNKNOWN"),
        (b"Namn\n" + b"".join(b"Bo Ek %d\n" % n for n in range(10_000)), 422, "TOO_MANY_ROWS"),
        (b"Namn\n" + b"".join(b"Bo Ek %d\n" % n for n in range(600)), 422, "CLASS_FULL"),
    ],
    ids=lambda value: str(value)[:20],
)
async def test_what_cannot_be_imported_is_refused_whole(anna: Teacher, raw: bytes, status: int, code: str) -> None:
    class_id = await anna.makes_class()
    await anna.makes_student("Bo", "Ek", class_id)
    answer = await anna.sends(class_id, raw)

    assert (answer.status_code, (await answer.get_json())["code"]) == (status, code)
    assert len(await anna.roster(class_id)) == 1


@pytest.mark.parametrize("content_type", ["multipart/form-data; boundary=x", "multipart/form-data", "text/csv"])
async def test_a_request_without_a_file_is_refused(anna: Teacher, world: World, content_type: str) -> None:
    class_id = await anna.makes_class()
    answer = await world.app.test_client().post(
        f"/v1/classes/{class_id}/roster/import",
        data=b"--x\r\nno form at all",
        headers={"X-User-ID": "anna", "Content-Type": content_type},
    )

    assert (answer.status_code, (await answer.get_json())["code"]) == (400, "NO_ROSTER_FILE")


async def test_a_preview_that_is_asked_for_at_the_wrong_place_imports_nothing(anna: Teacher, world: World) -> None:
    class_id = await anna.makes_class()
    answer = await world.app.test_client().post(
        f"/v1/classes/{class_id}/roster/import",
        form={"preview": "true"},
        files={"file": FileStorage(BytesIO(LIST.encode()), "9A.csv")},
        headers={"X-User-ID": "anna"},
    )

    assert (answer.status_code, (await answer.get_json())["code"]) == (422, "WISH_IN_FORM")
    assert await anna.roster(class_id) == []


async def test_another_teacher_cannot_import_or_export(anna: Teacher, bo: Teacher) -> None:
    class_id = await anna.makes_class()
    assert (await bo.sends(class_id, LIST)).status_code == 404
    for ending in ("csv", "xlsx"):
        assert await bo.refused("GET", f"/v1/classes/{class_id}/roster.{ending}") == (404, "CLASS_NOT_FOUND")


async def test_a_key_imports_once_whatever_its_boundary(anna: Teacher) -> None:
    class_id = await anna.makes_class()
    first = await anna.imports(class_id, LIST, Idempotency_Key="k")
    again = await anna.imports(class_id, LIST, Idempotency_Key="k")

    assert first == again
    assert counts(first) == {"new": 3}
