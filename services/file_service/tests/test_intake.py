"""Files handed in over HTTP: what is accepted, what is refused, and that nothing is ever half done."""

from io import BytesIO
from typing import Any

import pytest
from quart.datastructures import FileStorage
from quart.typing import TestClientProtocol as Client

from common_core.enums import FileValidationErrorCode as Code
from file_service.domain.batches import BatchStanding
from file_service.tests.file_world import ESSAY, OTHER_ESSAY, TEACHER, World, hand_in, problem, world_on

CORRELATION = "0b9e8a3c-6f0e-4a57-9b0e-1f2d3c4b5a69"
FORM = "multipart/form-data; boundary=edge"


def part(disposition: bytes, content: bytes = ESSAY) -> bytes:
    return b"--edge\r\nContent-Disposition: form-data; " + disposition + b"\r\n\r\n" + content + b"\r\n"


BATCH = part(b'name="batch_id"', b"b")
END = b"--edge--\r\n"
ONE_FILE = part(b'name="files"; filename="elin.txt"')


async def send(client: Client, body: bytes, **headers: str) -> Any:
    content_type = headers.pop("content_type", FORM)
    return await client.post("/v1/files/batch", data=body, headers={"Content-Type": content_type, **headers})


async def names_taken(client: Client, *given: bytes) -> list[str]:
    """The names under which files with these names are accepted."""
    files = [part(b'name="files"; filename="' + name + b'"') for name in given]
    answer = await send(client, b"".join([BATCH, *files, END]))
    assert answer.status_code == 202, await answer.get_json()
    return [file["file_name"] for file in (await answer.get_json())["files"]]


async def test_the_answer_names_the_batch_the_files_and_the_correlation(database_dsn: str) -> None:
    async with world_on(database_dsn) as world, world.working() as client:
        answer = await hand_in(client, ("elin.txt", ESSAY), ("bo.txt", OTHER_ESSAY), X_Correlation_ID=CORRELATION)
        await world.settled()

        body = await answer.get_json()
        assert (answer.status_code, body["batch_id"], body["correlation_id"]) == (202, "b", CORRELATION)
        assert body["message"] == "2 files accepted"
        assert [file["file_name"] for file in body["files"]] == ["elin.txt", "bo.txt"]
        ids = [file["file_upload_id"] for file in body["files"]]
        assert [each.file_upload_id for each in world.added] == ids
        assert {each.correlation_id for each in world.heard} == {CORRELATION}
        assert {each.user_id for each in world.added} == {TEACHER}


async def test_more_files_can_be_added_to_the_batch_in_the_address(database_dsn: str) -> None:
    async with world_on(database_dsn) as world, world.working() as client:
        answer = await client.post("/v1/files/batch/b/files", files={"f": FileStorage(BytesIO(ESSAY), "elin.txt")})
        await world.settled()

        assert (answer.status_code, (await answer.get_json())["batch_id"]) == (202, "b")
        assert [text.original_file_name for text in world.texts] == ["elin.txt"]


async def test_who_hands_in_anonymously_does_it_for_the_batchs_owner(database_dsn: str) -> None:
    async with world_on(database_dsn) as world, world.working() as client:
        assert (await hand_in(client, ("elin.txt", ESSAY), user_id=None)).status_code == 202
        await world.settled()

        assert [each.user_id for each in world.added] == [TEACHER]


async def test_a_gateway_may_have_encoded_the_teachers_id(database_dsn: str) -> None:
    async with world_on(database_dsn) as world, world.working() as client:
        world.batches.known["b"] = BatchStanding(user_id="Åsa")

        answer = await hand_in(client, ("a.txt", ESSAY), user_id="%C3%85sa", X_Identity_Encoding="url")
        assert answer.status_code == 202


async def test_names_keep_their_letters_and_nothing_else(database_dsn: str) -> None:
    names = {
        "Åsa Öberg – uppsats (2).docx": "Åsa Öberg – uppsats (2).docx",
        "../../etc/passwd": "passwd",
        "C:\\\\fakepath\\\\elin.txt": "elin.txt",
        "elin\u202etxt.exe": "elintxt.exe",
        "/": "unnamed",
    }
    async with world_on(database_dsn) as world, world.working() as client:
        assert await names_taken(client, *(given.encode() for given in names)) == list(names.values())


async def test_files_that_the_computer_keeps_for_itself_are_named_and_count_as_nothing(database_dsn: str) -> None:
    async with world_on(database_dsn) as world, world.working() as client:
        answer = await hand_in(client, (".DS_Store", b"x"), ("~$elin.docx", b"x"), ("elin.txt", ESSAY))
        await world.settled()

        body = await answer.get_json()
        assert body["ignored"] == [".DS_Store", "~$elin.docx"]
        assert [file["file_name"] for file in body["files"]] == ["elin.txt"]
        assert world.answers() == {("elin.txt", None): 1}


