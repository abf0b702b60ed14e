"""Whatever bytes come in place of a form, they are read as one or refused: nothing else ever happens."""

import asyncio
import hashlib

from hypothesis import example, given
from hypothesis import strategies as st
from quart import Quart
from werkzeug.exceptions import RequestEntityTooLarge

from file_service.api.received_form import ReceivedForm, received_form
from file_service.config import FileSettings
from huleedu_service_libs.errors import RefusedCommand

SETTINGS = FileSettings(http_max_body_bytes=2_000_000, max_file_bytes=1_000_000)
FORM = (
    b'--edge\r\nContent-Disposition: form-data; name="batch_id"\r\n\r\nb\r\n'
    b'--edge\r\nContent-Disposition: form-data; name="files"; filename="elin.txt"\r\n\r\nMy summer.\r\n'
    b"--edge--\r\n"
)


async def received(body: bytes) -> tuple[ReceivedForm, list[bytes]]:
    """The form, with the bytes of its files."""
    headers = {"Content-Type": "multipart/form-data; boundary=edge"}
    async with (
        Quart(__name__).test_request_context("/", method="POST", headers=headers, data=body),
        received_form(SETTINGS) as form,
    ):
        return form, [await each.read() for each in form.files]


def file_part(name: str, content: bytes) -> bytes:
    head = f'--edge\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n\r\n'
    return head.encode() + content + b"\r\n"


async def test_files_come_out_as_they_went_in_however_large_they_are() -> None:
    contents = [b"small", b"x" * 700_000, b"\r\n--edg\r\n" * 50_000, b"\n"]
    body = b"".join(file_part(f"{number}.txt", content) for number, content in enumerate(contents))

    form, files = await received(body + b"--edge--\r\n")

    assert files == contents
    assert [each.file.size_bytes for each in form.files] == [len(content) for content in contents]
    assert [each.file.md5 for each in form.files] == [hashlib.md5(content).hexdigest() for content in contents]


async def test_a_file_that_is_too_large_is_measured_and_not_kept() -> None:
    large, small = b"x" * 1_500_000, b"an essay"

    form, files = await received(file_part("large.txt", large) + file_part("small.txt", small) + b"--edge--\r\n")

    assert form.files[0].file.size_bytes == len(large)
    assert form.files[0].spool.size <= SETTINGS.max_file_bytes + len(small)
    assert files[1] == small


@given(st.integers(0, len(FORM)), st.integers(0, 40), st.binary(max_size=40))
@example(len(FORM), 0, b"")
def test_a_damaged_form_is_read_or_refused(start: int, removed: int, added: bytes) -> None:
    body = FORM[:start] + added + FORM[start + removed :]
    try:
        form, files = asyncio.run(received(body))
    except (RefusedCommand, RequestEntityTooLarge):
        return
    assert len(form.files) == len(files)
    assert asyncio.run(form.content())


async def test_the_fingerprint_tells_forms_apart_by_fields_names_and_bytes() -> None:
    variants = [
        FORM,
        FORM.replace(b"\r\n\r\nb\r\n", b"\r\n\r\nc\r\n"),
        FORM.replace(b"elin.txt", b"bo.txt"),
        FORM.replace(b"My summer.", b"My winter."),
        FORM.replace(b"elin.txt", b".elin.txt"),
    ]

    assert len({await (await received(body))[0].content() for body in variants}) == len(variants)
