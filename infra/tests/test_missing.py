"""A machine that lacks something is told what and from which package; tests are left out, or fail where required."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra import rings
from infra.errors import Missing
from infra.jars import java, kafka_jars
from infra.kafka import KafkaBroker
from infra.redis import RedisServer


@pytest.fixture(autouse=True)
def bare_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One with no program at all but those that a test puts into this folder."""
    programs = tmp_path / "bin"
    programs.mkdir()
    monkeypatch.setenv("PATH", str(programs))
    return programs


def test_a_machine_without_java_is_told_its_package(tmp_path: Path) -> None:
    with pytest.raises(Missing, match="default-jre-headless"):
        KafkaBroker(tmp_path).start()


def test_an_old_java_does_not_do(bare_machine: Path) -> None:
    old = bare_machine / "java"
    old.write_text("#!/bin/sh\necho 'openjdk version \"11.0.2\" 2019-01-15' >&2\n")
    old.chmod(0o755)

    with pytest.raises(Missing, match=r"11\.0\.2"):
        java()


def test_a_machine_without_maven_is_told_its_package(tmp_path: Path) -> None:
    with pytest.raises(Missing, match="apt-get install maven"):
        kafka_jars(kept=tmp_path / "jars")


def test_a_fetch_that_fails_keeps_no_half_and_shows_why(bare_machine: Path, tmp_path: Path) -> None:
    maven = bare_machine / "mvn"
    maven.write_text("#!/bin/sh\necho 'no route to the repository'; exit 1\n")
    maven.chmod(0o755)

    with pytest.raises(Missing, match="no route to the repository"):
        kafka_jars(kept=tmp_path / "jars")
    assert list((tmp_path / "jars").iterdir()) == []


@pytest.mark.parametrize(("required", "outcome"), [("", pytest.skip.Exception), ("1", pytest.fail.Exception)])
def test_a_missing_server_leaves_its_tests_out_or_fails_them_where_all_are_required(
    required: str, outcome: type[BaseException], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HULEEDU_REQUIRE_RINGS", required)
    monkeypatch.setattr(rings, "left_out", {})

    with pytest.raises(outcome, match="apt-get install redis-server"), rings.ring(RedisServer(tmp_path)):
        pass
