"""What the tests of a whole platform need: a folder for its data, essays, and its end."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.victim import ESSAYS, Victim


@pytest.fixture
def data_dir(tmp_path: Path, lexicons: Path) -> Path:
    """A data folder that has its lexicons already."""
    (tmp_path / "lexicons").symlink_to(lexicons)
    return tmp_path


@pytest.fixture
def essays(tmp_path: Path) -> list[Path]:
    """A class's files."""
    folder = tmp_path / "essays"
    folder.mkdir()
    files = [folder / f"essay {number:02}.txt" for number in range(ESSAYS)]
    for number, path in enumerate(files):
        path.write_text(f"This is essay number {number}. It is long enough to be taken for an essay by anybody.")
    return files


@pytest.fixture
def victims() -> Iterator[list[Victim]]:
    """Whatever is started is ended."""
    started: list[Victim] = []
    yield started
    for victim in started:
        victim.kill()
