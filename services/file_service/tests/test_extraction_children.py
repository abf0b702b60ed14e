"""A file can crash, hang or fill its process, and no other file notices."""

import asyncio
import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from file_service.domain.failures import ContentTooLong, FileTooLarge, TextExtractionFailed, UnsupportedFileType
from file_service.extraction.extractor import Extractor
from file_service.extraction.limits import Limits
from file_service.extraction.reading_process import ReadingProcessDidNotStart

OBEY = f"{__package__}.extraction_readers:obey"
linux_only = pytest.mark.skipif(sys.platform != "linux", reason="this limit exists on Linux only")


def extractor(limits: Limits | None = None, children: int = 1) -> Extractor:
    return Extractor(children, limits, OBEY)


async def do(reading: Extractor, order: str) -> str:
    return (await reading.extract(order.encode(), "essay.txt")).text


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    """A named pipe over which a hanging child says who it is."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    return path


async def test_a_child_reads_many_files() -> None:
    async with extractor() as reading:
        assert await do(reading, "be_quiet") == await do(reading, "be_quiet")


async def test_files_are_read_by_as_many_children_as_wished() -> None:
    async with extractor(children=2) as reading:
        assert len(set(await asyncio.gather(*(do(reading, "be_quiet") for _ in range(6))))) == 2


@pytest.mark.parametrize(
    ("order", "limits"),
    [
        ("die", Limits()),
        ("hang", Limits(wall_seconds=0.2)),
        pytest.param("fill_memory", Limits(), marks=linux_only),
        ("write_file out", Limits()),
    ],
)
async def test_a_file_that_harms_its_process_fails_alone(order: str, limits: Limits, tmp_path: Path) -> None:
    async with extractor(limits) as reading:
        with pytest.raises(TextExtractionFailed) as failure:
            await do(reading, order.replace("out", str(tmp_path / "out")))

        assert failure.value.reason
        assert await do(reading, "be_quiet")


async def test_a_child_killed_in_the_middle_costs_one_file(pipe: Path) -> None:
    async with extractor() as reading:
        hanging = asyncio.create_task(do(reading, f"hang {pipe}"))
        os.kill(int(await asyncio.to_thread(pipe.read_text)), signal.SIGKILL)

        with pytest.raises(TextExtractionFailed):
            await hanging
        assert await do(reading, "be_quiet")


async def test_a_file_does_not_pay_for_what_the_one_before_it_left_behind() -> None:
    async with extractor() as reading:
        first = await do(reading, "be_quiet")
        os.kill(int(first), signal.SIGKILL)

        assert await do(reading, "be_quiet") != first


async def test_a_harmful_file_is_found_out_in_a_child_that_has_read_others_too() -> None:
    async with extractor() as reading:
        await do(reading, "be_quiet")
        with pytest.raises(TextExtractionFailed):
            await do(reading, "die")


async def test_a_file_that_burns_its_seconds_of_cpu_is_not_tried_again() -> None:
    async with extractor(Limits(cpu_seconds=1)) as reading:
        await do(reading, "be_quiet")
        with pytest.raises(TextExtractionFailed) as failure:
            await do(reading, "burn 60")

    assert failure.value.reason == "no answer within 1 s of CPU time"


async def test_each_file_has_its_own_seconds_of_cpu() -> None:
    async with extractor(Limits(cpu_seconds=2)) as reading:
        await do(reading, "burn 1.1")

        assert float(await do(reading, "cpu_left")) >= 2


async def test_a_child_is_replaced_after_some_files() -> None:
    async with extractor(Limits(files_per_child=2)) as reading:
        first, second, third = [await do(reading, "be_quiet") for _ in range(3)]

    assert first == second != third


async def test_who_stops_waiting_ends_the_child_and_frees_the_seat(pipe: Path) -> None:
    async with extractor() as reading:
        hanging = asyncio.create_task(do(reading, f"hang {pipe}"))
        child = int(await asyncio.to_thread(pipe.read_text))
        hanging.cancel()

        assert await do(reading, "be_quiet")
        assert hanging.cancelled()
        with pytest.raises(ProcessLookupError):
            os.kill(child, 0)


async def test_libraries_that_print_do_not_garble_the_answer() -> None:
    async with extractor() as reading:
        assert (await do(reading, "chatter")).isdigit()


async def test_a_refusal_arrives_as_it_was_raised() -> None:
    async with extractor() as reading:
        with pytest.raises(ContentTooLong, match=r"Far too long\.") as refusal:
            await do(reading, "refuse")

    assert refusal.value.reason == "because"


async def test_a_child_does_not_see_the_secrets_of_its_parent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HULEEDU_OPERATOR_TOKEN", "secret")
    async with extractor() as reading:
        assert "HULEEDU_OPERATOR_TOKEN" not in (await do(reading, "environment")).split()


async def test_an_interrupt_at_the_terminal_does_not_reach_a_child() -> None:
    async with extractor() as reading:
        assert await do(reading, "session") == await do(reading, "be_quiet")


async def test_a_reader_that_cannot_be_found_is_not_the_files_fault() -> None:
    async with Extractor(1, reader="file_service.no_such_module:read") as reading:
        with pytest.raises(ReadingProcessDidNotStart):
            await reading.extract(b"essay", "essay.txt")


async def test_a_large_file_is_not_read_at_all() -> None:
    async with extractor(Limits(most_bytes=10)) as reading:
        with pytest.raises(FileTooLarge, match="MB"):
            await reading.extract(b"x" * 11, "essay.txt")


async def test_the_temporary_file_of_an_open_document_is_not_an_essay() -> None:
    async with extractor() as reading:
        with pytest.raises(UnsupportedFileType, match="Word"):
            await reading.extract(b"be_quiet", "~$say.docx")


PARENT = """
import asyncio, sys
from file_service.extraction.extractor import Extractor
asyncio.run(Extractor(1, reader=sys.argv[1]).extract(sys.argv[2].encode(), "essay.txt"))
"""


@linux_only
def test_a_busy_child_dies_with_its_parent(pipe: Path) -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT, OBEY, f"hang {pipe}"])
    child = os.pidfd_open(int(pipe.read_text()))
    parent.kill()
    parent.wait()

    try:
        assert select.select([child], [], [], 10)[0], "the child is still there"
    finally:
        os.close(child)
