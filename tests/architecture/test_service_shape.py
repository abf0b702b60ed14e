"""Who knows one service finds their way in each: they are all of one shape."""

from __future__ import annotations

from pathlib import Path

import pytest

from .source import SERVICE_FOLDERS

EVERY_SERVICE = frozenset(
    ["README.md", "api", "app.py", "config.py", "di.py", "implementations", "protocols.py", "startup_setup.py", "tests"]
)
WITH_DATABASE = frozenset({"alembic", "models_db.py"})
WITHOUT_DATABASE = frozenset({"batch_conductor_service", "content_service"})
LONGEST_ENTRY_POINT = 50  # lines, by the mission


def missing_parts(service: Path) -> set[str]:
    """The files and folders that a service lacks."""
    wanted = EVERY_SERVICE if service.name in WITHOUT_DATABASE else EVERY_SERVICE | WITH_DATABASE
    return {part for part in wanted if not (service / part).exists()}


@pytest.mark.parametrize("service", SERVICE_FOLDERS, ids=lambda folder: folder.name)
def test_a_service_has_the_parts_that_every_service_has(service: Path) -> None:
    assert missing_parts(service) == set()
    assert len((service / "app.py").read_text(encoding="utf-8").splitlines()) < LONGEST_ENTRY_POINT


def test_a_missing_part_is_caught(tmp_path: Path) -> None:
    for part in EVERY_SERVICE - {"di.py"}:
        (tmp_path / part).touch()

    assert missing_parts(tmp_path) == {"di.py"} | WITH_DATABASE
