"""Every accepted file is answered exactly once, whatever happens to the file, to the service, or to its neighbours."""

import hashlib
import io
import json

from common_core.enums import FileValidationErrorCode as Code
from file_service.tests.file_world import BROKEN, ESSAY, OTHER_ESSAY, PICTURE, World, hand_in, world_on
from huleedu_service_libs.logging_utils import configure_logging
from huleedu_service_libs.testing import until

CLASS = [(f"pupil-{number}.txt", ESSAY + b"x" * number) for number in range(30)]


async def kept(world: World, storage_id: str) -> str:
    return (await world.content.fetch(storage_id)).decode()


async def test_a_text_is_announced_with_all_that_may_tell_whose_it_is(database_dsn: str) -> None:
    async with world_on(database_dsn) as world, world.working() as client:
        await hand_in(client, ("elin.txt", ESSAY))
        await world.settled()

        [text] = world.texts
        assert (text.entity_id, text.original_file_name) == ("b", "elin.txt")
        assert text.document_author == "Berit Berg"
        assert text.first_lines[0] == "Elin Berg"
        assert text.file_size_bytes == len(ESSAY)
        assert text.content_md5_hash == hashlib.md5(ESSAY).hexdigest()
        assert await world.content.fetch(text.raw_file_storage_id) == ESSAY
        assert await kept(world, text.text_storage_id) == ESSAY.decode().strip()


async def test_a_file_that_cannot_be_used_is_announced_with_a_reason_for_its_teacher(database_dsn: str) -> None:
    async with world_on(database_dsn) as world, world.working() as client:
        answer = await hand_in(client, ("photo.jpg", PICTURE), ("short.txt", b"Too short."))
        await world.settled()

        assert world.answers() == {
            ("photo.jpg", Code.UNSUPPORTED_FILE_TYPE): 1,
            ("short.txt", Code.CONTENT_TOO_SHORT): 1,
        }
        [photo] = [each for each in world.failures if each.original_file_name == "photo.jpg"]
        assert photo.file_upload_id == (await answer.get_json())["files"][0]["file_upload_id"]
        assert await world.content.fetch(photo.raw_file_storage_id) == PICTURE
        assert "Use .docx, .pdf" in photo.validation_error_detail.message
        assert photo.validation_error_detail.error_code == Code.UNSUPPORTED_FILE_TYPE


async def test_a_file_that_cannot_be_used_leaves_a_line_with_its_reason(database_dsn: str) -> None:
    stream = io.StringIO()
    pipe = configure_logging(stream=stream)
    async with world_on(database_dsn) as world, world.working() as client:
        await hand_in(client, ("short.txt", b"Too short."))
        await world.settled()
    pipe.close()

    [line] = [line for text in stream.getvalue().splitlines() if (line := json.loads(text))["event"] == "file not used"]
    assert (line["batch_id"], line["code"]) == ("b", Code.CONTENT_TOO_SHORT)
    assert line["file_upload_id"]
    assert line["reason"]


async def test_a_file_that_meets_a_bug_is_answered_too_and_set_aside_for_us(database_dsn: str) -> None:
    async with world_on(database_dsn) as world, world.working() as client:
        await hand_in(client, ("broken.txt", BROKEN), ("elin.txt", ESSAY))
        await world.settled()

        assert world.answers() == {("broken.txt", Code.UNKNOWN_VALIDATION_ERROR): 1, ("elin.txt", None): 1}
        assert "a bug" not in world.failures[0].validation_error_detail.message
        assert await world.dead_letters() == ["KeyError: 'a bug'"]


async def test_a_file_whose_raw_bytes_are_gone_is_answered_too(database_dsn: str) -> None:
    async with world_on(database_dsn) as world:
        async with world.working() as client:
            world.reader.may_go_on.clear()
            await hand_in(client, ("elin.txt", ESSAY))
        world.content.kept.clear()
        async with world.working():
            await world.settled()

        assert world.answers() == {("elin.txt", Code.UNKNOWN_VALIDATION_ERROR): 1}


async def test_a_class_is_answered_once_though_the_service_is_cut_off_in_the_middle(database_dsn: str) -> None:
    async with world_on(database_dsn) as world:
        async with world.working() as client:
            world.reader.may_go_on.clear()
            await hand_in(client, *CLASS)
            await until(world.is_reading)
        assert await world.work_left() == len(CLASS)

        world.reader.may_go_on.set()
        async with world.working():
            await world.settled()

        assert world.answers() == dict.fromkeys([(name, None) for name, _ in CLASS], 1)
        texts = {await kept(world, text.text_storage_id) for text in world.texts}
        assert texts == {raw.decode().strip() for _, raw in CLASS}


async def test_files_wait_while_content_service_is_away(database_dsn: str) -> None:
    async with world_on(database_dsn) as world, world.working() as client:
        world.reader.may_go_on.clear()
        await hand_in(client, ("elin.txt", ESSAY), ("bo.txt", OTHER_ESSAY))
        await until(world.is_reading)
        world.content.away = True
        world.reader.may_go_on.set()
        await until(world.is_put_off)
        world.content.away = False
        await world.settled()

        assert world.answers() == {("elin.txt", None): 1, ("bo.txt", None): 1}
        assert await world.dead_letters() == []
