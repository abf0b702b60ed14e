"""What a folder of files comes to before anything is asked of the platform."""

from pathlib import Path

import pytest

from huleedu.api import sent_as
from huleedu.export import essays_by_name, write_texts
from huleedu.job import JobFailed, essays_in, left_alone, steps
from huleedu.run_file import RunningPlatform, read, remove, write
from huleedu.services import UnknownService, definition
from huleedu.show import other_language


def test_what_a_computer_keeps_beside_essays_is_not_handed_in(tmp_path: Path) -> None:
    for name in ("b.txt", "a.docx", ".DS_Store", "~$a.docx", "Thumbs.db"):
        (tmp_path / name).touch()
    (tmp_path / "old").mkdir()

    assert [path.name for path in essays_in(tmp_path)] == ["a.docx", "b.txt"]


def test_what_the_file_service_would_leave_out_is_not_counted(tmp_path: Path) -> None:
    for name in ("\u200b.txt", " .txt", "a.txt"):
        (tmp_path / name).touch()

    assert [path.name for path in essays_in(tmp_path)] == ["a.txt"]


def test_a_name_is_sent_as_utf_8_without_what_a_header_cannot_hold() -> None:
    in_an_ascii_locale = "åäö.txt".encode().decode("ascii", "surrogateescape")

    assert [sent_as(Path(name)) for name in (in_an_ascii_locale, "a\nb\udcff.txt")] == ["åäö.txt", "ab�.txt"]


def test_an_empty_folder_is_refused_kindly(tmp_path: Path) -> None:
    with pytest.raises(JobFailed, match="no files"):
        essays_in(tmp_path)


def test_what_may_be_taken_for_an_essay_but_is_no_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / ".git").mkdir()
    (tmp_path / "gone.txt").symlink_to(tmp_path / "nowhere")

    assert left_alone(tmp_path) == ["gone.txt", "old"]
    with pytest.raises(JobFailed, match=r"not a file: gone\.txt, old\."):
        essays_in(tmp_path)


def test_a_file_that_may_not_be_read_stops_the_job_before_it_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.txt").touch()
    monkeypatch.setattr("os.access", lambda path, mode: False)  # root, as tests in containers are, may read all

    with pytest.raises(JobFailed, match=r"may not read a\.txt"):
        essays_in(tmp_path)


def essay(name: str | None, *, corrected: str | None = "0" * 32, language: str | None = "en") -> dict[str, object]:
    return {
        "essay_id": "e1",
        "file_name": name,
        "corrected_text_storage_id": corrected,
        "language_detected": language,
    }


def test_each_corrected_text_gets_a_name_of_its_own_inside_the_folder() -> None:
    results = {
        "essays": [
            essay("Åsa.docx"),
            essay("åsa.pdf"),
            essay("../../etc/passwd"),
            essay(None),
            essay("failed.txt", corrected=None),
        ]
    }

    assert [name for name, _ in essays_by_name(results)] == ["Åsa.txt", "åsa (2).txt", "passwd.txt", "e1.txt"]


def test_corrected_texts_never_replace_other_texts(tmp_path: Path) -> None:
    (tmp_path / "b.txt").write_text("I beleive.")
    texts = {"a.txt": "Åh.", "b.txt": "I believe."}

    with pytest.raises(JobFailed, match=r"b\.txt in .* would be overwritten"):
        write_texts(tmp_path, texts)
    assert not (tmp_path / "a.txt").exists()

    for _ in range(2):  # the same texts again lose nothing
        write_texts(tmp_path / "new/folder", texts)
    assert (tmp_path / "new/folder/a.txt").read_text(encoding="utf-8") == "Åh."


@pytest.mark.parametrize(
    ("detected", "other"),
    [(["sv", "sv", "en"], "sv"), (["sv", "en", "en"], None), (["und", "und"], None), ([], None)],
)
def test_most_essays_in_another_language_are_noticed(detected: list[str], other: str | None) -> None:
    results = {"language": "en", "essays": [essay("x", language=language) for language in detected]}

    assert other_language(results) == other


def test_a_status_is_shown_as_steps() -> None:
    status = {
        "progress": {
            "content": {"provisioned": 8, "failed": 2, "expected": 10},
            "phases": [{"phase": "spellcheck", "succeeded": 3, "failed": 1, "total": 8}],
        }
    }

    assert [(step.name, step.done, step.failed, step.total) for step in steps(status)] == [
        ("content", 8, 2, 10),
        ("spellcheck", 3, 1, 8),
    ]


def test_a_note_of_a_process_that_is_gone_counts_for_nothing(tmp_path: Path) -> None:
    write(tmp_path, RunningPlatform(pid=2**22 + 1, dsn="postgresql://", addresses={}))
    assert read(tmp_path) is None


def test_only_whoever_wrote_the_note_removes_it(tmp_path: Path) -> None:
    write(tmp_path, RunningPlatform(pid=1, dsn="postgresql://", addresses={}))

    remove(tmp_path)

    assert read(tmp_path) is not None


def test_a_service_is_found_by_its_short_name_too() -> None:
    assert definition("nlp").name == definition("nlp_service").name == "nlp_service"
    with pytest.raises(UnknownService, match="There are: content_service"):
        definition("nonsense")