async def test_an_empty_and_a_too_large_file_fail_by_themselves(database_dsn: str) -> None:
    async with world_on(database_dsn, max_file_bytes=1000) as world, world.working() as client:
        answer = await hand_in(client, ("empty.txt", b""), ("large.txt", b"x" * 1001), ("elin.txt", ESSAY))
        await world.settled()

        assert len((await answer.get_json())["files"]) == 3
        assert world.answers() == {
            ("empty.txt", Code.EMPTY_CONTENT): 1,
            ("large.txt", Code.FILE_TOO_LARGE): 1,
            ("elin.txt", None): 1,
        }
        assert {failure.raw_file_storage_id for failure in world.failures} == {"STORAGE_FAILED"}
        assert {failure.file_size_bytes for failure in world.failures} == {0, 1001}


async def test_a_file_that_content_service_does_not_take_fails_by_itself(database_dsn: str) -> None:
    async with world_on(database_dsn) as world, world.working() as client:
        world.content.refused.add(ESSAY)
        answer = await hand_in(client, ("elin.txt", ESSAY), ("bo.txt", OTHER_ESSAY))
        await world.settled()

        assert answer.status_code == 202
        assert world.answers() == {("elin.txt", Code.RAW_STORAGE_FAILED): 1, ("bo.txt", None): 1}


async def lock(world: World) -> None:
    world.batches.known["b"] = BatchStanding(user_id=TEACHER, phases={"spellcheck": "in_progress"})


async def lose_the_batch(world: World) -> None:
    world.batches.known.clear()


async def lose_bos(world: World) -> None:
    world.batches.away = True


async def lose_content_service(world: World) -> None:
    world.content.away = True


async def give_the_batch_away(world: World) -> None:
    world.batches.known["b"] = BatchStanding(user_id="somebody else")


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        (lock, (409, "BATCH_LOCKED")),
        (lose_the_batch, (404, "BATCH_NOT_FOUND")),
        (give_the_batch_away, (404, "BATCH_NOT_FOUND")),
        (lose_bos, (503, "SERVICE_UNAVAILABLE")),
        (lose_content_service, (503, "SERVICE_UNAVAILABLE")),
    ],
)
async def test_what_cannot_be_accepted_leaves_no_trace(
    database_dsn: str, change: Any, refusal: tuple[int, str]
) -> None:
    async with world_on(database_dsn) as world, world.working() as client:
        await change(world)
        answer = await hand_in(client, ("elin.txt", ESSAY), ("bo.txt", OTHER_ESSAY), Idempotency_Key="k")
        assert await problem(answer) == refusal
        assert ("Retry-After" in answer.headers) == (refusal[0] == 503)

        world.batches.known["b"] = BatchStanding(user_id=TEACHER)
        world.batches.away = world.content.away = False
        assert (await (await client.get("/v1/files/batch/b/state")).get_json())["files"] == []
        assert (
            await hand_in(client, ("elin.txt", ESSAY), ("bo.txt", OTHER_ESSAY), Idempotency_Key="k")
        ).status_code == 202


async def test_a_form_that_names_another_teacher_than_the_gateway_is_refused(database_dsn: str) -> None:
    async with world_on(database_dsn) as world, world.working() as client:
        body = BATCH + part(b'name="user_id"', b"somebody else") + ONE_FILE + END

        assert await problem(await send(client, body, **{"X-User-ID": TEACHER})) == (403, "IDENTITY_MISMATCH")
        assert await problem(await send(client, body)) == (404, "BATCH_NOT_FOUND")


