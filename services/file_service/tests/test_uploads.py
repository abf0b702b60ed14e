"""The rules about files: their names, when a batch takes them, how they end."""

import unicodedata
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from common_core.enums import FileValidationErrorCode as Code
from common_core.enums import PipelineExecutionStatus
from file_service.domain.announcements import answer
from file_service.domain.batches import BatchStanding, Lock, lock_of
from file_service.domain.file_names import MOST_CHARACTERS, NAMELESS, file_name, is_kept_by_the_computer
from file_service.domain.uploads import Failed, FileUpload, Provisioned, Received, UploadStatus, refused_unread

AT = datetime(2026, 1, 1, tzinfo=UTC)
UPLOAD = FileUpload(
    file_upload_id="u",
    batch_id="b",
    user_id="teacher",
    file=Received(file_name="elin.txt", size_bytes=100, md5="0" * 32),
    raw_storage_id=None,
    accepted_at=AT,
)


@pytest.mark.parametrize(
    ("given_name", "kept"),
    [
        ("Åsa Öberg – uppsats (2).docx", "Åsa Öberg – uppsats (2).docx"),
        ("文章.pdf", "文章.pdf"),
        (unicodedata.normalize("NFD", "Åsa.txt"), "Åsa.txt"),
        ("../../etc/passwd", "passwd"),
        ("C:\\fakepath\\elin.txt", "elin.txt"),
        ("elin\u202etxt.exe", "elintxt.exe"),
        ("two\nlines\x1b[31m.txt", "twolines[31m.txt"),
        ("half a pair \ud800.txt", "half a pair .txt"),
        ("x" * 400 + ".docx", "x" * 250 + ".docx"),
        ("x." + "y" * 400, "x." + "y" * 253),
        ("folder/", NAMELESS),
        ("\u200b", NAMELESS),
        ("", NAMELESS),
    ],
)
def test_a_name_keeps_its_letters_and_nothing_else(given_name: str, kept: str) -> None:
    assert file_name(given_name) == kept


@given(st.text())
def test_whatever_a_name_is_made_of_what_is_left_can_be_kept_and_shown(given_name: str) -> None:
    name = file_name(given_name)

    assert 0 < len(name) <= MOST_CHARACTERS
    assert not {"/", "\\", "\0", "\n"} & set(name)
    assert name.encode()
    assert file_name(name) == name


@pytest.mark.parametrize(
    "name", [".DS_Store", "._elin.docx", "~$elin.docx", "Thumbs.db", "desktop.ini", ".~lock.elin.odt#"]
)
def test_files_that_the_computer_keeps_for_itself_are_known(name: str) -> None:
    assert is_kept_by_the_computer(name)


@pytest.mark.parametrize("name", ["elin.docx", "elin~1.docx", "my thumbs.db.txt", "a.DS_Store"])
def test_other_files_are_the_teachers(name: str) -> None:
    assert not is_kept_by_the_computer(name)


LOCKING = {"dispatch_initiated", "in_progress", "completed_successfully", "completed_with_partial_success"}


@pytest.mark.parametrize("status", PipelineExecutionStatus)
def test_a_batch_is_closed_once_a_phase_has_been_started(status: PipelineExecutionStatus) -> None:
    batch = BatchStanding(user_id="teacher", phases={"spellcheck": "failed", "nlp": status})
    closed = Lock(reason=f"nlp is {status}", phase="nlp", phase_status=status)

    assert lock_of(batch) == (closed if status in LOCKING else None)


def test_bos_may_close_a_batch_for_reasons_of_its_own() -> None:
    assert lock_of(BatchStanding(user_id="teacher", lock_reason="too late")) == Lock(reason="too late")


@pytest.mark.parametrize(
    ("size", "code"), [(0, Code.EMPTY_CONTENT), (1, None), (1000, None), (1001, Code.FILE_TOO_LARGE)]
)
def test_files_that_are_empty_or_too_large_are_not_even_stored(size: int, code: Code | None) -> None:
    failure = refused_unread(Received(file_name="elin.txt", size_bytes=size, md5=""), most_bytes=1000)

    assert (failure.code if failure else None) == code


@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        (None, UploadStatus.ACCEPTED),
        (Provisioned(text_storage_id="t", document_author=None, first_lines=()), UploadStatus.PROVISIONED),
        (Failed(code=Code.EMPTY_CONTENT, message="Empty."), UploadStatus.FAILED),
    ],
)
def test_an_upload_is_answered_when_it_has_ended_and_not_before(
    outcome: Provisioned | Failed | None, status: UploadStatus
) -> None:
    upload = replace(UPLOAD, outcome=outcome)

    said = answer(upload, AT, "c")

    assert upload.status == status
    assert (said is None) == (outcome is None)
    assert said is None or (said.key, said.file_upload_id, said.raw_file_storage_id) == ("b", "u", "STORAGE_FAILED")