WRONG_BODIES: dict[tuple[int, str], list[bytes]] = {
    (400, "MALFORMED_FORM"): [
        b"",
        BATCH + ONE_FILE,
        BATCH + ONE_FILE[:-20],
        (BATCH + ONE_FILE + END).replace(b"edge", b"other"),
        part(b'name="batch_id"', b"\xff") + ONE_FILE + END,
        part(b'name="batch_id"', b"b" * 100_000) + ONE_FILE + END,
        BATCH + part(b'name="files"; filename="\xe5sa.txt"') + END,
        BATCH + b"--edge\r\nno disposition\r\n\r\nx\r\n" + ONE_FILE + END,
    ],
    (400, "NO_FILES"): [
        BATCH + END,
        BATCH + part(b'name="files"; filename=""', b"") + END,
        BATCH + part(b'name="files"; filename=".DS_Store"') + END,
    ],
    (400, "INVALID_FIELD"): [
        ONE_FILE + END,
        part(b"without=name", b"b") + ONE_FILE + END,
        part(b'name="batch_id"', b"") + ONE_FILE + END,
        part(b'name="batch_id"', b"b" * 256) + ONE_FILE + END,
        part(b'name="batch_id"', b"b\0") + ONE_FILE + END,
        BATCH + part(b'name="user_id"', b"\0") + ONE_FILE + END,
    ],
    (400, "INVALID_FILE_NAME"): [
        BATCH + part(b'name="files"; filename="a\0b.txt"') + END,
        BATCH + part(b"name=\"files\"; filename*=UTF-8''a%00b.txt") + END,
    ],
    (413, "TOO_LARGE"): [
        b"x" * 600_000,
        BATCH + b"--edge\r\nX: " + b"x" * 300_000 + b"\r\n\r\nx\r\n" + END,
        BATCH + part(b'name="files"; filename="a.txt"', b"x" * 1_000_001) + END,
    ],
    (413, "TOO_MANY_FILES"): [BATCH + ONE_FILE * 4 + END],
}
WRONG_TYPES = {
    "application/json": (415, "NOT_A_FORM"),
    "application/x-www-form-urlencoded": (415, "NOT_A_FORM"),
    "multipart/form-data": (400, "MALFORMED_FORM"),
    "multipart/form-data; boundary=åäö": (400, "MALFORMED_FORM"),
}


async def test_a_wrong_form_is_refused_with_a_reason(database_dsn: str) -> None:
    limits = {"http_max_body_bytes": 1_000_000, "max_files_per_request": 3}
    async with world_on(database_dsn, **limits) as world, world.working() as client:
        for refusal, bodies in WRONG_BODIES.items():
            for body in bodies:
                assert await problem(await send(client, body)) == refusal, body[:200]
        for content_type, refusal in WRONG_TYPES.items():
            answer = await send(client, BATCH + ONE_FILE + END, content_type=content_type)
            assert await problem(answer) == refusal, content_type
        assert world.content.kept == {}


async def test_a_key_stands_for_one_form_whatever_its_boundaries(database_dsn: str) -> None:
    body = BATCH + ONE_FILE + END
    another = {"content_type": FORM.replace("edge", "another"), "Idempotency-Key": "k"}
    async with world_on(database_dsn) as world, world.working() as client:
        first = await send(client, body, **{"Idempotency-Key": "k"})
        same = await send(client, body, **{"Idempotency-Key": "k"})
        again = await send(client, body.replace(b"edge", b"another"), **another)
        await world.settled()

        assert await first.get_json() == await same.get_json() == await again.get_json()
        assert world.answers() == {("elin.txt", None): 1}


async def test_a_key_is_not_good_for_other_files(database_dsn: str) -> None:
    async with world_on(database_dsn) as world, world.working() as client:
        await hand_in(client, ("elin.txt", ESSAY), Idempotency_Key="k")
        answer = await hand_in(client, ("elin.txt", OTHER_ESSAY), Idempotency_Key="k")

        assert await problem(answer) == (422, "IDEMPOTENCY_KEY_REUSED")


async def test_the_state_of_a_batch_shows_its_files_and_whether_it_takes_more(database_dsn: str) -> None:
    async with world_on(database_dsn) as world, world.working() as client:
        handed_in = await (await hand_in(client, ("elin.txt", ESSAY), ("empty.txt", b""))).get_json()
        await world.settled()
        before = await (await client.get("/v1/files/batch/b/state")).get_json()
        await lock(world)
        after = await (await client.get("/v1/files/batch/b/state")).get_json()

        ids = [file["file_upload_id"] for file in handed_in["files"]]
        assert before["lock_status"]["locked"] is False
        assert [(file["file_upload_id"], file["status"]) for file in before["files"]] == [
            (ids[0], "provisioned"),
            (ids[1], "failed"),
        ]
        assert (before["files"][1]["error_code"], before["files"][1]["error"]) == (
            "EMPTY_CONTENT",
            "The file is empty.",
        )
        assert after["lock_status"] == {
            "locked": True,
            "reason": "spellcheck is in_progress",
            "current_phase": "spellcheck",
            "phase_status": "in_progress",
        }


async def test_another_teachers_batch_has_no_state(database_dsn: str) -> None:
    async with world_on(database_dsn) as world, world.working() as client:
        theirs = await client.get("/v1/files/batch/b/state", headers={"X-User-ID": "somebody else"})
        unknown = await client.get("/v1/files/batch/unknown/state")
        endless = await client.get(f"/v1/files/batch/{'b' * 300}/state")

        assert await problem(theirs) == await problem(unknown) == (404, "BATCH_NOT_FOUND")
        assert await problem(endless) == (400, "INVALID_FIELD")
